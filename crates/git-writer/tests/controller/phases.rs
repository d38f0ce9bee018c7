//! Plans that wait for people, or are overtaken.

use api::image::v1::{Approval, ImageUpdateAutomation};
use api::repin::v1alpha1::{ImageUpdateApproval, Phase};
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt as _;
use kube::api::DeleteParams;
use serde_json::json;
use test_support::api_proxy::Point;
use test_support::cluster::eventually;

use crate::plans::{FILE, content};
use crate::setup::{PACK, Setup, message, plan_status, reached, status};

#[tokio::test]
async fn a_plan_waits_for_its_approval() {
    let mut setup = Setup::start().await;
    let spec = json!({ "approval": "Required" });
    setup.apply_automation("fleet", &spec).await;
    let mut plan = setup.plan(1, "2.0.0").await;
    plan.spec.approval = Approval::Required;
    let name = setup.create(&plan).await.name_any();
    let waiting = setup.until_in(&name, Phase::AwaitingApproval).await;
    assert!(message(&waiting).contains("kubectl create -f - <<<"));
    setup.approve("another").await;
    setup.writer.restart();
    setup.writer.ready().await;
    setup.until_passed(&name).await;
    assert_eq!(setup.repo.count("main"), 1);
    let after = setup.get(&name).await;
    assert_eq!(after.resource_version(), waiting.resource_version());
    setup.approve(&name).await;
    setup.until_pushed(&name).await;
    setup.one_commit("2.0.0");
}

#[tokio::test]
async fn an_approval_from_before_the_plan_does_not_count() {
    let setup = Setup::start().await;
    let spec = json!({ "approval": "Required" });
    setup.apply_automation("fleet", &spec).await;
    let mut plan = setup.plan(1, "2.0.0").await;
    plan.spec.approval = Approval::Required;
    let name = plan.name_any();
    setup.approve(&name).await;
    let approvals = setup.namespace.api::<ImageUpdateApproval>();
    let given = approvals.get(&name).await.unwrap().creation_timestamp();
    // Times of objects have whole seconds.
    eventually("the next second", async || {
        let passed = Timestamp::now().as_second() > given.as_ref()?.0.as_second();
        passed.then_some(())
    })
    .await;
    setup.create(&plan).await;
    let waiting = setup.until_in(&name, Phase::AwaitingApproval).await;
    assert!(
        message(&waiting).contains("was made before the plan"),
        "{}",
        message(&waiting)
    );
    assert_eq!(setup.repo.count("main"), 1);
    let deleted = approvals.delete(&name, &DeleteParams::default()).await;
    drop(deleted.unwrap());
    setup.approve(&name).await;
    setup.until_pushed(&name).await;
    setup.one_commit("2.0.0");
}

#[tokio::test]
async fn a_newer_plan_takes_the_place_of_one_that_waits() {
    let setup = Setup::start().await;
    let spec = json!({ "approval": "Required" });
    setup.apply_automation("fleet", &spec).await;
    let mut names = Vec::new();
    for (sequence, tag) in [(1, "2.0.0"), (2, "3.0.0")] {
        let mut plan = setup.plan(sequence, tag).await;
        plan.spec.approval = Approval::Required;
        let name = setup.create(&plan).await.name_any();
        setup.until_in(&name, Phase::AwaitingApproval).await;
        names.push(name);
    }
    let old = setup.until_in(&names[0], Phase::Superseded).await;
    assert_eq!(
        message(&old),
        format!("plan '{}' takes its place", names[1])
    );
    setup.approve(&names[0]).await;
    setup.approve(&names[1]).await;
    setup.until_pushed(&names[1]).await;
    setup.one_commit("3.0.0");
}

#[tokio::test]
async fn a_plan_whose_commit_landed_is_not_superseded() {
    let mut setup = Setup::start().await;
    let plan = setup.plan(1, "2.0.0").await;
    let newer = setup.plan(2, "3.0.0").await;
    let name = setup.killed_at(&plan, (1, Point::Before)).await;
    let newer = setup.create(&newer).await.name_any();
    setup.writer.restart();
    setup.until_pushed(&name).await;
    let newer = setup.until_in(&newer, Phase::Superseded).await;
    assert!(
        message(&newer).contains("'apps/app.yaml' changed"),
        "{}",
        message(&newer)
    );
    setup.one_commit("2.0.0");
}

#[tokio::test]
async fn a_plan_that_was_prepared_and_did_not_land_is_superseded() {
    let mut setup = Setup::start().await;
    let plan = setup.plan(1, "2.0.0").await;
    let newer = setup.plan(2, "3.0.0").await;
    let name = setup.killed_at(&plan, (0, Point::After)).await;
    let newer = setup.create(&newer).await.name_any();
    setup.writer.restart();
    setup.until_pushed(&newer).await;
    let old = setup.until_in(&name, Phase::Superseded).await;
    assert!(status(&old).prepared.is_some());
    setup.one_commit("3.0.0");
}

#[tokio::test]
async fn a_suspended_automation_holds_its_plans() {
    let setup = Setup::start().await;
    setup
        .patch_automation("fleet", &json!({ "spec": { "suspend": true } }))
        .await;
    let name = setup.make(1, "2.0.0").await;
    setup
        .until_pending(
            &name,
            "waits for ImageUpdateAutomation 'fleet', which is suspended",
        )
        .await;
    assert_eq!(setup.repo.count("main"), 1);
    setup
        .patch_automation("fleet", &json!({ "spec": { "suspend": false } }))
        .await;
    setup.until_pushed(&name).await;
    setup.one_commit("2.0.0");
}

#[tokio::test]
async fn a_plan_that_an_edit_of_its_automation_overtakes_is_superseded() {
    let setup = Setup::start().await;
    let spec = json!({ "approval": "Required" });
    setup.apply_automation("fleet", &spec).await;
    let mut plan = setup.plan(1, "2.0.0").await;
    plan.spec.approval = Approval::Required;
    let name = setup.create(&plan).await.name_any();
    setup.until_in(&name, Phase::AwaitingApproval).await;
    let spec = json!({ "approval": "Required", "git": { "push": { "branch": "auto" } } });
    setup.apply_automation("fleet", &spec).await;
    let plan = setup.until_in(&name, Phase::Superseded).await;
    let expected = "the automation has changed since the plan was made: spec.push.branch: expected 'auto', found 'main'";
    assert_eq!(message(&plan), expected);
}

#[tokio::test]
async fn without_its_automation_a_plan_fails() {
    let setup = Setup::start().await;
    setup
        .patch_automation("fleet", &json!({ "spec": { "suspend": true } }))
        .await;
    let mut plan = setup.plan(1, "2.0.0").await;
    // The garbage collector would be faster than the controller.
    plan.metadata.owner_references = None;
    let name = setup.create(&plan).await.name_any();
    setup.until_pending(&name, "suspended").await;
    let api = setup.namespace.api::<ImageUpdateAutomation>();
    drop(api.delete("fleet", &DeleteParams::default()).await.unwrap());
    let plan = setup.until_in(&name, Phase::Failed).await;
    let expected = format!(
        "ImageUpdateAutomation '{}/fleet' does not exist",
        setup.namespace.name()
    );
    assert_eq!(message(&plan), expected);
    assert_eq!(setup.repo.count("main"), 1);
}

#[tokio::test]
async fn a_plan_that_is_deleted_before_its_push_is_not_pushed() {
    let setup = Setup::start().await;
    let hold = setup.proxy.hold(plan_status(), Point::Before);
    let name = setup.make(1, "2.0.0").await;
    hold.reached().await;
    let api = setup
        .namespace
        .api::<api::repin::v1alpha1::ImageUpdatePlan>();
    drop(api.delete(&name, &DeleteParams::default()).await.unwrap());
    drop(hold);
    let next = setup.create(&setup.plan(2, "3.0.0").await).await.name_any();
    setup.until_pushed(&next).await;
    setup.one_commit("3.0.0");
    eventually("its series are gone", async || {
        (setup.passes(&name).await == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_foreign_commit_during_the_push_is_kept() {
    let setup = Setup::start().await;
    let hold = setup.git.hold(PACK);
    let name = setup.make(1, "2.0.0").await;
    let hold = reached(hold).await;
    let foreign = setup.repo.commit("main").file("README.md", "new\n").done();
    hold.release();
    let plan = setup.until_pushed(&name).await;
    assert_eq!(status(&plan).prepared.unwrap().parent, foreign);
    assert_eq!(setup.repo.show_text("main", "README.md"), "new\n");
    assert_eq!(setup.repo.show_text("main", FILE), content("2.0.0"));
    assert_eq!(setup.repo.count("main"), 3);
}
