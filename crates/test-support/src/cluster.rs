//! A cluster for tests: shared by all test processes of a run, with a namespace for each test.
//!
//! ```no_run
//! # async fn example() {
//! use test_support::cluster::{Cluster, ControllerProcess, eventually};
//!
//! let cluster = Cluster::shared().await;
//! let namespace = cluster.namespace().await;
//! let mut scanner = ControllerProcess::start(&cluster, namespace.name(), "registry-scanner", Default::default()).await;
//! scanner.ready().await;
//! namespace.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n").await;
//! let answer = eventually("the answer", async || Some(42)).await;
//! # }
//! ```

mod admission;
mod apply;
mod controller;
mod namespace;
mod probe;
mod roles;

use std::path::{Path, PathBuf};
use std::time::Duration;

use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::PostParams;
use kube::config::Kubeconfig;
use kube::core::DynamicObject;
use kube::{Api, Client, Config};
use tokio::sync::OnceCell;
use tokio::time::Instant;

pub use self::controller::{ControllerOptions, ControllerProcess};
pub use self::namespace::TestNamespace;
pub use self::roles::Scope;

use crate::control_plane::standing::{Hold, Place};
use crate::control_plane::{access, crds};

/// The variable that names the kubeconfig of a cluster to test on, instead of a control plane of our own.
const KUBECONFIG: &str = "REPIN_TEST_KUBECONFIG";
/// Tests touch only a cluster that has this namespace.
const PERMISSION: &str = "repin-test-ok";
/// How long a token lives, in seconds: longer than any test.
const TOKEN_SECONDS: i64 = 3600;
/// How long [`eventually`] waits.
const PATIENCE: Duration = Duration::from_secs(60);

/// A cluster, used with every right.
#[derive(Clone)]
pub struct Cluster {
    path: PathBuf,
    kubeconfig: Kubeconfig,
    config: Config,
    client: Client,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster")
            .field("kubeconfig", &self.path)
            .finish_non_exhaustive()
    }
}

impl Cluster {
    /// The cluster that all tests of this clone share; the first one starts it, and it ends some seconds after the last one.
    ///
    /// `REPIN_TEST_KUBECONFIG` names another one, which must have the namespace `repin-test-ok`. `KUBECONFIG` counts for
    /// nothing: tests never touch the cluster a shell happens to point at.
    ///
    /// Others use it at the same time: keep to [`Self::namespace`]. For tests that stop the API server, count its
    /// requests or watch all namespaces there is [`ControlPlane`](crate::control_plane::ControlPlane).
    pub async fn shared() -> Self {
        let cluster = Self::try_shared().await;
        cluster.unwrap_or_else(|problem| unreachable!("{problem}"))
    }

    async fn try_shared() -> Result<Self, String> {
        static JOINED: OnceCell<(Hold, PathBuf)> = OnceCell::const_new();
        if let Some(kubeconfig) = std::env::var_os(KUBECONFIG).filter(|value| !value.is_empty()) {
            return Self::existing(Path::new(&kubeconfig)).await;
        }
        let place = Place::default();
        let (_hold, kubeconfig) = JOINED.get_or_try_init(|| place.join()).await?;
        Self::at(kubeconfig).await
    }

    /// A cluster that somebody made for tests.
    async fn existing(kubeconfig: &Path) -> Result<Self, String> {
        let cluster = Self::at(kubeconfig).await?;
        let namespaces: Api<Namespace> = Api::all(cluster.client());
        let permission = namespaces.get_opt(PERMISSION).await;
        match permission.map_err(|error| format!("{}: {error}", kubeconfig.display()))? {
            Some(_) => crds::install(&cluster.client).await?,
            None => {
                return Err(format!(
                    "{KUBECONFIG} names a cluster without the namespace {PERMISSION}: tests would change it; \
                     if they may, `kubectl create namespace {PERMISSION}` there"
                ));
            }
        }
        Ok(cluster)
    }

    /// The cluster of a kubeconfig file, as the user of that file.
    pub(crate) async fn at(path: &Path) -> Result<Self, String> {
        let parsed =
            Kubeconfig::read_from(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let config = access::config(parsed.clone()).await?;
        Ok(Self {
            path: path.to_owned(),
            kubeconfig: parsed,
            client: access::client(config.clone())?,
            config,
        })
    }

    /// A client with every right, of the runtime this value was made in.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// The administrator's kubeconfig file.
    pub fn kubeconfig(&self) -> &Path {
        &self.path
    }

    /// A new namespace, deleted when the returned value is dropped.
    pub async fn namespace(&self) -> TestNamespace {
        TestNamespace::create(self).await
    }

    /// A new namespace of this name, deleted when the returned value is dropped. Others may want the same on a cluster that is
    /// shared: it is for a [`ControlPlane`](crate::control_plane::ControlPlane).
    pub async fn namespace_called(&self, name: &str) -> TestNamespace {
        TestNamespace::create_called(self, name).await
    }

    /// Applies every object of a YAML text, as they stand; returns them as the server has them now.
    pub async fn apply(&self, yaml: &str) -> Vec<DynamicObject> {
        apply::all(&self.client, "default", yaml).await
    }

    /// The text of a kubeconfig with a new token of this service account, which must exist.
    pub async fn kubeconfig_for(&self, namespace: &str, service_account: &str) -> String {
        let token = self.token_for(namespace, service_account).await;
        access::for_user(&self.kubeconfig, &token, None)
    }

    /// A client with a new token of this service account, which must exist.
    pub async fn client_for(&self, namespace: &str, service_account: &str) -> Client {
        let kubeconfig = self.kubeconfig_for(namespace, service_account).await;
        let client = access::client_of(&kubeconfig).await;
        client.unwrap_or_else(|problem| unreachable!("{problem}"))
    }

    /// A new token of this service account, which must exist.
    async fn token_for(&self, namespace: &str, service_account: &str) -> String {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.client(), namespace);
        let request = TokenRequest {
            spec: TokenRequestSpec {
                expiration_seconds: Some(TOKEN_SECONDS),
                ..TokenRequestSpec::default()
            },
            ..TokenRequest::default()
        };
        let answer = accounts
            .create_token_request(service_account, &PostParams::default(), &request)
            .await
            .expect("the service account exists");
        let status = answer.status;
        status
            .expect("a token request is answered with a token")
            .token
    }
}

/// Waits until `condition` gives a value and returns it; panics with `what` after a minute.
pub async fn eventually<T>(what: &str, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    let mut pause = Duration::from_millis(10);
    loop {
        if let Some(value) = condition().await {
            return value;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(200));
    }
}

#[cfg(test)]
mod tests;
