//! The flags that all controllers share, with Flux's names, defaults and ways of writing them.
//!
//! A Deployment made for Flux's controllers starts ours with the same arguments: flags may be repeated (the last one
//! counts), flags that are true or false may stand alone, and flags that mean nothing here are accepted and warned about.

mod address;
pub mod flag;
mod gates;
mod legacy;
mod selector;
mod ssh;

use api::Duration;
use clap::ArgAction::{Append, Set};
use url::Url;

pub use self::address::{AddressError, ListenAddress};
pub use self::gates::{Gate, GateError};
pub use self::legacy::LegacyArgs;
pub use self::ssh::SshArgs;

/// The flags that every controller takes; flatten them into its own.
///
/// Go's forms are read: durations such as `1m30s`, and `--flag`, `--flag=true` or `--flag=false` for what is on or off.
#[derive(Clone, Debug, clap::Args)]
#[command(args_override_self = true)]
// The struct that this one is flattened into may have the same name.
#[group(skip)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags of a command line, each with a meaning of its own"
)]
pub struct Args {
    /// Where /metrics is served: HOST:PORT, :PORT, or 0 for nowhere.
    #[arg(long, value_name = "ADDRESS", default_value = ":8080")]
    pub metrics_addr: ListenAddress,
    /// Where /healthz and /readyz are served: HOST:PORT, :PORT, or 0 for nowhere.
    #[arg(long, value_name = "ADDRESS", default_value = ":9440")]
    pub health_addr: ListenAddress,
    /// URL of the notification-controller that events are sent to; none when empty.
    #[arg(long, value_name = "URL", default_value = "")]
    pub events_addr: String,
    /// How many objects of a kind are reconciled at once.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    pub concurrent: u16,
    /// Accepted and without effect: the API server's own priority and fairness limits requests.
    #[arg(long, value_name = "N", default_value_t = 50.0)]
    pub kube_api_qps: f32,
    /// Accepted and without effect: the API server's own priority and fairness limits requests.
    #[arg(long, value_name = "N", default_value_t = 300)]
    pub kube_api_burst: i64,
    /// How much is logged; RUST_LOG, where it is set, decides instead.
    #[arg(long, value_name = "LEVEL", value_enum, default_value = "info")]
    pub log_level: LogLevel,
    /// How a line of the log is written.
    #[arg(long, value_name = "ENCODING", value_enum, default_value = "json")]
    pub log_encoding: LogEncoding,
    /// Work only while holding a Lease, so that of several instances one works.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, action = Set,
        default_value = "false", default_missing_value = "true", value_parser = flag::parse)]
    pub enable_leader_election: bool,
    /// Give the Lease up when the process is asked to end, so that another instance takes over at once.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, action = Set,
        default_value = "true", default_missing_value = "true", value_parser = flag::parse)]
    pub leader_election_release_on_cancel: bool,
    /// How long other instances wait after the last renewal before they take over.
    #[arg(long, value_name = "DURATION", default_value = "35s")]
    pub leader_election_lease_duration: Duration,
    /// How long the leader works on after its last renewal.
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    pub leader_election_renew_deadline: Duration,
    /// How often the Lease is renewed, or asked for.
    #[arg(long, value_name = "DURATION", default_value = "5s")]
    pub leader_election_retry_period: Duration,
    /// Refuse references to objects of other namespaces.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, action = Set,
        default_value = "false", default_missing_value = "true", value_parser = flag::parse)]
    pub no_cross_namespace_refs: bool,
    /// How long a failed object waits at first; each further failure doubles it.
    #[arg(long, value_name = "DURATION", default_value = "750ms")]
    pub min_retry_delay: Duration,
    /// How long a failed object waits at most.
    #[arg(long, value_name = "DURATION", default_value = "15m")]
    pub max_retry_delay: Duration,
    /// Features to turn on or off, NAME=true or NAME=false, separated by commas.
    #[arg(long, value_name = "NAME=BOOL", value_delimiter = ',', action = Append)]
    pub feature_gates: Vec<String>,
    /// Watch all namespaces; else only that of RUNTIME_NAMESPACE.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, action = Set,
        default_value = "true", default_missing_value = "true", value_parser = flag::parse)]
    pub watch_all_namespaces: bool,
    /// Watch only objects whose labels match, as in sharding.fluxcd.io/key=shard1.
    #[arg(long, value_name = "SELECTOR", default_value = "")]
    pub watch_label_selector: String,
    /// Which Secrets are watched, so that their changes count at once.
    #[arg(
        long,
        value_name = "SELECTOR",
        default_value = "reconcile.fluxcd.io/watch=Enabled"
    )]
    pub watch_configs_label_selector: String,
    /// How many tokens of cloud identities are kept; 0 keeps none.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub token_cache_max_size: u32,
    /// How long a token of a cloud identity is kept at most.
    #[arg(long, value_name = "DURATION", default_value = "1h")]
    pub token_cache_max_duration: Duration,
    /// ServiceAccount for the cloud identity of objects that name none; needs the gate ObjectLevelWorkloadIdentity.
    #[arg(long, value_name = "NAME", default_value = "")]
    pub default_service_account: String,
    /// How long an object waits before it looks again for another one that it depends on.
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    pub requeue_dependency: Duration,
    /// Base URL of an OpenTelemetry collector that takes traces over HTTP; none when empty.
    #[arg(
        long,
        value_name = "URL",
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        hide_env_values = true,
        default_value = ""
    )]
    pub otlp_endpoint: String,
    /// Namespace of the controller: of its Lease, and the one watched with --watch-all-namespaces=false.
    #[arg(
        long,
        value_name = "NAMESPACE",
        env = "RUNTIME_NAMESPACE",
        default_value = "",
        hide = true
    )]
    pub runtime_namespace: String,
    /// What Flux's controllers take or took, and these do not need.
    #[command(flatten)]
    pub legacy: LegacyArgs,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogLevel {
    /// Every step, those of the libraries included.
    Trace,
    /// What explains a decision.
    Debug,
    /// What was done.
    Info,
    /// What failed.
    Error,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogEncoding {
    /// One JSON object per line.
    Json,
    /// Columns for the eye.
    Console,
}

impl Args {
    /// Whether `gate` is on.
    pub fn enabled(&self, gate: Gate) -> bool {
        gates::parse(&self.feature_gates).is_ok_and(|gates| gates.get(&gate) == Some(&true))
    }

    /// The ServiceAccount of objects that name none.
    pub fn default_service_account(&self) -> Option<&str> {
        Some(self.default_service_account.as_str()).filter(|name| !name.is_empty())
    }

    /// The flags about identities at clouds, for `make`: the default ServiceAccount, whether objects may name one, and how many
    /// tokens are kept for how long.
    pub fn identities<S>(
        &self,
        make: impl FnOnce(Option<&str>, bool, (u32, std::time::Duration)) -> S,
    ) -> S {
        make(
            self.default_service_account(),
            self.enabled(Gate::ObjectLevelWorkloadIdentity),
            (
                self.token_cache_max_size,
                self.token_cache_max_duration.to_std(),
            ),
        )
    }

    /// Where events are sent to, besides the API server; none where no address is given.
    pub(crate) fn events_address(&self) -> Result<Option<Url>, ArgsError> {
        let address = Some(self.events_addr.as_str()).filter(|address| !address.is_empty());
        let url = address.map(|address| match Url::parse(address) {
            Ok(url) if url.has_host() && matches!(url.scheme(), "http" | "https") => Ok(url),
            Ok(_) | Err(_) => Err(ArgsError::EventsAddress),
        });
        url.transpose()
    }

    /// Says what contradicts itself or is no longer there.
    pub(crate) fn check(&self) -> Result<(), ArgsError> {
        gates::parse(&self.feature_gates).map_err(ArgsError::FeatureGates)?;
        if self.default_service_account().is_some()
            && !self.enabled(Gate::ObjectLevelWorkloadIdentity)
        {
            return Err(ArgsError::DefaultServiceAccount);
        }
        if !self.watch_all_namespaces && self.runtime_namespace.is_empty() {
            return Err(ArgsError::RuntimeNamespace);
        }
        self.check_selectors()?;
        self.events_address()?;
        self.legacy.check()
    }

    /// The keys of the labels that `--watch-label-selector` speaks of: what one controller makes for another has to carry
    /// them, too, or the other would not see it.
    pub fn watched_labels(&self) -> Vec<String> {
        selector::keys(&self.watch_label_selector)
    }

    fn check_selectors(&self) -> Result<(), ArgsError> {
        let flags = [
            ("watch-label-selector", &self.watch_label_selector),
            (
                "watch-configs-label-selector",
                &self.watch_configs_label_selector,
            ),
        ];
        let malformed = flags
            .into_iter()
            .find(|(_, selector)| !selector::is_selector(selector));
        malformed.map_or(Ok(()), |(flag, selector)| {
            let selector = selector.clone();
            Err(ArgsError::Selector { flag, selector })
        })
    }

    /// What was asked for and has no effect, one sentence each.
    pub(crate) fn without_effect(&self) -> Vec<String> {
        let gates = gates::parse(&self.feature_gates).unwrap_or_default();
        let on = gates.into_iter().filter(|(_, on)| *on);
        on.filter_map(|(gate, _)| gate.without_effect())
            .map(str::to_owned)
            .chain(self.legacy.without_effect())
            .collect()
    }
}

/// Why the flags cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ArgsError {
    /// A feature gate is unknown or malformed.
    #[error("unable to load feature gates: {0}")]
    FeatureGates(GateError),
    /// The default ServiceAccount would never be used.
    #[error(
        "invalid configuration: cannot set default service accounts when the feature gate \
         ObjectLevelWorkloadIdentity is not enabled"
    )]
    DefaultServiceAccount,
    /// One namespace is to be watched, and none is named.
    #[error(
        "--watch-all-namespaces=false: expected the environment variable RUNTIME_NAMESPACE to name the namespace to watch"
    )]
    RuntimeNamespace,
    /// The API server would refuse every watch.
    #[error(
        "--{flag}: expected a label selector such as sharding.fluxcd.io/key=shard1, found '{selector}'"
    )]
    Selector {
        /// The flag.
        flag: &'static str,
        /// Its value.
        selector: String,
    },
    /// Events could not be sent. The address may hold a password and is not shown.
    #[error(
        "--events-addr: expected a URL such as http://notification-controller.flux-system.svc.cluster.local./"
    )]
    EventsAddress,
    /// A flag that is no more.
    #[error(
        "--{flag} is no longer supported: set spec.provider to {provider} on each ImageRepository instead"
    )]
    Autologin {
        /// The flag.
        flag: &'static str,
        /// The value of `spec.provider` that replaces it.
        provider: &'static str,
    },
}

#[cfg(test)]
mod tests;
