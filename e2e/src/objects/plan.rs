//! Automations and plans.

use api::Duration;
use api::image::v1::{GitSpec, ImageUpdateAutomation, ImageUpdateAutomationSpec, SourceReference};
use api::repin::v1alpha1::{
    Author, AutomationReference, Checkout, Edit, EditedObject, FileEdits, ImageUpdatePlan,
    ImageUpdatePlanSpec, PlanSource, PushTarget, diff,
};
use kube::ResourceExt as _;

/// The commit that the plans were made on.
pub const BASE: &str = "1a7b0f4c5d6e7f8091a2b3c4d5e6f708192a3b4c";

/// An ImageUpdateAutomation that runs on request only: its interval is a day. It commits as `bot`.
pub fn image_update_automation(name: &str, source: &str) -> ImageUpdateAutomation {
    let mut git = GitSpec::default();
    git.commit.author.name = Some("bot".to_owned());
    "bot@example.com".clone_into(&mut git.commit.author.email);
    let spec = ImageUpdateAutomationSpec {
        source_ref: SourceReference {
            name: source.to_owned(),
            ..SourceReference::default()
        },
        git: Some(git),
        interval: Duration::from_secs(86_400),
        ..ImageUpdateAutomationSpec::default()
    };
    ImageUpdateAutomation::new(name, spec)
}

/// A plan of this automation, which is in the cluster: it moves podinfo from 5.0.0 to 5.0.3 on `main`.
pub fn image_update_plan(name: &str, automation: &ImageUpdateAutomation) -> ImageUpdatePlan {
    let reference = AutomationReference::of(automation);
    let (owner, label) = (reference.owner_reference(), reference.label());
    let files = vec![FileEdits {
        path: "apps/podinfo.yaml".to_owned(),
        blob: "7f3a0c1d2e4b5f60718293a4b5c6d7e8f9011223".to_owned(),
        edits: vec![edit("5.0.0", "5.0.3")],
    }];
    let spec = ImageUpdatePlanSpec {
        automation_ref: reference,
        sequence: 1,
        source_ref: PlanSource {
            name: automation.spec.source_ref.name.clone(),
            namespace: automation.namespace().unwrap_or_default(),
            ..PlanSource::default()
        },
        checkout: Checkout {
            commit: BASE.to_owned(),
            ..Checkout::default()
        },
        push: PushTarget {
            branch: "main".to_owned(),
            base: BASE.to_owned(),
            ..PushTarget::default()
        },
        author: Author {
            name: "bot".to_owned(),
            email: "bot@example.com".to_owned(),
        },
        message: "Update from image update automation".to_owned(),
        file_count: 1,
        edit_count: 1,
        diff: diff(&files),
        files,
        ..ImageUpdatePlanSpec::default()
    };
    let mut plan = ImageUpdatePlan::new(name, spec);
    plan.metadata.owner_references = Some(vec![owner]);
    plan.metadata.labels = Some([label].into());
    plan
}

fn edit(old: &str, new: &str) -> Edit {
    let image = |tag| format!("ghcr.io/stefanprodan/podinfo:{tag}");
    Edit {
        offset: 412,
        old: image(old),
        new: image(new),
        line: 26,
        field: ".spec.template.spec.containers[0].image".to_owned(),
        object: EditedObject {
            api_version: "apps/v1".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: "default".to_owned(),
            name: "podinfo".to_owned(),
        },
        setter: "flux-system:podinfo".to_owned(),
        old_value: image(old),
        new_value: image(new),
    }
}
