//! The end of the process: a push that has begun is finished, one that has not is not begun.

use api::repin::v1alpha1::Phase;
use test_support::api_proxy::Point;
use test_support::cluster::eventually;

use crate::setup::{PACK, Setup, plan_status, reached, ready};

#[tokio::test]
async fn a_push_that_has_begun_is_finished_and_told() {
    let mut setup = Setup::start().await;
    let hold = setup.git.hold(PACK);
    let name = setup.make(1, "2.0.0").await;
    let hold = reached(hold).await;
    setup.signal_end();
    eventually("the process knows that it is to end", async || {
        let output = setup.writer.output();
        output.contains("shutting down").then_some(())
    })
    .await;
    hold.release();
    assert!(setup.writer.ended().await.success());
    let plan = setup.get(&name).await;
    assert_eq!(plan.phase(), Phase::Pushed);
    setup.one_commit("2.0.0");
    let output = setup.writer.output();
    assert!(!output.contains("interrupted"), "{output}");
}

#[tokio::test]
async fn a_push_that_has_not_begun_is_left_to_the_next_process() {
    let mut setup = Setup::start().await;
    let hold = setup.proxy.hold(plan_status(), Point::After);
    let name = setup.make(1, "2.0.0").await;
    hold.reached().await;
    setup.signal_end();
    eventually("the process knows that it is to end", async || {
        let output = setup.writer.output();
        output.contains("shutting down").then_some(())
    })
    .await;
    drop(hold);
    assert!(setup.writer.ended().await.success());
    assert_eq!(setup.repo.count("main"), 1);
    let plan = setup.get(&name).await;
    assert!(ready(&plan).is_none(), "{:?}", plan.status);
    setup.writer.restart();
    setup.until_pushed(&name).await;
    setup.one_commit("2.0.0");
}
