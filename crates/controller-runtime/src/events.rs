//! What happened to an object, for people: Kubernetes Events, and Flux's notification-controller.
//!
//! Recording never waits. Events go through bounded queues to a task of their own, so an address that
//! does not answer delays no pass; what does not fit a queue, or cannot be delivered, is dropped,
//! logged and counted.
//!
//! Beside Normal and Warning, Flux knows events of type Trace: a Kubernetes Event for every pass that
//! changed nothing. Those are not written here, for a pass that changes nothing writes nothing.

mod kubernetes;
mod notify;
mod webhook;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::annotations::EVENT_PREFIX;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::jiff::Timestamp;
use kube::{Client, Resource, ResourceExt as _};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use url::Url;

pub(crate) use self::notify::{end_of_phases, notice};
use crate::metrics::Metrics;

/// How many events wait for each receiver at most.
const QUEUE: usize = 1024;
/// How long events are still delivered once the process is to end.
const DRAIN: Duration = Duration::from_secs(3);

/// Whom events are delivered to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Receiver {
    /// The API server.
    Kubernetes,
    /// What `--events-addr` names.
    NotificationController,
}

impl Receiver {
    /// What the metrics call it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::NotificationController => "notification-controller",
        }
    }
}

/// Whether an event is good news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// For information: type `Normal`, severity `info`.
    Normal,
    /// Something failed: type `Warning`, severity `error`.
    Warning,
}

impl Severity {
    /// The type of a Kubernetes Event.
    fn event_type(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }

    /// The word of the notification-controller.
    fn word(self) -> &'static str {
        match self {
            Self::Normal => "info",
            Self::Warning => "error",
        }
    }
}

/// Who reports events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reporter {
    /// Name of the controller.
    pub controller: &'static str,
    /// Name of this instance of it: its Pod.
    pub instance: String,
}

/// One thing that happened to one object.
#[derive(Clone, Debug, PartialEq)]
struct Event {
    regarding: ObjectReference,
    annotations: BTreeMap<String, String>,
    severity: Severity,
    reason: String,
    message: String,
    time: Timestamp,
}

/// Takes events. Clones share the queues.
#[derive(Clone, Debug)]
pub struct Events {
    queues: Vec<(Receiver, mpsc::Sender<Arc<Event>>)>,
    metrics: Metrics,
}

impl Events {
    /// Makes the queues, and what empties them: [`Delivery::run`] is to be spawned.
    ///
    /// Events are sent to `address` where there is one; what is dropped is counted in `metrics`.
    /// Fails where no HTTP client can be made.
    pub fn new(
        client: Client,
        reporter: &Reporter,
        address: Option<Url>,
        metrics: &Metrics,
    ) -> Result<(Self, Delivery), reqwest::Error> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let mut queues = vec![(Receiver::Kubernetes, sender)];
        let recorder = kubernetes::Recorder::new(client, reporter.clone());
        let mut delivery = Delivery {
            kubernetes: (recorder, receiver),
            webhook: None,
            metrics: metrics.clone(),
        };
        if let Some(address) = address {
            let (sender, receiver) = mpsc::channel(QUEUE);
            let poster = webhook::Poster::new(address, reporter.clone())?;
            delivery.webhook = Some((poster, receiver));
            queues.push((Receiver::NotificationController, sender));
        }
        let metrics = metrics.clone();
        Ok((Self { queues, metrics }, delivery))
    }

    /// Records that something happened to `object`, and returns at once.
    ///
    /// Annotations of the object under `event.toolkit.fluxcd.io/` go along.
    pub fn record<K>(&self, object: &K, severity: Severity, reason: &str, message: &str)
    where
        K: Resource<DynamicType = ()>,
    {
        let regarding = ObjectReference {
            resource_version: object.resource_version(),
            ..object.object_ref(&())
        };
        let event = Arc::new(Event {
            regarding,
            annotations: object
                .annotations()
                .iter()
                .filter(|(key, _)| key.starts_with(EVENT_PREFIX))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            severity,
            reason: reason.to_owned(),
            message: message.to_owned(),
            time: Timestamp::now(),
        });
        for (receiver, queue) in &self.queues {
            if queue.try_send(Arc::clone(&event)).is_err() {
                self.metrics.events_dropped(*receiver, 1);
                tracing::warn!(
                    reason,
                    receiver = receiver.label(),
                    "an event is dropped: more than {QUEUE} wait for delivery"
                );
            }
        }
    }
}

/// What empties the queues of [`Events`].
pub struct Delivery {
    kubernetes: (kubernetes::Recorder, Queue),
    webhook: Option<(webhook::Poster, Queue)>,
    metrics: Metrics,
}

type Queue = mpsc::Receiver<Arc<Event>>;

/// Delivers events to one receiver.
trait Deliver {
    /// To whom.
    const RECEIVER: Receiver;

    /// Delivers one event; a failure is logged.
    fn deliver(&mut self, event: &Event) -> impl Future<Output = Outcome> + Send;
}

impl Delivery {
    /// Delivers until `shutdown`, then what is queued still, for at most three seconds.
    ///
    /// `shutdown` is to be cancelled once nobody records any more.
    pub async fn run(self, shutdown: CancellationToken) {
        let metrics = &self.metrics;
        let (recorder, queue) = self.kubernetes;
        let to_kubernetes = emptied(recorder, queue, &shutdown, metrics);
        let to_webhook = async {
            if let Some((poster, queue)) = self.webhook {
                emptied(poster, queue, &shutdown, metrics).await;
            }
        };
        futures_util::future::join(to_kubernetes, to_webhook).await;
    }
}

/// Delivers what a queue holds until nothing comes any more, and counts what does not arrive.
async fn emptied<To: Deliver>(
    mut to: To,
    mut queue: Queue,
    shutdown: &CancellationToken,
    metrics: &Metrics,
) {
    let all = async {
        while let Some(event) = next(&mut queue, shutdown).await {
            match to.deliver(&event).await {
                Outcome::Delivered => {}
                Outcome::Dropped => metrics.events_dropped(To::RECEIVER, 1),
            }
        }
    };
    let overdue = async {
        shutdown.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        () = all => {}
        () = overdue => {
            // The one that was being delivered, and those behind it.
            let left = queue.len() + 1;
            metrics.events_dropped(To::RECEIVER, left);
            let receiver = To::RECEIVER.label();
            tracing::warn!(receiver, "{left} events are dropped: they were not delivered within {DRAIN:?}");
        }
    }
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It arrived.
    Delivered,
    /// It did not, which is logged.
    Dropped,
}

/// The next event of a queue; `None` where it is empty and nothing comes any more, as after
/// `shutdown`.
async fn next(queue: &mut Queue, shutdown: &CancellationToken) -> Option<Arc<Event>> {
    if let Some(event) = shutdown.run_until_cancelled(queue.recv()).await {
        return event;
    }
    queue.close();
    queue.recv().await
}

#[cfg(test)]
mod tests;
