use std::path::PathBuf;

use api::Duration;
use clap::ArgAction::Set;
use clap::Parser;
use controller_runtime::args::{ListenAddress, flag};

use crate::conversion::ConversionArgs;
use crate::hooks::{HookOptions, TlsFiles};

/// Serves webhooks, and the conversion of older API versions.
#[derive(Clone, Debug, Parser)]
#[command(name = "webhook-receiver", version)]
pub struct Args {
    /// What all controllers take.
    #[command(flatten)]
    pub common: controller_runtime::Args,
    /// Where hooks are served: HOST:PORT, :PORT, or 0 for nowhere.
    #[arg(long = "receiverAddr", value_name = "ADDRESS", default_value = ":9292")]
    pub receiver_addr: ListenAddress,
    /// Who writes the status of Receivers: this controller, or one of Flux that runs beside it.
    #[arg(long, value_name = "MODE", value_enum, default_value = "own")]
    pub receiver_status: ReceiverStatus,
    /// Certificate chain of the server of hooks, in PEM; HTTP without it. Read again when the file changes.
    #[arg(long, value_name = "FILE", requires = "tls_key_file")]
    pub tls_cert_file: Option<PathBuf>,
    /// Private key of that certificate, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert_file")]
    pub tls_key_file: Option<PathBuf>,
    /// Label the metrics of requests with their whole path, which tells the paths of Receivers to who reads metrics.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, action = Set,
        default_value = "false", default_missing_value = "true", value_parser = flag::parse)]
    pub export_http_path_metrics: bool,
    /// The conversion of older API versions.
    #[command(flatten)]
    pub conversion: ConversionArgs,
    /// Of Flux, for events that it sends on; these are none of this controller's.
    #[arg(long, value_name = "DURATION", hide = true)]
    rate_limit_interval: Option<Duration>,
}

/// Who writes the status of Receivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ReceiverStatus {
    /// This controller: it makes the paths, and tells of them in status and Events.
    Own,
    /// Flux's notification-controller: hooks are served at the paths that it has made, and nothing of a Receiver is written.
    Observe,
}

impl Args {
    /// The flags of all controllers as they count here: Events about Receivers go to the API server alone, as with Flux, and
    /// who writes no status needs no lease.
    pub(crate) fn effective(&self) -> controller_runtime::Args {
        let mut common = self.common.clone();
        common.events_addr.clear();
        common.enable_leader_election &= self.receiver_status == ReceiverStatus::Own;
        common
    }

    /// What the flags say about hooks.
    pub(crate) fn hooks(&self) -> HookOptions {
        let files = self.tls_cert_file.clone().zip(self.tls_key_file.clone());
        HookOptions {
            no_cross_namespace_refs: self.common.no_cross_namespace_refs,
            export_http_path_metrics: self.export_http_path_metrics,
            tls: files.map(|(certificate, key)| TlsFiles { certificate, key }),
        }
    }

    /// What was asked for and has no effect, one sentence each.
    pub(crate) fn without_effect(&self) -> Vec<&'static str> {
        let observes = self.receiver_status == ReceiverStatus::Observe;
        [
            (
                !self.common.events_addr.is_empty(),
                "--events-addr has no effect: events about Receivers are Kubernetes Events alone",
            ),
            (
                self.rate_limit_interval.is_some(),
                "--rate-limit-interval has no effect: no events are sent on here",
            ),
            (
                observes && self.common.enable_leader_election,
                "--enable-leader-election has no effect: with --receiver-status=observe nothing is written that needs a lease",
            ),
        ]
        .into_iter()
        .filter(|(given, _)| *given)
        .map(|(_, notice)| notice)
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Args, clap::Error> {
        Args::try_parse_from(std::iter::once("webhook-receiver").chain(args.iter().copied()))
    }

    #[test]
    fn a_deployment_of_flux_starts_with_the_same_arguments() {
        let args = parse(&[
            "--watch-all-namespaces=true",
            "--log-level=info",
            "--log-encoding=json",
            "--enable-leader-election",
            "--receiverAddr=:9999",
            "--events-addr=:9090",
            "--rate-limit-interval=5m",
            "--export-http-path-metrics",
            "--feature-gates=CacheSecretsAndConfigMaps=true,DisableConfigWatchers=true,ObjectLevelWorkloadIdentity=true",
        ])
        .unwrap();
        assert_eq!(args.receiver_addr.to_string(), ":9999");
        assert!(args.export_http_path_metrics);
        assert_eq!(args.without_effect().len(), 2);
        let common = args.effective();
        assert!(common.enable_leader_election);
        assert_eq!(common.events_addr, "");
    }

    #[test]
    fn defaults_are_those_of_flux_and_the_conversion_is_on() {
        let args = parse(&[]).unwrap();
        assert_eq!(args.receiver_addr.to_string(), ":9292");
        assert_eq!(args.receiver_status, ReceiverStatus::Own);
        assert!(args.conversion.conversion && !args.export_http_path_metrics);
        assert!(args.tls_cert_file.is_none());
        assert!(args.without_effect().is_empty());
    }

    #[test]
    fn who_observes_needs_no_lease() {
        let args = parse(&["--receiver-status=observe", "--enable-leader-election"]).unwrap();
        assert!(!args.effective().enable_leader_election);
        assert_eq!(args.without_effect().len(), 1);
    }

    #[test]
    fn half_a_certificate_is_refused() {
        for (args, whole) in [
            (&["--tls-cert-file=a"][..], false),
            (&["--tls-key-file=a"][..], false),
            (&["--tls-cert-file=a", "--tls-key-file=b"][..], true),
            (&["--receiver-status=write"][..], false),
        ] {
            assert_eq!(parse(args).is_ok(), whole, "{args:?}");
        }
    }
}
