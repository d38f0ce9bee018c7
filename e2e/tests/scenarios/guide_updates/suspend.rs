//! "Suspend automation".

use e2e::fleet::Fleet;
use serde_json::{Value, json};

use super::{AUTOMATION, PODINFO, is_an_update, release, scanned};

const AUTOMATION_NAME: &str = "imageupdateautomation/flux-system";

#[tokio::test]
async fn nothing_is_pushed_while_suspended() {
    let (fleet, first) = scanned(&["5.0.0", "5.0.3"], "5.0.3").await;
    fleet.apply(AUTOMATION).await;
    let commit = fleet.until_moved("main", Some(&first)).await;
    fleet.until_told(&commit).await;

    // The automation: the tag is found, and no plan is made, not even on request.
    suspend(&fleet, AUTOMATION_NAME, true).await;
    release(&fleet, "5.0.4").await;
    fleet.reconcile(AUTOMATION_NAME).await;
    is_left_alone(&fleet, &commit).await;
    let automation = fleet.get(AUTOMATION_NAME).await;
    assert_eq!(automation["status"]["lastPushCommit"], json!(commit));
    assert_eq!(
        automation["status"]["observedPolicies"]["podinfo"]["tag"],
        "5.0.3"
    );

    // Resumed, it catches up by itself.
    suspend(&fleet, AUTOMATION_NAME, false).await;
    let next = fleet.until_moved("main", Some(&commit)).await;
    is_an_update(&fleet, &next, &commit, ("5.0.3", "5.0.4"));
    fleet.until_told(&next).await;

    // One image only: it is not scanned.
    suspend(&fleet, "imagerepository/podinfo", true).await;
    fleet.push(PODINFO, &["5.0.5"]).await;
    fleet.reconcile("imagerepository/podinfo").await;
    fleet.reconcile(AUTOMATION_NAME).await;
    assert_eq!(fleet.head("main").as_ref(), Some(&next));
    suspend(&fleet, "imagerepository/podinfo", false).await;
    fleet.reconcile("imagerepository/podinfo").await;
    let last = fleet.until_moved("main", Some(&next)).await;
    is_an_update(&fleet, &last, &next, ("5.0.4", "5.0.5"));
    fleet.until_told(&last).await;
    fleet.finish().await;
}

async fn suspend(fleet: &Fleet, object: &str, value: bool) {
    fleet
        .patch(object, &json!({"spec": {"suspend": value}}))
        .await;
}

async fn is_left_alone(fleet: &Fleet, head: &str) {
    assert_eq!(fleet.head("main").as_deref(), Some(head));
    let plans = fleet.plans().await;
    let open = |plan: &&Value| plan["status"]["conditions"][0]["reason"] != "Pushed";
    assert_eq!(plans.iter().filter(open).count(), 0, "{plans:?}");
    assert_eq!(plans.len(), 1);
}
