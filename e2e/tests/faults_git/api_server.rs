//! The API server dies and comes back between a push and the status that tells of it.

use e2e::faults::{Shape, Site, Told, Victim};
use test_support::api_proxy::{Calls, Effect, Point};
use test_support::control_plane::ControlPlane;

#[tokio::test]
async fn an_api_server_that_restarts_between_push_and_status() {
    let mut plane = ControlPlane::start().await;
    let site = Site::on(plane.cluster(), Shape::default()).await;
    let calls = Calls::status_writes("imageupdateplans");
    let hold = site.proxy.hold(calls, Point::Before).after(1);
    site.release(0).await;
    hold.reached().await;
    let pushed = site.repo.rev_parse("main");
    plane.stop_api_server();
    drop(hold);
    plane.start_api_server().await;
    let report = site.settle(Told::Once).await.is_right();
    assert_eq!((report.commits, report.updates), (1, 1));
    assert_eq!(site.repo.rev_parse("main"), pushed);

    // Before the commit is stored, with the controllers gone, too.
    let mut site = site;
    let calls = Calls::status_writes("imageupdateplans");
    let hold = site.proxy.hold(calls, Point::Before);
    site.release(0).await;
    hold.reached().await;
    plane.stop_api_server();
    site.kill(Victim::Writer);
    site.kill(Victim::Setter);
    drop(hold);
    plane.start_api_server().await;
    site.restart(Victim::Writer);
    site.restart(Victim::Setter);
    let report = site.settle(Told::Once).await.is_right();
    assert_eq!((report.commits, report.updates), (2, 2));
}

const STATUSES: [&str; 2] = ["imageupdateplans", "imageupdateautomations"];

/// What writes of statuses meet, and those of plans, too, where that can be.
async fn failing(effect: Effect, plans: bool) {
    let site = Site::start().await;
    let statuses = STATUSES.into_iter().map(Calls::status_writes);
    let plans = plans.then(|| Calls::writes("imageupdateplans"));
    for calls in statuses.chain(plans) {
        site.proxy.fail(calls, 2, effect.clone());
    }
    site.release(0).await;
    let report = site.settle(Told::Once).await.is_right();
    assert_eq!((report.commits, report.updates), (1, 1));
    assert_eq!(site.plans().await.len(), 1);
}

#[tokio::test]
async fn an_api_server_that_loses_answers() {
    failing(Effect::LoseAnswer, true).await;
}

#[tokio::test]
async fn an_api_server_that_fails() {
    failing(Effect::Status(500), true).await;
}

#[tokio::test]
async fn an_api_server_that_is_in_conflict() {
    failing(Effect::Status(409), false).await;
}
