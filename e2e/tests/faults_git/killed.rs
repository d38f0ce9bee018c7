//! `kill -9` of each controller at every step from a tag to the status that tells of its commit.

use e2e::faults::{PACK, Site, Told, Victim};
use kube::ResourceExt as _;
use serde_json::Value;
use test_support::api_proxy::{Calls, Hold, Point, Seen};

use super::reached;

fn plans() -> Calls {
    Calls::writes("imageupdateplans")
}

fn plan_status() -> Calls {
    Calls::status_writes("imageupdateplans")
}

fn status() -> Calls {
    Calls::status_writes("imageupdateautomations")
}

/// Dies while a call is held, of which `passing` pass before.
async fn at_call(victim: Victim, (calls, passing): (Calls, usize), point: Point, told: Told) {
    let mut site = Site::start().await;
    let hold = site.proxy.hold(calls.clone(), point).after(passing);
    site.release(0).await;
    let hold = until_held(&site, calls, hold).await;
    site.kill(victim);
    hold.abandoned().await;
    drop(hold);
    site.restart(victim);
    one_update(&site, told).await;
}

/// Waits until a call is held that is not the status of a pass under way, which a slow machine brings forth.
async fn until_held(site: &Site, calls: Calls, hold: Hold) -> Hold {
    let mut hold = hold;
    loop {
        hold.reached().await;
        let seen = site.proxy.seen();
        let last = seen.iter().rfind(|seen| calls.cover(&seen.call));
        if !last.is_some_and(is_under_way) {
            return hold;
        }
        hold = site.proxy.hold(calls.clone(), Point::After);
    }
}

fn is_under_way(seen: &Seen) -> bool {
    let body: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
    let conditions = body["status"]["conditions"].as_array();
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|condition| condition["reason"] == api::reasons::PROGRESSING)
}

/// There is one commit, made once, of one plan.
async fn one_update(site: &Site, told: Told) {
    let report = site.settle(told).await.is_right();
    assert_eq!((report.commits, report.updates), (1, 1));
    assert_eq!(site.plans().await.len(), 1);
    site.repo.fsck();
}

#[tokio::test]
async fn the_setter_before_its_plan() {
    at_call(Victim::Setter, (plans(), 0), Point::Before, Told::Once).await;
}

#[tokio::test]
async fn the_setter_with_its_plan_made() {
    at_call(Victim::Setter, (plans(), 0), Point::After, Told::Once).await;
}

#[tokio::test]
async fn the_setter_before_the_status_that_tells_of_the_push() {
    at_call(Victim::Setter, (status(), 0), Point::Before, Told::Once).await;
}

/// The Event comes after the status: it is lost with the process.
#[tokio::test]
async fn the_setter_with_the_status_that_tells_of_the_push() {
    at_call(
        Victim::Setter,
        (status(), 0),
        Point::After,
        Told::OnceAtMost,
    )
    .await;
}

#[tokio::test]
async fn the_setter_while_it_throws_old_plans_away() {
    let mut site = Site::start().await;
    for _ in 0..10 {
        site.release(0).await;
        site.settle(Told::Once).await.is_right();
    }
    let hold = site.proxy.hold(deletes(), Point::Before);
    site.release(0).await;
    hold.reached().await;
    site.kill(Victim::Setter);
    hold.abandoned().await;
    drop(hold);
    site.restart(Victim::Setter);
    let report = site.settle(Told::OnceAtMost).await.is_right();
    assert_eq!(report.commits, 11);
    assert_eq!(site.plans().await.len(), 10);
}

#[tokio::test]
async fn the_writer_before_the_commit_is_stored() {
    at_call(
        Victim::Writer,
        (plan_status(), 0),
        Point::Before,
        Told::Once,
    )
    .await;
}

#[tokio::test]
async fn the_writer_with_the_commit_stored_and_not_pushed() {
    at_call(Victim::Writer, (plan_status(), 0), Point::After, Told::Once).await;
}

#[tokio::test]
async fn the_writer_with_the_commit_pushed_and_its_status_not_written() {
    at_call(
        Victim::Writer,
        (plan_status(), 1),
        Point::Before,
        Told::Once,
    )
    .await;
}

#[tokio::test]
async fn the_writer_with_the_status_of_its_push_written() {
    at_call(Victim::Writer, (plan_status(), 1), Point::After, Told::Once).await;
}

#[tokio::test]
async fn the_writer_before_it_has_heard_where_the_branch_is() {
    at_request("service=git-receive-pack").await;
}

#[tokio::test]
async fn the_writer_before_the_server_has_read_the_pack() {
    at_request(PACK).await;
}

/// The server goes on with what it has of a request when its client is gone.
async fn at_request(part: &str) {
    let mut site = Site::start().await;
    let hold = site.git.hold(part);
    site.release(0).await;
    let hold = reached(hold).await;
    site.kill(Victim::Writer);
    hold.release();
    site.restart(Victim::Writer);
    one_update(&site, Told::Once).await;
}

#[tokio::test]
async fn the_writer_with_the_commit_on_the_branch_and_no_answer() {
    let mut site = Site::start().await;
    let landing = site.hold_landed();
    site.release(0).await;
    landing.reached().await;
    site.kill(Victim::Writer);
    landing.release();
    site.restart(Victim::Writer);
    one_update(&site, Told::Once).await;
}

#[tokio::test]
async fn both_with_the_commit_on_the_branch_and_somebody_builds_on_it() {
    let mut site = Site::start().await;
    let hold = site.proxy.hold(plan_status(), Point::Before).after(1);
    site.release(0).await;
    hold.reached().await;
    site.kill(Victim::Writer);
    site.kill(Victim::Setter);
    hold.abandoned().await;
    drop(hold);
    site.outside_commit("README.md", "read it\n");
    site.release(0).await;
    site.restart(Victim::Setter);
    site.restart(Victim::Writer);
    let report = site.settle(Told::Once).await.is_right();
    assert_eq!((report.commits, report.updates), (2, 2));
}

/// The plan is deleted in the moment in which its commit lands: nobody is told, and nothing is made twice.
#[tokio::test]
async fn the_writer_while_its_plan_is_deleted() {
    let mut site = Site::start().await;
    let hold = site.proxy.hold(plan_status(), Point::Before).after(1);
    site.release(0).await;
    hold.reached().await;
    site.kill(Victim::Writer);
    hold.abandoned().await;
    drop(hold);
    let name = site.plans().await[0].name_any();
    site.delete_plan(&name).await;
    site.restart(Victim::Writer);
    let report = site.settle(Told::OnceAtMost).await.is_right();
    assert_eq!((report.commits, report.updates), (1, 1));
}

fn deletes() -> Calls {
    Calls::deletes("imageupdateplans")
}
