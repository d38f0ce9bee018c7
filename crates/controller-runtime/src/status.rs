//! Writes statuses: by Server-side Apply under one field manager, or not at all.
//!
//! What a status says is applied as a whole, so what it no longer says vanishes. Fields that other
//! managers have updated on the way, as Flux's controllers do, are taken over first
//! ([`takeover`]): else what they left behind would stay for ever.

mod takeover;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api::Condition;
use api::annotations::TRACEPARENT;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, ObjectMeta, Patch, PatchParams};
use kube::core::Status as Answer;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::timeout;

use self::takeover::is_due;
pub(crate) use self::takeover::lean;
use crate::conditions::is_ours;
use crate::kinds::Reconciled;
use crate::lease::{Claims, NotLeading};
use crate::runtime::Runtime;

/// How long one request may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(15);

/// How often a write is tried while the object changes under it.
const TRIES: usize = 4;

/// Writes the statuses of one kind.
pub(crate) struct Writer {
    client: Client,
    resource: ApiResource,
    manager: &'static str,
    claims: Claims,
    /// Whether Flux's controllers have written statuses of the kind before this one.
    inherited: bool,
    /// Whether the served schema merges conditions by type: then those of others are not ours to
    /// repeat. Flux's own schemas do not; learned from the answers of the API server.
    keyed: AtomicBool,
}

/// Why a status was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// The lease is gone.
    #[error(transparent)]
    NotLeading(NotLeading),
    /// Somebody else was faster; a new pass sees what they did.
    #[error("failed to {operation}: the object has changed: {source}")]
    Conflict {
        /// What was to be done.
        operation: &'static str,
        /// What the API server said.
        source: Box<Answer>,
    },
    /// The API server did not answer in time.
    #[error("failed to {operation}: no answer within {time:.1?}")]
    Deadline {
        /// What was to be done.
        operation: &'static str,
        /// The time it had.
        time: Duration,
    },
    /// The API server refused, or could not be reached.
    #[error("failed to {operation}: {source}")]
    Request {
        /// What was to be done.
        operation: &'static str,
        /// What went wrong.
        source: kube::Error,
    },
    /// The status or the answer is not of the form it should have.
    #[error("failed to write the status: {source}")]
    Form {
        /// What does not fit.
        source: serde_json::Error,
    },
}

impl Writer {
    pub(crate) fn new<K: Reconciled>(runtime: &Runtime) -> Self {
        Self {
            client: runtime.client.clone(),
            resource: ApiResource::erase::<K>(&()),
            manager: runtime.identity.field_manager,
            claims: runtime.claims.clone(),
            inherited: K::STYLE.is_inherited(),
            keyed: AtomicBool::new(false),
        }
    }

    /// The same for a status and an object that have a type.
    pub(crate) async fn write_as<K: DeserializeOwned>(
        &self,
        object: &ObjectMeta,
        status: &(impl Serialize + Sync),
        mark: Option<&str>,
    ) -> Result<Option<K>, WriteError> {
        let form = |source| WriteError::Form { source };
        let status = serde_json::to_value(status).map_err(form)?;
        let Some(written) = self.write(object, status, mark).await? else {
            return Ok(None);
        };
        let written = serde_json::to_value(written).map_err(form)?;
        serde_json::from_value(written).map(Some).map_err(form)
    }

    /// Makes `status` the status of the object, and returns the object as the API server has it
    /// now; `None` where it is gone, or another has taken its name.
    ///
    /// Written is what `object` names as it stands there: where it has changed since, it is read
    /// again, so that neither another object of that name gets the status nor a change of the
    /// status by others goes unseen.
    ///
    /// `mark` is the trace that the status is part of, if others act on it: the object carries that
    /// first, for who sees the status continues it.
    pub(crate) async fn write(
        &self,
        object: &ObjectMeta,
        mut status: Value,
        mark: Option<&str>,
    ) -> Result<Option<DynamicObject>, WriteError> {
        let mut tries = TRIES;
        let mut newest = object.clone();
        loop {
            tries -= 1;
            match self.try_write(&newest, &mut status, mark).await {
                Err(WriteError::Conflict { .. }) if tries > 0 => {}
                outcome => return outcome,
            }
            match self.read(object).await? {
                Some(fresh) => newest = fresh.metadata,
                None => return Ok(None),
            }
        }
    }

    async fn try_write(
        &self,
        object: &ObjectMeta,
        status: &mut Value,
        mark: Option<&str>,
    ) -> Result<Option<DynamicObject>, WriteError> {
        let mut version = object.resource_version.clone();
        if let Some(trace) = mark.filter(|trace| !carries(object, trace)) {
            match self.mark(object, trace).await {
                Ok(Some(marked)) => version = marked.metadata.resource_version,
                Ok(None) => return Ok(None),
                Err(error @ (WriteError::NotLeading(_) | WriteError::Conflict { .. })) => {
                    return Err(error);
                }
                // Nobody misses it but the trace.
                Err(error) => tracing::warn!("the trace ends here: {error}"),
            }
        }
        if self.inherited && is_due(object) {
            match self.take_over(object).await? {
                Some(taken) => version = taken.metadata.resource_version,
                None => return Ok(None),
            }
        }
        if self.keyed.load(Ordering::Relaxed) {
            leave_to_others(status);
        }
        let body = json!({
            "apiVersion": self.resource.api_version,
            "kind": self.resource.kind,
            "metadata": { "name": object.name, "resourceVersion": version },
            "status": status,
        });
        let params = PatchParams::apply(self.manager).force();
        let (api, body) = (self.api(object), Patch::Apply(&body));
        let request = api.patch_status(name(object), &params, &body);
        let written = self.written(request, "write the status").await?;
        self.learn(written.as_ref());
        Ok(written)
    }

    /// Makes the object carry a trace, where it is still as `object` says: the status may follow on
    /// the version that this answers.
    async fn mark(
        &self,
        object: &ObjectMeta,
        trace: &str,
    ) -> Result<Option<DynamicObject>, WriteError> {
        let patch = Patch::Merge(json!({
            "metadata": {
                "uid": object.uid,
                "resourceVersion": object.resource_version,
                "annotations": { TRACEPARENT: trace },
            },
        }));
        let params = PatchParams {
            field_manager: Some(self.manager.to_owned()),
            ..PatchParams::default()
        };
        let api = self.api(object);
        let request = api.patch(name(object), &params, &patch);
        self.written(request, "write the trace").await
    }

    /// Removes Flux's finalizer from an object that is being deleted.
    pub(crate) async fn release(&self, object: &ObjectMeta) -> Result<(), WriteError> {
        let Some(patch) = takeover::without_finalizer(object) else {
            return Ok(());
        };
        let (api, params) = (self.api(object), PatchParams::default());
        let patch = Patch::Merge(&patch);
        let request = api.patch(name(object), &params, &patch);
        self.written(request, "remove the finalizer").await?;
        Ok(())
    }

    /// The object as the API server has it; `None` where it is gone, or another has its name.
    pub(crate) async fn read(
        &self,
        object: &ObjectMeta,
    ) -> Result<Option<DynamicObject>, WriteError> {
        let api = self.api(object);
        let request = api.get(name(object));
        let found = found(request, "read the object", DEADLINE).await?;
        Ok(found.filter(|found| found.metadata.uid == object.uid))
    }

    /// Makes the fields that others have updated ours. Managed fields can only be changed where the
    /// whole object can.
    async fn take_over(&self, object: &ObjectMeta) -> Result<Option<DynamicObject>, WriteError> {
        let Some(fresh) = self.read(object).await? else {
            return Ok(None);
        };
        let Some(patch) = takeover::patch(&fresh.metadata, &self.resource, self.manager) else {
            return Ok(Some(fresh));
        };
        let (api, params) = (self.api(object), PatchParams::default());
        let patch = Patch::Merge(&patch);
        let request = api.patch(name(object), &params, &patch);
        self.written(request, "take over the status").await
    }

    fn api(&self, object: &ObjectMeta) -> Api<DynamicObject> {
        let namespace = object.namespace.as_deref().unwrap_or_default();
        Api::namespaced_with(self.client.clone(), namespace, &self.resource)
    }

    /// What a request that writes answers, which ends with the claim at the latest. One that is
    /// given up and arrives all the same finds that the object has changed, if another instance
    /// has written it since.
    async fn written(
        &self,
        request: impl Future<Output = kube::Result<DynamicObject>>,
        operation: &'static str,
    ) -> Result<Option<DynamicObject>, WriteError> {
        let time = self.claims.time_to_write(DEADLINE);
        found(request, operation, time.map_err(WriteError::NotLeading)?).await
    }

    /// Sees in the fields that are ours now how the schema merges conditions.
    fn learn(&self, written: Option<&DynamicObject>) {
        let entries = written.and_then(|object| object.metadata.managed_fields.as_ref());
        let is_ours = |entry: &&ManagedFieldsEntry| {
            entry.manager.as_deref() == Some(self.manager) && takeover::is_applied_status(entry)
        };
        if let Some(ours) = entries.into_iter().flatten().find(is_ours) {
            self.keyed
                .store(takeover::merges_conditions(ours), Ordering::Relaxed);
        }
    }
}

/// What a request answers in this time; `None` where the object is not there.
async fn found(
    request: impl Future<Output = kube::Result<DynamicObject>>,
    operation: &'static str,
    time: Duration,
) -> Result<Option<DynamicObject>, WriteError> {
    let answer = timeout(time, request)
        .await
        .map_err(|_| WriteError::Deadline { operation, time })?;
    match answer {
        Ok(object) => Ok(Some(object)),
        Err(kube::Error::Api(source)) if source.is_not_found() => Ok(None),
        Err(kube::Error::Api(source)) if source.is_conflict() => {
            Err(WriteError::Conflict { operation, source })
        }
        Err(source) => Err(WriteError::Request { operation, source }),
    }
}

fn name(object: &ObjectMeta) -> &str {
    object.name.as_deref().unwrap_or_default()
}

/// Whether the object carries this trace already.
fn carries(object: &ObjectMeta, trace: &str) -> bool {
    let annotations = object.annotations.as_ref();
    annotations
        .and_then(|all| all.get(TRACEPARENT))
        .is_some_and(|carried| carried == trace)
}

/// Drops the conditions that others have added: each has its manager.
fn leave_to_others(status: &mut Value) {
    if let Some(Value::Array(conditions)) = status.get_mut("conditions") {
        conditions.retain(|condition| condition["type"].as_str().is_some_and(is_ours));
    }
}

/// The conditions of a status of any form, as far as they can be read.
pub(crate) fn conditions(status: &Value) -> Vec<Condition> {
    let conditions = status["conditions"].as_array();
    conditions
        .into_iter()
        .flatten()
        .filter_map(|condition| serde_json::from_value(condition.clone()).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use api::image::v1::ImageRepository;
    use tokio::net::TcpListener;
    use tokio::sync::watch;
    use tokio::time::Instant;

    use super::*;
    use crate::lease::Claim;

    /// A writer towards an API server that cannot be reached.
    fn writer(claim: Claim) -> Writer {
        writer_to("http://127.0.0.1:1", claim)
    }

    fn writer_to(address: &str, claim: Claim) -> Writer {
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut config = kube::Config::new(address.parse().unwrap());
        config.default_retry = false;
        Writer {
            client: Client::try_from(config).unwrap(),
            resource: ApiResource::erase::<ImageRepository>(&()),
            manager: "test",
            claims: Claims::watching(watch::Sender::new(claim).subscribe()),
            inherited: true,
            keyed: AtomicBool::new(false),
        }
    }

    #[tokio::test]
    async fn nothing_is_written_without_a_claim() {
        let object = ObjectMeta {
            name: Some("app".to_owned()),
            finalizers: Some(vec![api::finalizers::FLUX.to_owned()]),
            ..ObjectMeta::default()
        };
        let nobody = writer(Claim::Nobody);
        let written = nobody.write(&object, json!({}), None).await;
        assert!(
            matches!(written, Err(WriteError::NotLeading(_))),
            "{written:?}"
        );
        let released = nobody.release(&object).await;
        assert!(
            matches!(released, Err(WriteError::NotLeading(_))),
            "{released:?}"
        );
        let tried = writer(Claim::Always).write(&object, json!({}), None).await;
        assert!(
            matches!(tried, Err(WriteError::Request { .. })),
            "{tried:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_does_not_outlive_the_claim() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", silent.local_addr().unwrap());
        let left = Duration::from_secs(4);
        let writer = writer_to(&address, Claim::Until(Instant::now() + left));
        let object = ObjectMeta {
            name: Some("app".to_owned()),
            ..ObjectMeta::default()
        };
        let start = Instant::now();
        let written = writer.write(&object, json!({}), None).await;
        assert!(
            matches!(written, Err(WriteError::Deadline { time, .. }) if time == left),
            "{written:?}"
        );
        // Timers have a precision of a millisecond.
        assert!(start.elapsed() <= left + Duration::from_millis(1));
    }
}
