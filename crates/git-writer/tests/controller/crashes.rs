//! The process is killed, or the API server goes away, at each step of a plan: there is one commit, and the status says so.

use test_support::api_proxy::{Effect, Point};
use test_support::control_plane::ControlPlane;

use crate::setup::{PACK, Setup, plan_status, reached, status};

/// Kills the process while the `nth` write of the status is held there, starts it again and waits for the end.
async fn killed_at_write(nth: usize, point: Point) {
    let mut setup = Setup::start().await;
    let plan = setup.plan(1, "2.0.0").await;
    let name = setup.killed_at(&plan, (nth, point)).await;
    let pushed = setup.repo.find("main");
    setup.writer.restart();
    let plan = setup.until_pushed(&name).await;
    setup.one_commit("2.0.0");
    let prepared = status(&plan).prepared.unwrap();
    assert_eq!(Some(prepared.commit), status(&plan).commit);
    if nth > 0 {
        assert_eq!(setup.repo.find("main"), pushed, "the same commit");
    }
}

#[tokio::test]
async fn before_the_commit_is_stored() {
    killed_at_write(0, Point::Before).await;
}

#[tokio::test]
async fn when_the_commit_is_stored_and_not_pushed() {
    killed_at_write(0, Point::After).await;
}

#[tokio::test]
async fn when_the_commit_is_pushed_and_the_status_not_written() {
    killed_at_write(1, Point::Before).await;
}

#[tokio::test]
async fn when_the_status_is_written_and_nobody_knows() {
    killed_at_write(1, Point::After).await;
}

#[tokio::test]
async fn when_the_server_has_the_pack_and_nobody_knows_more() {
    let mut setup = Setup::start().await;
    let hold = setup.git.hold(PACK);
    let name = setup.make(1, "2.0.0").await;
    let hold = reached(hold).await;
    let prepared = status(&setup.get(&name).await).prepared.unwrap();
    setup.writer.kill9();
    hold.release();
    setup.writer.restart();
    let plan = setup.until_pushed(&name).await;
    setup.one_commit("2.0.0");
    assert_eq!(status(&plan).commit, Some(prepared.commit), "the same one");
}

#[tokio::test]
async fn before_the_next_push_somebody_builds_on_the_commit() {
    let mut setup = Setup::start().await;
    let plan = setup.plan(1, "2.0.0").await;
    let name = setup.killed_at(&plan, (1, Point::Before)).await;
    let ours = setup.repo.rev_parse("main");
    for n in 0..3 {
        let text = format!("{n}\n");
        setup.repo.commit("main").file("README.md", text).done();
    }
    setup.writer.restart();
    let plan = setup
        .until_in(&name, api::repin::v1alpha1::Phase::Pushed)
        .await;
    assert_eq!(status(&plan).commit, Some(ours));
    assert_eq!(setup.repo.count("main"), 5);
}

#[tokio::test]
async fn an_answer_about_the_stored_commit_that_gets_lost() {
    let setup = Setup::start().await;
    setup.proxy.fail(plan_status(), 2, Effect::LoseAnswer);
    let name = setup.make(1, "2.0.0").await;
    setup.until_pushed(&name).await;
    setup.one_commit("2.0.0");
}

#[tokio::test]
async fn a_commit_that_cannot_be_stored_is_not_pushed() {
    let setup = Setup::start().await;
    setup.proxy.fail_always(plan_status(), Effect::Status(403));
    let name = setup.make(1, "2.0.0").await;
    setup.proxy.until_seen(&plan_status(), 3).await;
    assert_eq!(setup.repo.count("main"), 1);
    setup.proxy.heal();
    setup.until_pushed(&name).await;
    setup.one_commit("2.0.0");
}

#[tokio::test]
async fn the_api_server_restarts_between_push_and_status() {
    let mut plane = ControlPlane::start().await;
    let setup = Setup::on(&plane.cluster().clone(), &[], |server| server).await;
    let hold = setup.proxy.hold(plan_status(), Point::Before).after(1);
    let name = setup.make(1, "2.0.0").await;
    hold.reached().await;
    plane.stop_api_server();
    drop(hold);
    setup.one_commit("2.0.0");
    plane.start_api_server().await;
    setup.until_pushed(&name).await;
    setup.one_commit("2.0.0");
}
