use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};

use api::image::v1::ImagePolicy;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;

const REPORTER: &str = "registry-scanner";

/// A receiver that gives these answers, then 202.
#[derive(Clone, Debug, Default)]
struct Inbox {
    answers: Arc<Mutex<VecDeque<StatusCode>>>,
    bodies: Arc<Mutex<Vec<Value>>>,
}

async fn receive(State(receiver): State<Inbox>, Json(body): Json<Value>) -> StatusCode {
    receiver.bodies.lock().push(body);
    let answer = receiver.answers.lock().pop_front();
    answer.unwrap_or(StatusCode::ACCEPTED)
}

impl Inbox {
    async fn start(answers: &[StatusCode]) -> (Self, Url) {
        let receiver = Self {
            answers: Arc::new(Mutex::new(answers.iter().copied().collect())),
            ..Self::default()
        };
        let router = Router::new()
            .route("/", post(receive))
            .with_state(receiver.clone());
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .await
            .unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, router).into_future());
        (receiver, url.parse().unwrap())
    }
}

fn reporter() -> Reporter {
    drop(rustls::crypto::ring::default_provider().install_default());
    Reporter {
        controller: REPORTER,
        instance: "pod-1".to_owned(),
    }
}

/// An API server that cannot be reached.
fn nowhere() -> Client {
    let config = kube::Config::new("http://127.0.0.1:1".parse().unwrap());
    Client::try_from(config).unwrap()
}

fn policy() -> ImagePolicy {
    let mut policy = ImagePolicy::default();
    policy.metadata.name = Some("app".to_owned());
    policy.metadata.namespace = Some("default".to_owned());
    policy.metadata.uid = Some("uid-1".to_owned());
    policy.metadata.resource_version = Some("42".to_owned());
    policy.metadata.annotations = Some(
        [
            ("event.toolkit.fluxcd.io/deploymentID", "7"),
            ("other.example/ignored", "x"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into(),
    );
    policy
}

/// Records one event and delivers until the queue is empty; what the receiver got.
async fn delivered(answers: &[StatusCode]) -> Vec<Value> {
    let (receiver, address) = Inbox::start(answers).await;
    let (events, delivery) =
        Events::new(nowhere(), &reporter(), Some(address), &Metrics::new()).unwrap();
    events.record(&policy(), Severity::Warning, "Failed", "no luck");
    drop(events);
    delivery.run(CancellationToken::new()).await;
    let bodies = receiver.bodies.lock();
    bodies.clone()
}

#[tokio::test]
async fn the_body_has_fluxs_fields() {
    let mut bodies = delivered(&[]).await;
    let timestamp = bodies[0]["timestamp"].take();
    let timestamp = timestamp.as_str().unwrap();
    assert!(
        timestamp.ends_with('Z') && timestamp.len() == "2006-01-02T15:04:05Z".len(),
        "{timestamp}"
    );
    assert_eq!(
        bodies,
        [json!({
            "involvedObject": {
                "apiVersion": "image.toolkit.fluxcd.io/v1",
                "kind": "ImagePolicy",
                "namespace": "default",
                "name": "app",
                "uid": "uid-1",
                "resourceVersion": "42",
            },
            "severity": "error",
            "timestamp": null,
            "message": "no luck",
            "reason": "Failed",
            "metadata": { "event.toolkit.fluxcd.io/deploymentID": "7" },
            "reportingController": "registry-scanner",
            "reportingInstance": "pod-1",
        })]
    );
}

#[tokio::test]
async fn errors_of_the_server_are_tried_again() {
    let bodies = delivered(&[StatusCode::SERVICE_UNAVAILABLE]).await;
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0], bodies[1]);
}

#[tokio::test]
async fn refusals_and_limits_are_not_tried_again() {
    for answer in [StatusCode::TOO_MANY_REQUESTS, StatusCode::BAD_REQUEST] {
        assert_eq!(delivered(&[answer]).await.len(), 1, "{answer}");
    }
}

#[tokio::test]
async fn what_is_queued_at_the_end_is_delivered() {
    let (receiver, address) = Inbox::start(&[]).await;
    let (events, delivery) =
        Events::new(nowhere(), &reporter(), Some(address), &Metrics::new()).unwrap();
    for number in 0..20 {
        events.record(
            &policy(),
            Severity::Normal,
            "Succeeded",
            &number.to_string(),
        );
    }
    let shutdown = CancellationToken::new();
    shutdown.cancel();
    delivery.run(shutdown).await;
    assert_eq!(receiver.bodies.lock().len(), 20);
}

/// How many events for this receiver are counted as dropped.
fn dropped(metrics: &Metrics, receiver: Receiver) -> usize {
    let text = metrics.encode().unwrap();
    let start = format!(
        "repin_events_dropped_total{{receiver=\"{}\"}} ",
        receiver.label()
    );
    let count = text.lines().find_map(|line| line.strip_prefix(&start));
    count.map_or(0, |count| count.parse().unwrap())
}

#[tokio::test]
async fn recording_never_waits_and_what_does_not_fit_is_counted() {
    let metrics = Metrics::new();
    let (events, _delivery) = Events::new(nowhere(), &reporter(), None, &metrics).unwrap();
    for _ in 0..QUEUE * 2 {
        events.record(&policy(), Severity::Normal, "Succeeded", "fine");
    }
    assert_eq!(dropped(&metrics, Receiver::Kubernetes), QUEUE);
    assert_eq!(dropped(&metrics, Receiver::NotificationController), 0);
}

#[tokio::test]
async fn what_is_refused_is_counted() {
    let (_, address) = Inbox::start(&[StatusCode::BAD_REQUEST]).await;
    let metrics = Metrics::new();
    let (events, delivery) = Events::new(nowhere(), &reporter(), Some(address), &metrics).unwrap();
    for _ in 0..2 {
        events.record(&policy(), Severity::Normal, "Succeeded", "fine");
    }
    drop(events);
    delivery.run(CancellationToken::new()).await;
    assert_eq!(dropped(&metrics, Receiver::NotificationController), 1);
    assert_eq!(dropped(&metrics, Receiver::Kubernetes), 2);
}

#[tokio::test]
async fn what_is_not_delivered_at_the_end_is_counted() {
    let silent = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .await
        .unwrap();
    let address = format!("http://{}/", silent.local_addr().unwrap());
    let metrics = Metrics::new();
    let address = Some(address.parse().unwrap());
    let (events, delivery) = Events::new(nowhere(), &reporter(), address, &metrics).unwrap();
    for _ in 0..3 {
        events.record(&policy(), Severity::Normal, "Succeeded", "fine");
    }
    let shutdown = CancellationToken::new();
    shutdown.cancel();
    delivery.run(shutdown).await;
    assert_eq!(dropped(&metrics, Receiver::NotificationController), 3);
}
