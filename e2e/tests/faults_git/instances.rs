//! Two instances of each controller, one of which works; they are killed in turn.

use e2e::faults::{Shape, Site, Told, Victim};
use test_support::api_proxy::{Calls, Point};
use test_support::cluster::{ControllerProcess, eventually};

/// A lease as short as a test can bear.
const LEASE: [&str; 4] = [
    "--enable-leader-election",
    "--leader-election-lease-duration=3s",
    "--leader-election-renew-deadline=2s",
    "--leader-election-retry-period=300ms",
];

/// The instances, of which the first one leads.
async fn two(victim: Victim) -> (Site, ControllerProcess) {
    let site = Site::of(Shape {
        flags: &LEASE,
        ..Shape::default()
    })
    .await;
    let flags: &[&str] = match victim {
        Victim::Setter => &["--batch-window=0s"],
        Victim::Writer => &[],
    };
    let second = site.second(victim, &[&LEASE, flags].concat()).await;
    eventually("the second instance stands by", async || {
        second.output().contains("standing by").then_some(())
    })
    .await;
    (site, second)
}

/// Kills the one that leads in the middle of an update, then the other one, each with the other as its successor.
async fn killed_in_turn(victim: Victim, calls: Calls) {
    let (mut site, mut second) = two(victim).await;
    for round in 0..2 {
        let hold = site.proxy.hold(calls.clone(), Point::After);
        site.release(0).await;
        hold.reached().await;
        match round {
            0 => site.kill(victim),
            _ => second.kill9(),
        }
        hold.abandoned().await;
        drop(hold);
        let report = site.settle(Told::OnceAtMost).await.is_right();
        assert_eq!(report.commits, round + 1);
        if round == 0 {
            site.restart(victim);
        }
    }
    second.restart();
    site.release(0).await;
    let report = site.settle(Told::OnceAtMost).await.is_right();
    assert_eq!((report.commits, report.updates), (3, 3));
    site.repo.fsck();
}

#[tokio::test]
async fn two_writers_push_each_commit_once() {
    let calls = Calls::status_writes("imageupdateplans");
    Box::pin(killed_in_turn(Victim::Writer, calls)).await;
}

#[tokio::test]
async fn two_setters_make_each_plan_once() {
    let calls = Calls::writes("imageupdateplans");
    Box::pin(killed_in_turn(Victim::Setter, calls)).await;
}

/// It does not know yet that the other one leads when it is let go on.
#[tokio::test]
async fn a_writer_that_was_paused_beyond_its_lease_pushes_nothing_twice() {
    let (mut site, second) = two(Victim::Writer).await;
    let hold = site
        .proxy
        .hold(Calls::status_writes("imageupdateplans"), Point::After);
    site.release(0).await;
    hold.reached().await;
    site.process(Victim::Writer).pause();
    drop(hold);
    eventually("the second instance leads", async || {
        second
            .output()
            .contains("successfully acquired")
            .then_some(())
    })
    .await;
    site.until_on("main", 0, "1.0.1").await;
    site.release(0).await;
    site.process(Victim::Writer).resume();
    assert!(!site.process(Victim::Writer).ended().await.success());
    let report = site.settle(Told::Once).await.is_right();
    assert_eq!((report.commits, report.updates), (2, 2));
}
