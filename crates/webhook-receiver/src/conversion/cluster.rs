//! What the conversion reads and writes in the cluster: its Secret, and the definitions.

use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::core::ObjectMeta;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, watch_object};
use kube::{Client, Resource, ResourceExt as _};
use serde_json::Value;
use tokio::time::timeout;

use super::bundle::Bundle;
use super::definition::{Convertible, Definition};

/// The Secret with the certificates, in the namespace of the controller.
pub(super) const SECRET: &str = "webhook-receiver-conversion";
/// How long one request may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// What is learned of the cluster.
#[derive(Clone, Debug)]
pub(super) enum News {
    /// The Secret; none where there is none.
    Secret(Option<Secret>),
    /// The definition of this name; none where there is none.
    Definition(String, Option<Definition>),
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// Somebody else was faster: what is there now is to be looked at first.
    #[error("{operation}: it has changed meanwhile")]
    Outrun {
        /// What was to be done, to what.
        operation: String,
    },
    /// The API server refused, or was not reached.
    #[error("{operation}: {source}")]
    Api {
        /// What was to be done, to what.
        operation: String,
        /// What it said.
        source: Box<kube::Error>,
    },
    /// No answer came in time.
    #[error("{operation}: no answer within {} seconds", DEADLINE.as_secs())]
    Deadline {
        /// What was to be done, to what.
        operation: String,
    },
}

/// The API server, as far as the conversion needs it.
#[derive(Clone)]
pub(super) struct Cluster {
    secrets: Api<Secret>,
    definitions: Api<Definition>,
}

impl Cluster {
    pub(super) fn new(client: Client, namespace: &str) -> Self {
        Self {
            secrets: Api::namespaced(client.clone(), namespace),
            definitions: Api::all(client),
        }
    }

    /// The Secret and the definitions, as they are and whenever they change; with a pause after each error, which is logged.
    pub(super) fn news(&self, kinds: &[Convertible]) -> impl Stream<Item = News> + Send + use<> {
        let secret = watched(self.secrets.clone(), SECRET, News::Secret);
        let definitions = kinds.iter().map(|kind| {
            let name = kind.name.to_owned();
            let told = move |definition| News::Definition(name.clone(), definition);
            watched(self.definitions.clone(), kind.name, told)
        });
        stream::select(secret, stream::select_all(definitions))
    }

    /// The Secret as it is at this moment.
    pub(super) async fn secret(&self) -> Result<Option<Secret>, CallError> {
        let operation = format!("read Secret {SECRET}");
        within(operation, self.secrets.get_opt(SECRET)).await
    }

    /// Stores certificates in the Secret that was seen last, or in a new one where none was.
    pub(super) async fn store(
        &self,
        seen: Option<&Secret>,
        bundle: &Bundle,
    ) -> Result<Secret, CallError> {
        let params = PostParams::default();
        let mut secret = seen.cloned().unwrap_or_else(empty);
        bundle.write(&mut secret);
        if seen.is_some() {
            let operation = format!("update Secret {SECRET}");
            within(operation, self.secrets.replace(SECRET, &params, &secret)).await
        } else {
            let operation = format!("create Secret {SECRET}");
            within(operation, self.secrets.create(&params, &secret)).await
        }
    }

    /// Changes a definition, by merge patch.
    pub(super) async fn patch(&self, name: &str, patch: &Value) -> Result<Definition, CallError> {
        let operation = format!("patch CustomResourceDefinition {name}");
        let params = PatchParams {
            field_manager: Some("webhook-receiver".to_owned()),
            ..PatchParams::default()
        };
        let patch = Patch::Merge(patch);
        within(operation, self.definitions.patch(name, &params, &patch)).await
    }
}

fn empty() -> Secret {
    let labels = [
        ("app.kubernetes.io/component", "webhook-receiver"),
        ("app.kubernetes.io/part-of", "flux"),
    ];
    let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Secret {
        metadata: ObjectMeta {
            name: Some(SECRET.to_owned()),
            labels: Some(labels.into()),
            ..ObjectMeta::default()
        },
        type_: Some("Opaque".to_owned()),
        ..Secret::default()
    }
}

fn watched<K>(
    api: Api<K>,
    name: &str,
    told: impl Fn(Option<K>) -> News + Send + 'static,
) -> stream::BoxStream<'static, News>
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + Send + 'static,
    K: serde::de::DeserializeOwned,
{
    let what = format!("{} {name}", K::kind(&()));
    let watch = watch_object(api, name).default_backoff();
    let seen = watch.filter_map(move |seen| {
        let news = match seen {
            Ok(seen) => Some(told(seen)),
            Err(error) => {
                told_of(&what, &error);
                None
            }
        };
        std::future::ready(news)
    });
    seen.boxed()
}

fn told_of(what: &str, error: &watcher::Error) {
    tracing::warn!("watch of {what} interrupted, and goes on: {error}");
}

async fn within<T>(
    operation: String,
    call: impl Future<Output = kube::Result<T>>,
) -> Result<T, CallError> {
    match timeout(DEADLINE, call).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(kube::Error::Api(status))) if status.is_conflict() || status.is_already_exists() => {
            Err(CallError::Outrun { operation })
        }
        Ok(Err(source)) => Err(CallError::Api {
            operation,
            source: Box::new(source),
        }),
        Err(_) => Err(CallError::Deadline { operation }),
    }
}

/// Which version of an object this is; none of one that was not stored.
pub(super) fn version<K: Resource>(object: &K) -> Option<String> {
    object.resource_version()
}
