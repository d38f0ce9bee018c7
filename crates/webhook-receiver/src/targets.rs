//! The objects of a Receiver, and how they are asked to reconcile.
//!
//! An object is asked by an annotation. Hooks for the same object that arrive while it is being annotated share the next
//! annotation: none is answered before one that began after its arrival is written, and no flood of hooks makes more than one
//! write at a time for an object.

mod error;
mod image;
mod objects;
mod requested_at;
mod resolve;
mod sieve;

use std::fmt;
use std::time::{Duration, Instant};

use api::annotations::{RECONCILE_REQUESTED, TRACEPARENT};
use api::field_managers::WEBHOOK_RECEIVER;
use api::notification::v1::{Receiver, ResourceReference};
use controller_runtime::trace;
use futures_util::{StreamExt as _, stream};
use hook_payload::Pushed;
use hook_payload::filter::Bindings;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Patch, PatchParams};
use kube::core::{ApiResource, DynamicObject};
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};
use tracing::Instrument as _;

pub(crate) use self::error::{CallError, TargetError, within};
use self::objects::{Objects, Wanted};
use self::requested_at::requested_at;
use self::resolve::{Which, resolve};
use self::sieve::Sieve;
use crate::expressions::Expressions;
use crate::sharing::Sharing;

/// How many entries of a Receiver are worked on at once.
const AT_ONCE: usize = 8;

/// How far apart the annotations of an object are while hooks for it keep coming: about what a sender needs to be answered, to
/// send the next one, and to have it authenticated.
const GATHERING: Duration = Duration::from_millis(3);

/// Asks objects to reconcile.
pub(crate) struct Targets {
    client: Client,
    /// Whether Receivers may name objects of other namespaces.
    elsewhere: bool,
    began: Instant,
    writes: Sharing<Target, Result<(), CallError>>,
}

/// An object that is asked to reconcile.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    resource: ApiResource,
    namespace: String,
    name: String,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, namespace, name) = (&self.resource.kind, &self.namespace, &self.name);
        write!(f, "{kind}/{namespace}/{name}")
    }
}

/// What a hook says about the objects of its Receiver.
pub(crate) struct Call<'a> {
    /// The Receiver.
    pub(crate) receiver: &'a Receiver,
    /// Its filters.
    pub(crate) expressions: &'a Expressions,
    /// What filters know of the hook: everything but `res`.
    pub(crate) bindings: Bindings<'a>,
    /// The image that it names.
    pub(crate) pushed: Option<&'a Pushed>,
}

/// An entry of `spec.resources` that was not done, or not to its end.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Which one, from zero.
    pub(crate) entry: usize,
    /// Why.
    pub(crate) error: TargetError,
}

impl Targets {
    /// Asks with `client`; objects of other namespaces than the Receiver's only if `elsewhere`.
    pub(crate) fn new(client: Client, elsewhere: bool) -> Self {
        Self {
            client,
            elsewhere,
            began: Instant::now(),
            writes: Sharing::gathering(GATHERING),
        }
    }

    /// Asks the objects that a hook is about to reconcile, and returns once that is written for all of them. Entries that fail
    /// keep no other one from being done.
    pub(crate) async fn ask(&self, call: &Call<'_>) -> Vec<Failure> {
        let entries = call.receiver.spec.resources.iter().enumerate();
        let asking: Vec<_> = entries
            .map(|(entry, reference)| async move {
                let asked = self.entry(call, entry, reference).await;
                asked.err().map(|error| Failure { entry, error })
            })
            .collect();
        let failures = stream::iter(asking).buffer_unordered(AT_ONCE);
        failures.filter_map(std::future::ready).collect().await
    }

    /// One entry; of several objects one after the other, and none after one that failed.
    async fn entry(
        &self,
        call: &Call<'_>,
        entry: usize,
        reference: &ResourceReference,
    ) -> Result<(), TargetError> {
        let home = call.receiver.namespace().unwrap_or_default();
        let resolved = resolve(reference, &home, self.elsewhere)?;
        let sieve = Sieve::new(call, entry, resolved.kind);
        let wanted = sieve.wanted();
        let objects = Objects::new(&self.client, &resolved.resource, &resolved.namespace);
        let target = |name| Target {
            resource: resolved.resource.clone(),
            namespace: resolved.namespace.clone(),
            name,
        };
        let selector = match resolved.which {
            Which::Named(name) => {
                let target = target(name);
                let passes = match wanted {
                    Wanted::Nothing => true,
                    _ => sieve.passes(&target, &objects.read(&target, wanted).await?)?,
                };
                return if passes {
                    self.annotate(target).await
                } else {
                    Ok(())
                };
            }
            Which::Selected(selector) => selector,
        };
        let mut pages = objects.pages(&selector, wanted);
        while let Some(page) = pages.next().await? {
            for seen in page {
                // Filters may take their time: others get their turn, and the hook's deadline its say.
                tokio::task::yield_now().await;
                let target = target(seen.name());
                if sieve.passes(&target, &seen)? {
                    self.annotate(target).await?;
                }
            }
        }
        Ok(())
    }

    /// Annotates an object, or shares the next annotation of it.
    async fn annotate(&self, target: Target) -> Result<(), TargetError> {
        let api = target.api(&self.client);
        let (began, object) = (self.began, target.clone());
        let write = async move {
            let value = requested_at(Timestamp::now(), began.elapsed());
            let patch = Patch::Merge(patch(&value, trace::current_traceparent()));
            let params = PatchParams {
                field_manager: Some(WEBHOOK_RECEIVER.to_owned()),
                ..PatchParams::default()
            };
            within(api.patch_metadata(&object.name, &params, &patch)).await?;
            tracing::info!(%object, "asked to reconcile");
            Ok(())
        };
        let written = self.writes.next(target.clone(), write.in_current_span());
        let written = written.await.unwrap_or(Err(CallError::Lost));
        written.map_err(|source| TargetError::Annotate { target, source })
    }
}

impl Target {
    fn api(&self, client: &Client) -> Api<DynamicObject> {
        Api::namespaced_with(client.clone(), &self.namespace, &self.resource)
    }
}

/// What is written to an object.
fn patch(requested_at: &str, traceparent: Option<String>) -> Value {
    let mut annotations = json!({ RECONCILE_REQUESTED: requested_at });
    if let Some(traceparent) = traceparent {
        annotations[TRACEPARENT] = traceparent.into();
    }
    json!({ "metadata": { "annotations": annotations } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_travels_with_the_request() {
        let annotations = |traceparent| patch("now", traceparent)["metadata"]["annotations"].take();
        assert_eq!(annotations(None), json!({ RECONCILE_REQUESTED: "now" }));
        let traced = json!({ RECONCILE_REQUESTED: "now", TRACEPARENT: "00-a-b-01" });
        assert_eq!(annotations(Some("00-a-b-01".to_owned())), traced);
    }
}
