use api::repin::v1alpha1::{ImageUpdatePlan, Phase};
use kube::api::{Api, Patch, PatchParams};
use serde_json::{Value, json};

use super::{SETTER, Site, WRITER, is_denied, is_invalid};

const POLICY: &str = "image-update-plan-status.repin.dev";

#[tokio::test]
async fn git_writer_alone_tells_how_far_a_plan_is() {
    let site = Site::start().await;
    site.plan("fleet-1").await;
    let pushed = status(Phase::Pushed);
    let writer = site.user_name(WRITER);
    for (user, name) in [
        (&site.stage.client(), "admin".to_owned()),
        (&site.setter, site.user_name(SETTER)),
    ] {
        let why = format!("the status of a plan is written by {writer}, not by {name}");
        is_denied(write(&site.of(user), &pushed).await, POLICY, &why);
    }

    let as_writer = site.of(&site.writer);
    for phase in [Phase::AwaitingApproval, Phase::Pending, Phase::Pushed] {
        let plan = write(&as_writer, &status(phase)).await.unwrap();
        assert_eq!(plan.phase(), phase);
    }
}

#[tokio::test]
async fn a_plan_that_has_ended_stays_so() {
    let site = Site::start().await;
    site.plan("fleet-1").await;
    let as_writer = site.of(&site.writer);
    write(&as_writer, &status(Phase::Superseded)).await.unwrap();
    let why = "the plan has ended as Superseded and stays so";
    for phase in [
        Phase::Pending,
        Phase::AwaitingApproval,
        Phase::Pushed,
        Phase::Failed,
    ] {
        is_invalid(write(&as_writer, &status(phase)).await, POLICY, why);
    }
    let nothing = json!({"status": {"conditions": []}});
    is_invalid(write(&as_writer, &nothing).await, POLICY, why);

    let mut told = status(Phase::Superseded);
    told["status"]["conditions"][0]["message"] = json!("more words");
    write(&as_writer, &told).await.unwrap();
}

fn status(phase: Phase) -> Value {
    json!({"status": {"conditions": [{
        "type": "Ready",
        "status": phase.status(),
        "reason": phase.reason(),
        "message": "",
        "lastTransitionTime": "2021-04-22T12:00:00Z",
    }]}})
}

async fn write(plans: &Api<ImageUpdatePlan>, status: &Value) -> kube::Result<ImageUpdatePlan> {
    let params = PatchParams::default();
    plans
        .patch_status("fleet-1", &params, &Patch::Merge(status))
        .await
}
