//! "Revert image updates": by the policy, and by `git revert`.

use e2e::fleet::git;
use serde_json::json;

use super::{AUTOMATION, DEPLOYMENT_PATH, deployment, is_an_update, release, scanned, select};

const AUTOMATION_NAME: &str = "imageupdateautomation/flux-system";

#[tokio::test]
async fn a_pinned_policy_reverts_an_update() {
    let (fleet, first) = scanned(&["5.0.0"], "5.0.0").await;
    select(&fleet, ">=5.0.0").await;
    fleet.apply(AUTOMATION).await;
    release(&fleet, "5.0.1").await;
    let updated = fleet.until_moved("main", Some(&first)).await;
    is_an_update(&fleet, &updated, &first, ("5.0.0", "5.0.1"));
    fleet.until_told(&updated).await;

    // 5.0.1 causes an incident: the policy is pinned to the previous version.
    select(&fleet, "5.0.0").await;
    let reverted = fleet.until_moved("main", Some(&updated)).await;
    is_an_update(&fleet, &reverted, &updated, ("5.0.1", "5.0.0"));
    fleet.until_told(&reverted).await;

    // 5.0.2 is available: only versions greater than 5.0.1 are considered.
    release_beside(&fleet, "5.0.2").await;
    assert_eq!(fleet.head("main").as_ref(), Some(&reverted));
    select(&fleet, ">5.0.1").await;
    let fixed = fleet.until_moved("main", Some(&reverted)).await;
    is_an_update(&fleet, &fixed, &reverted, ("5.0.0", "5.0.2"));
    fleet.until_told(&fixed).await;
    fleet.finish().await;
}

/// A tag that the policy does not take.
async fn release_beside(fleet: &e2e::fleet::Fleet, tag: &str) {
    fleet.push(super::PODINFO, &[tag]).await;
    fleet.reconcile("imagerepository/podinfo").await;
    fleet.reconcile(AUTOMATION_NAME).await;
}

#[tokio::test]
async fn a_reverted_commit_stays_reverted_when_the_policy_is_pinned() {
    let (fleet, first) = scanned(&["5.0.0", "5.0.1"], "5.0.1").await;
    fleet.apply(AUTOMATION).await;
    let updated = fleet.until_moved("main", Some(&first)).await;
    fleet.until_told(&updated).await;

    // Somebody is faster than the policy: the commit is undone by hand while the automation is suspended.
    fleet
        .patch(AUTOMATION_NAME, &json!({"spec": {"suspend": true}}))
        .await;
    let clone = fleet.checkout("main");
    git(clone.path(), &["revert", "--no-edit", "HEAD"]);
    git(clone.path(), &["push", "--quiet", "origin", "main"]);
    let reverted = fleet.head("main").unwrap();
    assert_ne!(reverted, updated);
    select(&fleet, "5.0.0").await;
    fleet.until_selected("podinfo", "5.0.0").await;
    fleet
        .patch(AUTOMATION_NAME, &json!({"spec": {"suspend": false}}))
        .await;

    // The files are as the policy wants them: there is nothing to commit, and the revert is seen.
    fleet.reconcile(AUTOMATION_NAME).await;
    let automation = fleet.until_told(&updated).await;
    assert_eq!(
        automation["status"]["observedSourceRevision"],
        format!("main@sha1:{reverted}")
    );
    assert_eq!(fleet.head("main"), Some(reverted.clone()));
    let shown = fleet.repository.show_text(&reverted, DEPLOYMENT_PATH);
    assert_eq!(shown, deployment(&fleet, "5.0.0"));

    // The next version goes on from there.
    select(&fleet, ">5.0.1").await;
    release(&fleet, "5.0.2").await;
    let fixed = fleet.until_moved("main", Some(&reverted)).await;
    is_an_update(&fleet, &fixed, &reverted, ("5.0.0", "5.0.2"));
    fleet.until_told(&fixed).await;
    fleet.finish().await;
}

/// A revert that no policy backs is undone by the next look at the branch, as with Flux.
#[tokio::test]
async fn a_revert_without_the_policy_does_not_last() {
    let (fleet, first) = scanned(&["5.0.0", "5.0.1"], "5.0.1").await;
    fleet.apply(AUTOMATION).await;
    let updated = fleet.until_moved("main", Some(&first)).await;
    fleet.until_told(&updated).await;
    let clone = fleet.checkout("main");
    git(clone.path(), &["revert", "--no-edit", "HEAD"]);
    git(clone.path(), &["push", "--quiet", "origin", "main"]);
    let reverted = fleet.head("main").unwrap();
    fleet.reconcile(AUTOMATION_NAME).await;
    let again = fleet.until_moved("main", Some(&reverted)).await;
    is_an_update(&fleet, &again, &reverted, ("5.0.0", "5.0.1"));
    assert_ne!(again, updated);
    fleet.until_told(&again).await;
    fleet.finish().await;
}
