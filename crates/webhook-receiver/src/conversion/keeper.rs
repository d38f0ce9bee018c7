//! Keeps certificates and definitions as they have to be.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use controller_runtime::Awaited;
use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::Secret;
use rustls::ServerConfig;
use rustls::pki_types::ServerName;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::bundle::Bundle;
use super::cluster::{CallError, Cluster, News, SECRET, version};
use super::decide::{Known, next};
use super::definition::{Convertible, Definition, Verdict, judge};
use super::endpoint::Endpoint;
use super::pace::Paces;

/// How often the certificates are looked at where nothing changes.
const AT_LEAST: Duration = Duration::from_secs(3600);
/// How often they are looked at at most while they are being replaced, however short the delay.
const AT_MOST: Duration = Duration::from_millis(100);

/// What a keeper works with.
pub(super) struct Setting {
    /// The API server.
    pub(super) cluster: Cluster,
    /// The kinds that are converted.
    pub(super) kinds: Vec<Convertible>,
    /// Where API servers find us.
    pub(super) endpoint: Endpoint,
    /// The name that certificates have to hold.
    pub(super) name: ServerName<'static>,
    /// How long a change has to stand before the next one.
    pub(super) delay: Duration,
    /// Where the server takes its certificate from.
    pub(super) serving: watch::Sender<Option<Arc<ServerConfig>>>,
    /// Met once there is a certificate.
    pub(super) awaited: Awaited,
}

/// Keeps the certificates of the Secret fresh, the definitions pointed at the endpoint, and the server in possession of what
/// the Secret holds, until `shutdown` is cancelled.
pub(super) async fn keep(setting: Setting, shutdown: CancellationToken) {
    let mut news = pin!(setting.cluster.news(&setting.kinds));
    let mut keeper = Keeper {
        setting,
        looked: false,
        secret: None,
        stored: None,
        held: None,
        definitions: BTreeMap::new(),
        paces: Paces::default(),
        damaged: None,
        foreign: BTreeSet::new(),
    };
    let keeping = async {
        loop {
            let pause = Box::pin(keeper.look()).await;
            tokio::select! {
                Some(news) = news.next() => keeper.take(news),
                () = sleep(pause) => {}
            }
        }
    };
    shutdown.run_until_cancelled(keeping).await;
}

struct Keeper {
    setting: Setting,
    /// Whether the Secret was looked for.
    looked: bool,
    /// The Secret as it was seen last; none where there is none.
    secret: Option<Secret>,
    /// What that holds, where it can be served.
    stored: Option<Bundle>,
    /// What was last served.
    held: Option<Bundle>,
    /// The definitions as they were seen last, by name; none where there is none.
    definitions: BTreeMap<String, Option<Definition>>,
    paces: Paces,
    /// The version of the Secret whose damage was logged.
    damaged: Option<String>,
    /// The definitions that are left alone and were logged as such.
    foreign: BTreeSet<String>,
}

impl Keeper {
    fn take(&mut self, news: News) {
        match news {
            News::Secret(secret) => self.take_secret(secret),
            News::Definition(name, definition) => drop(self.definitions.insert(name, definition)),
        }
    }

    fn take_secret(&mut self, secret: Option<Secret>) {
        (self.looked, self.secret) = (true, secret);
        self.read();
    }

    /// Takes from the Secret what can be served.
    fn read(&mut self) {
        let Some(secret) = &self.secret else {
            self.stored = None;
            return;
        };
        match Bundle::read(secret, &self.setting.name, SystemTime::now()) {
            Ok(bundle) => {
                self.serve(&bundle);
                self.stored = Some(bundle);
            }
            Err(defect) => {
                self.stored = None;
                let version = version(secret);
                if self.damaged != version {
                    self.damaged = version;
                    tracing::warn!("the certificates of the conversion are made anew: {defect}");
                }
            }
        }
    }

    fn serve(&mut self, bundle: &Bundle) {
        let known = self.held.as_ref().map(Bundle::authorities);
        if known.is_some_and(|known| known != bundle.authorities()) {
            // Nobody has undone what was written: something else is to be written now.
            self.paces.anew_but_for(SECRET);
        }
        let same = self
            .held
            .as_ref()
            .is_some_and(|held| held.current == bundle.current);
        if !same {
            match bundle.current.server_config() {
                Ok(config) => drop(self.setting.serving.send_replace(Some(config))),
                Err(defect) => tracing::error!("the certificate cannot be served: {defect}"),
            }
            tracing::info!("a new certificate of the conversion is served");
            self.setting.awaited.met();
        }
        self.held = Some(bundle.clone());
    }

    /// Does what is due; returns how long nothing will be, unless something changes.
    async fn look(&mut self) -> Duration {
        // What was fine when it was read may have expired.
        self.read();
        let mut pause = AT_LEAST;
        if self.looked {
            pause = pause.min(self.keep_certificates().await);
        }
        pause.min(self.keep_definitions().await)
    }

    async fn keep_certificates(&mut self) -> Duration {
        let known = Known {
            stored: self.stored.as_ref(),
            held: self.held.as_ref(),
            announced: self.announced(),
            name: &self.setting.name,
            delay: self.setting.delay,
        };
        let wanted = match next(known, SystemTime::now()) {
            Ok(Some(wanted)) => wanted,
            Ok(None) => return self.until_next_step(),
            Err(error) => {
                tracing::error!("a certificate of the conversion cannot be made: {error}");
                return AT_LEAST;
            }
        };
        let left = self.paces.left(SECRET);
        if !left.is_zero() {
            return left;
        }
        if self.stored.is_none() {
            self.paces.written(SECRET);
        }
        let seen = self.secret.as_ref();
        let stored = self.setting.cluster.store(seen, &wanted).await;
        match stored {
            Ok(secret) => {
                tracing::info!("the Secret of the conversion has new certificates");
                self.take_secret(Some(secret));
                Duration::ZERO
            }
            Err(error) => self.failed(SECRET, &error),
        }
    }

    /// How long the certificates stay as they are.
    fn until_next_step(&self) -> Duration {
        let under_way = |bundle: &Bundle| bundle.next.is_some() || bundle.retired.is_some();
        match &self.stored {
            Some(stored) if under_way(stored) => self.setting.delay.clamp(AT_MOST, AT_LEAST),
            Some(_) | None => AT_LEAST,
        }
    }

    /// Whether every definition that asks us trusts whom it is to trust.
    fn announced(&self) -> bool {
        let Some(stored) = &self.stored else {
            return false;
        };
        let authorities = stored.authorities();
        let mut kinds = self.setting.kinds.iter();
        kinds.all(|kind| match self.definitions.get(kind.name) {
            Some(Some(found)) => {
                !matches!(self.judge(found, kind, &authorities), Verdict::Patch(_))
            }
            Some(None) => true,
            None => false,
        })
    }

    fn judge(&self, definition: &Definition, kind: &Convertible, authorities: &str) -> Verdict {
        judge(definition, kind, &self.setting.endpoint, authorities)
    }

    async fn keep_definitions(&mut self) -> Duration {
        let Some(stored) = &self.stored else {
            return AT_LEAST;
        };
        let authorities = stored.authorities();
        let mut pause = AT_LEAST;
        for kind in self.setting.kinds.clone() {
            let Some(Some(found)) = self.definitions.get(kind.name) else {
                continue;
            };
            match self.judge(found, &kind, &authorities) {
                Verdict::Done => {}
                Verdict::Foreign => self.tell_foreign(kind.name),
                Verdict::Patch(patch) => {
                    pause = pause.min(self.point(kind.name, &patch).await);
                }
            }
        }
        pause
    }

    fn tell_foreign(&mut self, name: &str) {
        if self.foreign.insert(name.to_owned()) {
            tracing::info!("{name} is left alone: somebody else converts it, or it is Flux's own");
        }
    }

    /// Points a definition at us.
    async fn point(&mut self, name: &str, patch: &serde_json::Value) -> Duration {
        let left = self.paces.left(name);
        if !left.is_zero() {
            return left;
        }
        match self.is_fresh().await {
            Ok(true) => {}
            Ok(false) => return Duration::ZERO,
            Err(error) => return self.failed(name, &error),
        }
        self.paces.written(name);
        match self.setting.cluster.patch(name, patch).await {
            Ok(definition) => {
                tracing::info!("{name} is pointed at the conversion");
                self.definitions.insert(name.to_owned(), Some(definition));
                // What is announced may be used.
                Duration::ZERO
            }
            Err(error) => self.failed(name, &error),
        }
    }

    /// Whether the Secret is still what it was when it was seen last; what it is now is taken in otherwise. A replica that is
    /// late would announce authorities that are gone.
    async fn is_fresh(&mut self) -> Result<bool, CallError> {
        let secret = self.setting.cluster.secret().await?;
        let seen = self.secret.as_ref();
        let fresh = secret.as_ref().and_then(version) == seen.and_then(version);
        if !fresh {
            self.take_secret(secret);
        }
        Ok(fresh)
    }

    /// Logs a failure; returns how long to wait until it is tried again.
    fn failed(&mut self, what: &str, error: &CallError) -> Duration {
        if self.paces.left(what).is_zero() {
            self.paces.written(what);
        }
        let pause = self.paces.left(what);
        match error {
            // The watch tells what is there now.
            CallError::Outrun { .. } => tracing::debug!("{error}"),
            CallError::Api { .. } | CallError::Deadline { .. } => {
                tracing::error!("the conversion goes on in {pause:.1?}: {error}");
            }
        }
        pause
    }
}
