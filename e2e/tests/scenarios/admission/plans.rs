use api::repin::v1alpha1::ImageUpdatePlan;
use kube::ResourceExt as _;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PropagationPolicy};
use serde_json::{Value, json};
use test_support::cluster::eventually;

use super::{ALICE, SETTER, Site, WRITER, create, is_denied, is_invalid, refusal};

const POLICY: &str = "image-update-plans.repin.dev";

/// What a policy says to a change of a plan.
type Refused<'a> = (&'a str, fn(&mut ImageUpdatePlan));

#[tokio::test]
async fn manifest_setter_alone_makes_plans() {
    let site = Site::start().await;
    let why = |user: &str| {
        let setter = site.user_name(SETTER);
        format!(
            "a plan is made by {setter}, not by {user}: change the ImageUpdateAutomation and it will make one"
        )
    };
    let draft = site.draft("fleet-1");
    let as_alice = site.of(&site.alice);
    let alice = why(&site.user_name(ALICE));
    is_denied(create(&site.plans(), &draft).await, POLICY, &why("admin"));
    is_denied(create(&as_alice, &draft).await, POLICY, &alice);
    let writer = why(&site.user_name(WRITER));
    is_denied(
        create(&site.of(&site.writer), &draft).await,
        POLICY,
        &writer,
    );
    let applied = as_alice
        .patch(
            "fleet-1",
            &PatchParams::apply("alice"),
            &Patch::Apply(&draft),
        )
        .await;
    is_denied(applied, POLICY, &alice);

    create(&site.of(&site.setter), &draft).await.unwrap();
}

#[tokio::test]
async fn a_plan_belongs_to_the_automation_that_it_names() {
    let site = Site::start().await;
    let setter = site.of(&site.setter);
    let owner =
        "a plan has one owner and controller, the ImageUpdateAutomation of its spec.automationRef";
    let label = "a plan has the name of its ImageUpdateAutomation in the label repin.dev/image-update-automation";
    let changes: [Refused<'_>; 9] = [
        (owner, |plan| plan.metadata.owner_references = None),
        (owner, |plan| {
            let owners = plan.owner_references_mut();
            owners.push(owners[0].clone());
            "another".clone_into(&mut owners[1].uid);
            owners[1].controller = None;
        }),
        (owner, |plan| {
            "another".clone_into(&mut plan.owner_references_mut()[0].name);
        }),
        (owner, |plan| {
            "another".clone_into(&mut plan.owner_references_mut()[0].uid);
        }),
        (owner, |plan| {
            "ImagePolicy".clone_into(&mut plan.owner_references_mut()[0].kind);
        }),
        (owner, |plan| {
            "v1".clone_into(&mut plan.owner_references_mut()[0].api_version);
        }),
        (owner, |plan| {
            plan.owner_references_mut()[0].controller = None;
        }),
        (label, |plan| plan.metadata.labels = None),
        (label, |plan| {
            let key = api::labels::IMAGE_UPDATE_AUTOMATION.to_owned();
            plan.labels_mut().insert(key, "another".to_owned());
        }),
    ];
    for (why, change) in changes {
        let mut draft = site.draft("fleet-1");
        change(&mut draft);
        is_invalid(create(&setter, &draft).await, POLICY, why);
    }

    // The name of an automation may be longer than a label.
    let mut draft = site.draft("fleet-1");
    let name = "a".repeat(64);
    name.clone_into(&mut draft.spec.automation_ref.name);
    name.clone_into(&mut draft.owner_references_mut()[0].name);
    draft.metadata.labels = Some([draft.spec.automation_ref.label()].into());
    create(&setter, &draft).await.unwrap();
}

#[tokio::test]
async fn a_plan_stays_what_it_is() {
    let site = Site::start().await;
    let mut draft = site.draft("fleet-1");
    let after = ("repin.dev/after".to_owned(), "fleet-0".to_owned());
    draft.annotations_mut().extend([after]);
    create(&site.of(&site.setter), &draft).await.unwrap();
    let plans = site.plans();
    let why = "spec, labels, owner and repin.dev/ annotations of a plan are not changed by admin: \
               change the ImageUpdateAutomation, which leads to another plan, or delete this one";
    for patch in [
        json!({"metadata": {"labels": {api::labels::IMAGE_UPDATE_AUTOMATION: "another"}}}),
        json!({"metadata": {"labels": {"more": "labels"}}}),
        json!({"metadata": {"ownerReferences": null}}),
        json!({"metadata": {"annotations": {"repin.dev/after": "another"}}}),
        json!({"metadata": {"annotations": {"repin.dev/after": null}}}),
        json!({"metadata": {"annotations": {"repin.dev/more": "notes"}}}),
    ] {
        is_denied(merge(&plans, &patch).await, POLICY, why);
    }
    // Nobody edits what is written, manifest-setter neither.
    let edit = json!({"spec": {"push": {"branch": "another"}}});
    for user in [&site.stage.client(), &site.setter] {
        let message = refusal(merge(&site.of(user), &edit).await, 422);
        let immutable = "spec is immutable: a changed decision is a new plan";
        assert!(message.contains(immutable), "{message}");
    }

    let note = json!({"metadata": {"annotations": {"ticket": "42"}}});
    let noted = merge(&plans, &note).await.unwrap();
    assert_eq!(noted.annotations()["ticket"], "42");
    let label = json!({"metadata": {"labels": {"more": "labels"}}});
    merge(&site.of(&site.setter), &label).await.unwrap();
}

#[tokio::test]
async fn plans_go_with_their_automation_their_namespace_and_whoever_may_delete_them() {
    let site = Site::start().await;
    for name in ["fleet-1", "fleet-2", "fleet-3"] {
        site.plan(name).await;
    }
    let alice: Api<ImageUpdatePlan> = site.of(&site.alice);
    alice
        .delete("fleet-1", &DeleteParams::default())
        .await
        .unwrap();
    let foreground = DeleteParams::foreground();
    alice.delete("fleet-2", &foreground).await.unwrap();
    gone(&site, "fleet-2").await;

    // The garbage collector takes the owner off.
    let orphaning = DeleteParams {
        propagation_policy: Some(PropagationPolicy::Orphan),
        ..DeleteParams::default()
    };
    let automations: Api<api::image::v1::ImageUpdateAutomation> = site.of(&site.stage.client());
    automations.delete("fleet", &orphaning).await.unwrap();
    let plan = eventually("a plan without an owner", async || {
        let plan = site.plans().get("fleet-3").await.ok()?;
        plan.owner_references().is_empty().then_some(plan)
    })
    .await;
    assert_eq!(plan.spec.automation_ref.name, "fleet");

    let again = site
        .stage
        .create(&e2e::objects::image_update_automation("again", "fleet"))
        .await;
    let owned = e2e::objects::image_update_plan("again-1", &again);
    create(&site.of(&site.setter), &owned).await.unwrap();
    automations
        .delete("again", &DeleteParams::default())
        .await
        .unwrap();
    gone(&site, "again-1").await;
    site.stage.delete_namespace().await;
}

async fn gone(site: &Site, name: &str) {
    eventually(&format!("the end of {name}"), async || {
        matches!(site.plans().get_opt(name).await, Ok(None)).then_some(())
    })
    .await;
}

async fn merge(plans: &Api<ImageUpdatePlan>, patch: &Value) -> kube::Result<ImageUpdatePlan> {
    let params = PatchParams::default();
    plans.patch("fleet-1", &params, &Patch::Merge(patch)).await
}
