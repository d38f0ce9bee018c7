use api::repin::v1alpha1::{ImageUpdateApproval, ImageUpdateApprovalSpec};
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use serde_json::json;

use super::{ALICE, Site, create, is_denied, refusal};

const POLICY: &str = "image-update-approvals.repin.dev";

fn approval(plan: &str, by: &str) -> ImageUpdateApproval {
    let spec = ImageUpdateApprovalSpec {
        plan: plan.to_owned(),
        approved_by: by.to_owned(),
    };
    ImageUpdateApproval::new(plan, spec)
}

#[tokio::test]
async fn one_approves_in_ones_own_name() {
    let site = Site::start().await;
    let alice = site.user_name(ALICE);
    let why = |said: &str, is: &str| {
        format!(
            "spec.approvedBy is '{said}' but has to be '{is}': an approval is made in one's own name"
        )
    };
    let as_alice: Api<ImageUpdateApproval> = site.of(&site.alice);
    let as_admin: Api<ImageUpdateApproval> = site.of(&site.stage.client());
    let refused = create(&as_alice, &approval("fleet-1", "admin")).await;
    is_denied(refused, POLICY, &why("admin", &alice));
    let refused = create(&as_admin, &approval("fleet-1", &alice)).await;
    is_denied(refused, POLICY, &why(&alice, "admin"));

    create(&as_alice, &approval("fleet-1", &alice))
        .await
        .unwrap();
    create(&as_admin, &approval("fleet-2", "admin"))
        .await
        .unwrap();
}

#[tokio::test]
async fn an_approval_is_taken_back_and_never_changed() {
    let site = Site::start().await;
    let alice = site.user_name(ALICE);
    let as_alice: Api<ImageUpdateApproval> = site.of(&site.alice);
    create(&as_alice, &approval("fleet-1", &alice))
        .await
        .unwrap();
    let change = json!({"spec": {"approvedBy": "admin"}});
    let params = PatchParams::default();
    let changed = as_alice
        .patch("fleet-1", &params, &Patch::Merge(&change))
        .await;
    let message = refusal(changed, 422);
    let immutable = "spec is immutable: delete the approval and create another";
    assert!(message.contains(immutable), "{message}");
    as_alice
        .delete("fleet-1", &DeleteParams::default())
        .await
        .unwrap();
}

/// As the guide to plans has it.
#[tokio::test]
async fn kubectl_says_who_one_is() {
    let site = Site::start().await;
    let kubectl = site.stage.kubectl();
    let user = "-o=jsonpath={.status.userInfo.username}";
    let name = kubectl.run(&["auth", "whoami", user]).await;
    assert_eq!(name, "admin");
    let approval = serde_json::to_string(&approval("fleet-1", &name)).unwrap();
    kubectl.feed(&["create", "-f", "-"], &approval).await;
    let listed = kubectl.run(&["get", "imageupdateapprovals"]).await;
    let row = &e2e::table::rows(&listed)[0];
    assert_eq!(
        (row["PLAN"].as_str(), row["APPROVED BY"].as_str()),
        ("fleet-1", "admin")
    );
}
