//! "Deploy a demo app" and "Configure image updates".

use e2e::fleet::Fleet;
use e2e::table;
use serde_json::{Value, json};

use super::{
    AUTOMATION, DEPLOYMENT, DEPLOYMENT_PATH, PODINFO, is_an_update, push_is_told, release,
};
use crate::guide::{POLICY, REPOSITORY, assert_only_ready};

const UP_TO_DATE: &str = "repository up-to-date";
const MARKER: &str = " # {\"$imagepolicy\": \"flux-system:podinfo\"}";

#[tokio::test]
async fn an_image_is_updated_in_git() {
    let fleet = Fleet::start().await;
    fleet
        .push(PODINFO, &["4.0.6", "5.0.0", "5.0.3", "5.1.0"])
        .await;
    let plain = DEPLOYMENT.replace(MARKER, "");
    let deployed = fleet.commit("main", &[(DEPLOYMENT_PATH, &plain)]);
    fleet.apply(REPOSITORY).await;
    fleet.apply(POLICY).await;
    fleet.until_selected("podinfo", "5.0.3").await;

    // Without a marker there is nothing to do.
    fleet.apply(AUTOMATION).await;
    let wait = ["wait", "--for=condition=Ready", "--timeout=60s"];
    let kubectl = fleet.kubectl();
    kubectl
        .run(&[&wait[..], &["imageupdateautomation/flux-system"]].concat())
        .await;
    assert_eq!(fleet.head("main").as_ref(), Some(&deployed));
    assert_eq!(fleet.plans().await, Vec::<Value>::new());

    // With the marker, in a couple of seconds, there is a commit.
    let marked = fleet.commit("main", &[(DEPLOYMENT_PATH, DEPLOYMENT)]);
    fleet.reconcile("imageupdateautomation/flux-system").await;
    let commit = fleet.until_moved("main", Some(&marked)).await;
    is_an_update(&fleet, &commit, &marked, ("5.0.0", "5.0.3"));
    is_told(&fleet, &commit, "5.0.3").await;
    is_printed(&fleet).await;
    a_plan_is_kept(&fleet, &commit, &marked).await;

    // A new release needs nobody to ask for a commit.
    release(&fleet, "5.0.4").await;
    let next = fleet.until_moved("main", Some(&commit)).await;
    is_an_update(&fleet, &next, &commit, ("5.0.3", "5.0.4"));
    is_told(&fleet, &next, "5.0.4").await;
    fleet.finish().await;
}

/// Status and Event, to the character.
async fn is_told(fleet: &Fleet, commit: &str, tag: &str) {
    let automation = fleet.until_told(commit).await;
    assert_only_ready(&automation, UP_TO_DATE);
    let status = &automation["status"];
    let image = fleet.registry.image(PODINFO);
    assert_eq!(status["lastPushCommit"], commit);
    assert_eq!(
        status["observedPolicies"],
        json!({"podinfo": {"name": image, "tag": tag}})
    );
    assert_eq!(
        status["observedSourceRevision"],
        format!("main@sha1:{commit}")
    );
    assert_eq!(
        status["observedGeneration"],
        automation["metadata"]["generation"]
    );
    for time in ["lastPushTime", "lastAutomationRunTime"] {
        assert!(status[time].is_string(), "{time}: {status}");
    }
    let message = format!("{image}:{tag}\n");
    push_is_told(fleet, commit, ("main", &message)).await;
}

/// What `kubectl get` prints.
async fn is_printed(fleet: &Fleet) {
    let kubectl = fleet.kubectl();
    let printed = kubectl.run(&["get", "imageupdateautomation"]).await;
    assert_eq!(
        table::headings(&printed),
        ["NAME", "READY", "STATUS", "AGE"]
    );
    let row = table::rows(&printed).remove(0);
    assert_eq!(row["NAME"], "flux-system");
    assert_eq!(row["READY"], "True");
    assert_eq!(row["STATUS"], UP_TO_DATE);
    let printed = kubectl.run(&["get", "iua", "-o", "wide"]).await;
    assert_eq!(
        table::headings(&printed),
        ["NAME", "READY", "STATUS", "LAST RUN", "AGE"]
    );
    let automation = fleet.get("imageupdateautomation/flux-system").await;
    assert_eq!(
        table::rows(&printed)[0]["LAST RUN"],
        automation["status"]["lastAutomationRunTime"]
    );
}

/// The plan says what was pushed.
async fn a_plan_is_kept(fleet: &Fleet, commit: &str, base: &str) {
    let plans = fleet.plans().await;
    assert_eq!(plans.len(), 1);
    let plan = &plans[0];
    let name = plan["metadata"]["name"].as_str().unwrap();
    assert!(name.starts_with("flux-system-"), "{name}");
    assert_eq!(plan["status"]["commit"], commit);
    assert_eq!(plan["spec"]["push"]["base"], base);
    let image = fleet.registry.image(PODINFO);
    assert_eq!(plan["spec"]["message"], format!("{image}:5.0.3\n"));
    let printed = fleet.kubectl().run(&["get", "imageupdateplans"]).await;
    let row = table::rows(&printed).remove(0);
    assert_eq!(row["AUTOMATION"], "flux-system");
    assert_eq!(row["TARGET"], "main");
    assert_eq!((&*row["FILES"], &*row["EDITS"]), ("1", "1"));
    assert_eq!(row["PHASE"], "Pushed");
    assert_eq!(row["COMMIT"], commit);
    let text = format!("pushed commit '{}' to branch 'main'", &commit[..7]);
    let about = format!("ImageUpdatePlan/{name}");
    fleet.until_event(&about, ("Normal", "Pushed", &text)).await;
}
