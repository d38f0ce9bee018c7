//! "Push updates to a different branch".

use serde_json::{Value, json};

use super::{AUTOMATION, PODINFO, is_an_update, push_is_told, release, scanned};

const BRANCH: &str = "image-updates";

#[tokio::test]
async fn updates_gather_on_a_branch_of_their_own() {
    let (fleet, first) = scanned(&["5.0.0", "5.0.3"], "5.0.3").await;
    let automation = AUTOMATION.replace(
        "    push:\n      branch: main",
        &format!("    push:\n      branch: {BRANCH}"),
    );
    fleet.apply(&automation).await;

    // The branch does not exist: it is created.
    let commit = fleet.until_moved(BRANCH, None).await;
    is_an_update(&fleet, &commit, &first, ("5.0.0", "5.0.3"));
    let status = fleet.until_told(&commit).await["status"].clone();
    assert_eq!(
        status["observedSourceRevision"],
        format!("main@sha1:{first}")
    );
    let image = fleet.registry.image(PODINFO);
    let message = format!("{image}:5.0.3\n");
    push_is_told(&fleet, &commit, (BRANCH, &message)).await;

    // The next update stands on the one before, and main is nobody's but the user's.
    release(&fleet, "5.0.4").await;
    let next = fleet.until_moved(BRANCH, Some(&commit)).await;
    is_an_update(&fleet, &next, &commit, ("5.0.3", "5.0.4"));
    fleet.until_told(&next).await;
    assert_eq!(fleet.head("main"), Some(first.clone()));

    // The request is merged and the branch deleted: nothing is left to do, until there is a new tag.
    fleet.repository.branch("main", &next);
    fleet.repository.delete(&format!("refs/heads/{BRANCH}"));
    fleet.reconcile("imageupdateautomation/flux-system").await;
    let revision = json!(format!("main@sha1:{next}"));
    let automation = fleet.get("imageupdateautomation/flux-system").await;
    assert_eq!(automation["status"]["observedSourceRevision"], revision);
    assert_eq!(fleet.head(BRANCH), None);
    release(&fleet, "5.0.5").await;
    let last = fleet.until_moved(BRANCH, None).await;
    is_an_update(&fleet, &last, &next, ("5.0.4", "5.0.5"));
    fleet.until_told(&last).await;
    let phases: Vec<Value> = fleet.plans().await;
    let phases: Vec<_> = phases
        .iter()
        .map(|plan| plan["status"]["conditions"][0]["reason"].clone())
        .collect();
    assert_eq!(phases, ["Pushed"; 3]);
    fleet.finish().await;
}
