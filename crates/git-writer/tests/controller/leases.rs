//! Two instances: one writes.

use test_support::api_proxy::{Calls, Effect, Point};
use test_support::cluster::eventually;

use crate::setup::{Setup, plan_status, status};

const ELECTED: [&str; 4] = [
    "--enable-leader-election",
    "--leader-election-lease-duration=6s",
    "--leader-election-renew-deadline=4s",
    "--leader-election-retry-period=500ms",
];

#[tokio::test]
async fn the_second_instance_goes_on_where_the_first_was_killed() {
    let mut setup = Setup::with(&ELECTED, |server| server).await;
    eventually("the first instance leads", async || {
        let output = setup.writer.output();
        output.contains("successfully acquired").then_some(())
    })
    .await;
    let mut second = setup.second_writer(&ELECTED).await;
    eventually("the second instance stands by", async || {
        second.output().contains("standing by").then_some(())
    })
    .await;
    let hold = setup.proxy.hold(plan_status(), Point::After);
    let name = setup.make(1, "2.0.0").await;
    hold.reached().await;
    setup.writer.kill9();
    hold.abandoned().await;
    drop(hold);
    let prepared = status(&setup.get(&name).await).prepared.unwrap();
    let plan = setup.until_pushed(&name).await;
    setup.one_commit("2.0.0");
    assert_eq!(status(&plan).commit, Some(prepared.commit), "the same one");
    assert!(second.terminate().await.success());
}

#[tokio::test]
async fn who_has_lost_the_lease_does_not_push() {
    let mut setup = Setup::with(&ELECTED, |server| server).await;
    let hold = setup.proxy.hold(plan_status(), Point::After);
    let name = setup.make(1, "2.0.0").await;
    hold.reached().await;
    // The stored commit is known to the server, and the lease is not renewed any more.
    setup
        .proxy
        .fail_always(Calls::to("leases"), Effect::Status(500));
    eventually("the lease is lost", async || {
        let output = setup.writer.output();
        output.contains("lost").then_some(())
    })
    .await;
    drop(hold);
    assert!(!setup.writer.ended().await.success());
    assert_eq!(setup.repo.count("main"), 1);
    setup.proxy.heal();
    setup.writer.restart();
    setup.until_pushed(&name).await;
    setup.one_commit("2.0.0");
}
