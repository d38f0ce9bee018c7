use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use kube::Client;
use parking_lot::Mutex;
use serde_json::json;
use tokio::task::JoinHandle;

use super::*;

/// The Leases of an API server, as far as an election sees them: one Lease, written by compare and swap.
#[derive(Clone, Default)]
struct Leases(Arc<Mutex<Server>>);

#[derive(Default)]
struct Server {
    lease: Option<Lease>,
    version: u32,
    unreachable: bool,
    writes: u32,
}

impl Leases {
    fn client(&self) -> Client {
        let router = Router::new()
            .route(
                "/apis/coordination.k8s.io/v1/namespaces/system/leases",
                post(create),
            )
            .route(
                "/apis/coordination.k8s.io/v1/namespaces/system/leases/{name}",
                get(read).put(replace),
            )
            .with_state(self.clone());
        Client::new(router, "system")
    }

    /// An instance that asks for the Lease every 5 seconds, writes for 30 and reserves for 35.
    fn instance(&self, me: &str) -> Election {
        let settings = Settings {
            name: "scanner-leader-election".to_owned(),
            me: me.to_owned(),
            duration: Duration::from_secs(35),
            renew_deadline: Duration::from_secs(30),
            retry_period: Duration::from_secs(5),
            release: true,
        };
        let api = Api::default_namespaced(self.client());
        Election::new(api, settings, Metrics::new())
    }

    fn cut(&self) {
        self.0.lock().unreachable = true;
    }

    fn mend(&self) {
        self.0.lock().unreachable = false;
    }

    fn spec(&self) -> LeaseSpec {
        let server = self.0.lock();
        server.lease.as_ref().unwrap().spec.clone().unwrap()
    }

    fn holder(&self) -> String {
        self.spec().holder_identity.unwrap()
    }

    fn writes(&self) -> u32 {
        self.0.lock().writes
    }

    /// Stores `lease` where it was read in its newest state.
    fn store(&self, mut lease: Lease) -> Response {
        let mut server = self.0.lock();
        let newest = server
            .lease
            .as_ref()
            .and_then(|lease| lease.metadata.resource_version.clone());
        if lease.metadata.resource_version != newest {
            return failure(StatusCode::CONFLICT);
        }
        server.version += 1;
        server.writes += 1;
        lease.metadata.resource_version = Some(server.version.to_string());
        server.lease = Some(lease.clone());
        Json(lease).into_response()
    }

    /// Never returns while the server is unreachable.
    async fn answers(&self) {
        if self.0.lock().unreachable {
            std::future::pending::<()>().await;
        }
    }
}

fn failure(code: StatusCode) -> Response {
    let reason = if code == StatusCode::NOT_FOUND {
        "NotFound"
    } else {
        "Conflict"
    };
    let status =
        json!({ "status": "Failure", "code": code.as_u16(), "reason": reason, "message": "" });
    (code, Json(status)).into_response()
}

async fn read(State(leases): State<Leases>) -> Response {
    leases.answers().await;
    let lease = leases.0.lock().lease.clone();
    lease.map_or_else(
        || failure(StatusCode::NOT_FOUND),
        |lease| Json(lease).into_response(),
    )
}

async fn create(State(leases): State<Leases>, Json(lease): Json<Lease>) -> Response {
    leases.answers().await;
    leases.store(lease)
}

async fn replace(State(leases): State<Leases>, Json(lease): Json<Lease>) -> Response {
    leases.answers().await;
    leases.store(lease)
}

/// An instance that leads, and keeps the Lease until it is told to stop.
struct Leader {
    claims: Claims,
    stop: CancellationToken,
    task: JoinHandle<Result<(), LeaseLost>>,
}

impl Leader {
    async fn start(mut election: Election) -> Self {
        let acquired = tokio::time::timeout(Duration::from_secs(3_600), election.acquire()).await;
        acquired.expect("an instance leads within an hour");
        let (claims, stop) = (election.claims(), CancellationToken::new());
        let task = tokio::spawn(election.hold(stop.clone()));
        Self { claims, stop, task }
    }
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn a_new_lease_is_taken_at_once_and_kept() {
    let leases = Leases::default();
    let leader = Leader::start(leases.instance("one")).await;
    assert!(leader.claims.is_current());
    let spec = leases.spec();
    assert_eq!(spec.holder_identity.as_deref(), Some("one"));
    assert_eq!(
        (spec.lease_duration_seconds, spec.lease_transitions),
        (Some(35), Some(0))
    );
    for _ in 0..100 {
        pass(7).await;
        assert!(leader.claims.is_current());
    }
    assert!(leases.writes() >= 100);
    assert_eq!(leases.spec().acquire_time, spec.acquire_time);
}

#[tokio::test(start_paused = true)]
async fn of_two_instances_one_leads() {
    let leases = Leases::default();
    let leader = Leader::start(leases.instance("one")).await;
    let mut second = leases.instance("two");
    let claims = second.claims();
    let waited = tokio::time::timeout(Duration::from_secs(1_000), second.acquire()).await;
    assert!(waited.is_err(), "both lead");
    assert!(leader.claims.is_current() && !claims.is_current());
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_stops_hands_over_at_once() {
    let leases = Leases::default();
    let leader = Leader::start(leases.instance("one")).await;
    let second = tokio::spawn(Leader::start(leases.instance("two")));
    pass(60).await;
    leader.stop.cancel();
    assert_eq!(leader.task.await.unwrap(), Ok(()));
    assert!(!leader.claims.is_current());
    assert_eq!(leases.holder(), "");
    let given_up = Instant::now();
    let second = second.await.unwrap();
    assert!(
        given_up.elapsed() <= Duration::from_secs(6),
        "{:?}",
        given_up.elapsed()
    );
    assert!(second.claims.is_current());
    assert_eq!(
        (leases.holder().as_str(), leases.spec().lease_transitions),
        ("two", Some(1))
    );
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_vanished_is_followed_after_the_duration_it_was_watched_for() {
    let leases = Leases::default();
    let leader = Leader::start(leases.instance("one")).await;
    pass(1).await;
    leader.task.abort();
    let start = Instant::now();
    let second = Leader::start(leases.instance("two")).await;
    let waited = start.elapsed();
    assert!(second.claims.is_current());
    assert!(waited >= Duration::from_secs(35), "{waited:?}");
    assert!(waited < Duration::from_secs(42), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_is_cut_off_ceases_to_write_before_another_can_lead() {
    let leases = Leases::default();
    let leader = Leader::start(leases.instance("one")).await;
    // Cut off from a server of its own: the other instance goes on.
    let second = tokio::spawn(Leader::start(leases.instance("two")));
    pass(12).await;
    let start = Instant::now();
    leases.cut();
    while leader.claims.is_current() {
        pass(1).await;
    }
    assert!(
        start.elapsed() <= Duration::from_secs(30),
        "{:?}",
        start.elapsed()
    );
    assert!(matches!(
        leader.task.await.unwrap(),
        Err(LeaseLost::Expired { .. })
    ));
    leases.mend();
    let second = second.await.unwrap();
    assert!(second.claims.is_current() && !leader.claims.is_current());
}

#[tokio::test(start_paused = true)]
async fn a_short_failure_costs_nothing() {
    let leases = Leases::default();
    let leader = Leader::start(leases.instance("one")).await;
    leases.cut();
    pass(12).await;
    leases.mend();
    for _ in 0..60 {
        assert!(leader.claims.is_current());
        pass(1).await;
    }
    assert_eq!(
        (leases.holder().as_str(), leases.spec().lease_transitions),
        ("one", Some(0))
    );
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_somebody_edits_is_kept_by_its_holder() {
    let leases = Leases::default();
    let leader = Leader::start(leases.instance("one")).await;
    {
        let mut server = leases.0.lock();
        let lease = server.lease.as_mut().unwrap();
        lease.metadata.resource_version = Some("edited".to_owned());
    }
    pass(6).await;
    assert_eq!(
        leases.writes(),
        2,
        "the next renewal overcomes the conflict"
    );
    pass(60).await;
    assert!(leader.claims.is_current());
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_another_one_took_is_lost_at_once() {
    let leases = Leases::default();
    let leader = Leader::start(leases.instance("one")).await;
    {
        let mut server = leases.0.lock();
        let lease = server.lease.as_mut().unwrap();
        lease.metadata.resource_version = Some("edited".to_owned());
        lease.spec.as_mut().unwrap().holder_identity = Some("two".to_owned());
    }
    let lost = leader.task.await.unwrap().unwrap_err();
    assert_eq!(
        lost.to_string(),
        "leader election lost: two holds the lease scanner-leader-election"
    );
    assert!(!leader.claims.is_current());
    assert_eq!(leases.holder(), "two");
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_kept_where_giving_it_up_is_off() {
    let leases = Leases::default();
    let mut election = leases.instance("one");
    election.settings.release = false;
    let leader = Leader::start(election).await;
    leader.stop.cancel();
    assert_eq!(leader.task.await.unwrap(), Ok(()));
    assert_eq!(leases.holder(), "one");
    assert!(!leader.claims.is_current());
}
