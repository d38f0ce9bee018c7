//! Events recorded in Kubernetes.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use k8s_openapi::api::events::v1::Event as Recorded;
use k8s_openapi::api::events::v1::EventSeries;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::{Client, core::Status};
use serde_json::json;
use tokio::time::{Instant, timeout};

use super::{Deliver, Event, Outcome, Receiver, Reporter, Severity};
use crate::conditions::floor_char_boundary;

/// How long one request may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// The longest note that the API server takes, in bytes.
const MAX_NOTE: usize = 1024;
/// The longest name of the object within the name of an event, in bytes.
const MAX_NAME: usize = 220;
/// What marks a note that was cut.
const CUT: &str = "…";
/// What the events say was done.
const ACTION: &str = "Reconcile";
/// How long after it an event that happens again counts as a series with it.
const SERIES: Duration = Duration::from_secs(30 * 60);
/// How many events are remembered at most, to count their repeats.
const MAX_REMEMBERED: usize = 4096;

/// Writes `events.k8s.io/v1` Events; one that repeats becomes a series.
pub(super) struct Recorder {
    client: Client,
    reporter: Reporter,
    recent: HashMap<Key, Series>,
    hashes: RandomState,
}

/// What makes an event the same as another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    uid: Option<String>,
    severity: Severity,
    reason: String,
    /// Its hash: messages can be long.
    message: u64,
}

/// An event that is recorded.
#[derive(Debug)]
struct Series {
    name: String,
    count: i32,
    last: Instant,
}

/// Why an event was not recorded.
#[derive(Debug, thiserror::Error)]
enum RecordError {
    #[error("failed to record the event: {0}")]
    Write(kube::Error),
    #[error("failed to record the event: no answer within {DEADLINE:?}")]
    Deadline,
}

impl Deliver for Recorder {
    const RECEIVER: Receiver = Receiver::Kubernetes;

    async fn deliver(&mut self, event: &Event) -> Outcome {
        let Err(error) = self.try_record(event).await else {
            return Outcome::Delivered;
        };
        let object = event.regarding.name.as_deref().unwrap_or_default();
        tracing::warn!(object, reason = event.reason, "{error}");
        Outcome::Dropped
    }
}

impl Recorder {
    pub(super) fn new(client: Client, reporter: Reporter) -> Self {
        Self {
            client,
            reporter,
            recent: HashMap::new(),
            hashes: RandomState::new(),
        }
    }

    async fn try_record(&mut self, event: &Event) -> Result<(), RecordError> {
        let key = Key {
            uid: event.regarding.uid.clone(),
            severity: event.severity,
            reason: event.reason.clone(),
            message: self.hashes.hash_one(&event.message),
        };
        self.forget_old();
        if self.repeat(&key, event).await? {
            return Ok(());
        }
        let recorded = recorded(event, &self.reporter);
        let name = recorded.metadata.name.clone().unwrap_or_default();
        let create = PostParams::default();
        within(self.events(event).create(&create, &recorded)).await?;
        let series = Series {
            name,
            count: 1,
            last: Instant::now(),
        };
        self.recent.insert(key, series);
        Ok(())
    }

    /// Counts the event as a repeat of one that is recorded still; false where there is none.
    async fn repeat(&mut self, key: &Key, event: &Event) -> Result<bool, RecordError> {
        let events = self.events(event);
        let Some(series) = self.recent.get_mut(key) else {
            return Ok(false);
        };
        let count = series.count.saturating_add(1);
        let patch = json!({ "series": EventSeries {
            count,
            last_observed_time: MicroTime(event.time),
        }});
        let (params, patch) = (PatchParams::default(), Patch::Merge(&patch));
        match within(events.patch(&series.name, &params, &patch)).await {
            Ok(_) => {
                series.count = count;
                series.last = Instant::now();
                Ok(true)
            }
            Err(RecordError::Write(kube::Error::Api(status))) if Status::is_not_found(&status) => {
                self.recent.remove(key);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    fn events(&self, event: &Event) -> Api<Recorded> {
        let namespace = event.regarding.namespace.as_deref().unwrap_or("default");
        Api::namespaced(self.client.clone(), namespace)
    }

    fn forget_old(&mut self) {
        if self.recent.len() < MAX_REMEMBERED {
            return;
        }
        self.recent
            .retain(|_, series| series.last.elapsed() < SERIES);
        if self.recent.len() >= MAX_REMEMBERED {
            self.recent.clear();
        }
    }
}

async fn within<T>(request: impl Future<Output = kube::Result<T>>) -> Result<T, RecordError> {
    timeout(DEADLINE, request)
        .await
        .map_err(|_| RecordError::Deadline)?
        .map_err(RecordError::Write)
}

fn recorded(event: &Event, reporter: &Reporter) -> Recorded {
    Recorded {
        metadata: ObjectMeta {
            name: Some(name(event)),
            namespace: event.regarding.namespace.clone(),
            annotations: Some(event.annotations.clone()).filter(|some| !some.is_empty()),
            ..ObjectMeta::default()
        },
        action: Some(ACTION.to_owned()),
        event_time: Some(MicroTime(event.time)),
        note: Some(note(&event.message)),
        reason: Some(event.reason.clone()),
        regarding: Some(event.regarding.clone()),
        reporting_controller: Some(reporter.controller.to_owned()),
        reporting_instance: Some(reporter.instance.clone()),
        type_: Some(event.severity.event_type().to_owned()),
        ..Recorded::default()
    }
}

/// The object's name and the time, as Kubernetes' own controllers name events.
fn name(event: &Event) -> String {
    let object = event.regarding.name.as_deref().unwrap_or_default();
    let end = floor_char_boundary(object, MAX_NAME);
    let object = object[..end].trim_end_matches(['.', '-']);
    format!("{object}.{:x}", event.time.as_nanosecond())
}

/// Cuts a message to what the API server takes: after a line where one ends within it, and marked.
fn note(message: &str) -> String {
    if message.len() <= MAX_NOTE {
        return message.to_owned();
    }
    let line_mark = "\n".len() + CUT.len();
    let end = floor_char_boundary(message, MAX_NOTE - line_mark);
    let line = message.as_bytes()[..=end]
        .iter()
        .rposition(|byte| *byte == b'\n');
    match line.filter(|at| *at > 0) {
        Some(at) => format!("{}\n{CUT}", &message[..at]),
        None => format!("{}{CUT}", &message[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_notes_end_with_a_whole_line() {
        let line = "x".repeat(99);
        let message = [line.as_str(); 20].join("\n");
        let note = note(&message);
        let expected = format!("{}\n…", [line.as_str(); 10].join("\n"));
        assert_eq!(note, expected);
        assert!(note.len() <= MAX_NOTE);
    }

    #[test]
    fn a_line_that_does_not_fit_is_cut_between_characters() {
        for text in [
            "ü".repeat(2000),
            format!("a{}", "ü".repeat(2000)),
            format!("\n{}", "ü".repeat(999)),
        ] {
            let note = note(&text);
            assert!(
                note.len() <= MAX_NOTE && note.len() > MAX_NOTE - 10,
                "{}",
                note.len()
            );
            assert!(note.ends_with("ü…"), "{note}");
        }
    }

    #[test]
    fn notes_that_fit_stay() {
        let text = "y".repeat(MAX_NOTE);
        assert_eq!(note(&text), text);
    }
}
