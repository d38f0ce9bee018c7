//! Tells users of objects that cannot be read.

use std::marker::PhantomData;
use std::time::Duration;

use api::{Time, reasons};
use k8s_openapi::jiff::Timestamp;
use kube::api::{PartialObjectMeta, PartialObjectMetaExt as _};
use kube::runtime::reflector::ObjectRef;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{End, labels};
use crate::conditions;
use crate::events::{Events, Severity};
use crate::kinds::Reconciled;
use crate::metrics::{Metrics, PassResult};
use crate::runtime::Runtime;
use crate::status::{self, WriteError, Writer};
use crate::watch::{Malformed, Reported};

/// How many objects wait to be reported at most.
const QUEUE: usize = 64;

/// The task that reports malformed objects, and what hands them to it.
pub(super) fn reporter<K: Reconciled>(
    runtime: &Runtime,
) -> (mpsc::Sender<Malformed>, impl Future<Output = ()> + use<K>) {
    let (sender, mut queue) = mpsc::channel(QUEUE);
    let reporter = Reporter::<K> {
        writer: Writer::new::<K>(runtime),
        events: runtime.events.clone(),
        metrics: runtime.metrics.clone(),
        kind: PhantomData,
    };
    let task = async move {
        let mut told = Reported::default();
        while let Some(object) = queue.recv().await {
            if told.is_new(&object) {
                reporter.report(&object).await;
            }
        }
    };
    (sender, task)
}

struct Reporter<K> {
    writer: Writer,
    events: Events,
    metrics: Metrics,
    kind: PhantomData<fn() -> K>,
}

impl<K: Reconciled> Reporter<K> {
    /// Logs and counts a malformed object, and shows it Stalled, or lets it go where it is being
    /// deleted.
    async fn report(&self, object: &Malformed) {
        object.log::<K>();
        if object.metadata.deletion_timestamp.is_some() {
            if let Err(error) = self.writer.release(&object.metadata).await {
                tracing::warn!(object = object.metadata.name, "{error}");
            }
            return;
        }
        let meta: PartialObjectMeta<K> = object.metadata.clone().into_request_partial();
        let labels = labels(&ObjectRef::from_obj(&meta));
        let reason = reasons::VALIDATION_FAILED;
        self.metrics
            .passed(&labels, Duration::ZERO, PassResult::Failed { reason });
        let message = format!("object cannot be read: {}", object.error);
        match self.stall(object, &message).await {
            Ok(true) => self
                .events
                .record(&meta, Severity::Warning, reason, &message),
            Ok(false) => {}
            Err(error) => tracing::warn!(object = labels.name, "{error}"),
        }
    }

    /// Makes the object Stalled and leaves the rest of its status as it is; false where it says so
    /// already.
    async fn stall(&self, object: &Malformed, message: &str) -> Result<bool, WriteError> {
        let Some(found) = self.writer.read(&object.metadata).await? else {
            return Ok(false);
        };
        let mut status = found
            .data
            .get("status")
            .cloned()
            .unwrap_or_else(|| json!({}));
        let before = status::conditions(&status);
        let generation = object.metadata.generation.unwrap_or_default();
        if K::STYLE.has_ended(&before) {
            return Ok(false);
        }
        let end = K::STYLE.end(End::Stalled {
            reason: reasons::VALIDATION_FAILED,
            message: message.to_owned(),
        });
        let now = Time(Timestamp::now());
        let after = conditions::finish(&before, generation, &end, "", &now);
        if conditions::same(&before, &after) {
            return Ok(false);
        }
        if let Value::Object(status) = &mut status {
            status.insert("conditions".to_owned(), json!(after));
            status.insert("observedGeneration".to_owned(), json!(generation));
        }
        self.writer.write(&object.metadata, status, None).await?;
        Ok(true)
    }
}
