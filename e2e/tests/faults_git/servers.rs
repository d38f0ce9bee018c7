//! Git servers that are dead, hang, refuse, and break off.

use e2e::faults::{PACK, PUSH, Site, Told};
use serde_json::json;
use test_support::git_http::Fault;

use super::{one_update, reached};

/// As often as nobody ever asks.
const ALWAYS: usize = 10_000;

#[tokio::test]
async fn a_server_that_is_dead_is_asked_until_it_lives() {
    let site = Site::start().await;
    site.line.die().await;
    site.release(0).await;
    site.until_failing(0, "failed to push to remote").await;
    site.release(0).await;
    site.line.revive().await;
    let report = site.settle(Told::Once).await.is_right();
    assert!((1..=2).contains(&report.commits), "{report:?}");
}

#[tokio::test]
async fn a_server_that_dies_within_a_push_gets_the_commit_later() {
    let site = Site::start().await;
    let hold = site.git.hold(PACK);
    site.release(0).await;
    let hold = reached(hold).await;
    site.line.die().await;
    hold.release();
    site.until_failing(0, "failed to push to remote").await;
    site.line.revive().await;
    one_update(&site).await;
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_and_asked_again() {
    let site = Site::start().await;
    site.patch_source(&json!({ "timeout": "1s" })).await;
    site.git.fault(PACK, 1, Fault::Hang);
    site.release(0).await;
    site.until_failing(0, "failed to push to remote").await;
    one_update(&site).await;
}

#[tokio::test]
async fn a_server_that_never_tells_where_its_branches_are() {
    let site = Site::start().await;
    site.patch_source(&json!({ "timeout": "1s" })).await;
    site.git.fault("info/refs", 2, Fault::Hang);
    site.release(0).await;
    one_update(&site).await;
}

#[tokio::test]
async fn a_server_that_refuses_is_quoted_and_asked_again() {
    let site = Site::start().await;
    let flag = site.refusing_hook("closed for the weekend");
    flag.raise();
    site.release(0).await;
    site.until_failing(0, "closed for the weekend").await;
    flag.lower();
    one_update(&site).await;
}

#[tokio::test]
async fn a_newer_tag_takes_the_place_of_one_that_is_refused() {
    let site = Site::start().await;
    let flag = site.refusing_hook("closed");
    flag.raise();
    site.release(0).await;
    site.until_failing(0, "closed").await;
    site.release(0).await;
    site.until_plans(2).await;
    flag.lower();
    let report = site.settle(Told::Once).await.is_right();
    assert!((1..=2).contains(&report.commits), "{report:?}");
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_pack_makes_no_second_commit() {
    let site = Site::start().await;
    site.git.fault(PACK, 1, Fault::CloseAfter(0));
    site.release(0).await;
    one_update(&site).await;
}

#[tokio::test]
async fn a_server_that_took_the_push_and_died_before_its_answer() {
    let site = Site::start().await;
    let landing = site.hold_landed();
    site.release(0).await;
    landing.reached().await;
    site.line.die().await;
    landing.release();
    site.until_failing(0, "failed to push to remote").await;
    site.line.revive().await;
    one_update(&site).await;
}

#[tokio::test]
async fn a_server_that_fails_for_long_is_not_told_of_twice() {
    let site = Site::start().await;
    site.git.fault(PUSH, ALWAYS, Fault::Status(503));
    site.release(0).await;
    site.until_failing(0, "503").await;
    site.git.heal();
    one_update(&site).await;
}
