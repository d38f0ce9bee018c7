//! The plan as an object.

use api::image::v1::Approval;
use api::repin::v1alpha1::ImageUpdatePlan;

use crate::stage::{MARKED, Stage};

/// What the API server stores of an object at most, with room for what it adds.
const MAX_PLAN: usize = 1 << 20;

fn planned(stage: &Stage) -> ImageUpdatePlan {
    stage.pass().unwrap().plan.unwrap()
}

fn name(stage: &Stage) -> String {
    planned(stage).metadata.name.unwrap()
}

#[test]
fn the_same_decision_has_the_same_name_and_another_one_has_not() {
    let mut stage = Stage::new();
    let first = name(&stage);
    assert!(first.starts_with("fleet-"), "{first}");
    assert_eq!(name(&stage), first);
    stage.sequence = 7;
    assert_eq!(name(&stage), first, "the sequence decides nothing");
    stage.template("{{ .AutomationObject }}");
    let other = name(&stage);
    assert_ne!(other, first);
    stage.automation.spec.approval = Some(Approval::Required);
    assert_ne!(name(&stage), other);
    stage.automation.spec.approval = None;
    stage.choose("2.0.1");
    assert_ne!(name(&stage), other);
}

#[test]
fn a_plan_tells_whose_it_is_and_what_it_does() {
    let mut stage = Stage::new();
    stage.automation.metadata.uid = Some("u-1".to_owned());
    stage.automation.spec.approval = Some(Approval::Required);
    stage.sequence = 3;
    let plan = planned(&stage);
    assert_eq!(
        (plan.spec.sequence, plan.spec.approval),
        (3, Approval::Required)
    );
    assert!(plan.spec.tells_its_edits());
    assert_eq!(
        plan.spec.diff,
        [
            "--- a/apps/app.yaml",
            "+++ b/apps/app.yaml",
            "@@ -1 +1 @@ .image",
            "-reg.io/app:1.0.0",
            "+reg.io/app:2.0.0",
        ]
    );
    let labels = plan.metadata.labels.unwrap();
    assert_eq!(labels["repin.dev/image-update-automation"], "fleet");
    let owners = plan.metadata.owner_references.unwrap();
    assert_eq!(owners, [plan.spec.automation_ref.owner_reference()]);
    assert_eq!(owners[0].uid, "u-1");
}

#[test]
fn without_a_cluster_a_plan_has_no_owner() {
    assert_eq!(planned(&Stage::new()).metadata.owner_references, None);
}

#[test]
fn a_safeguard_that_nobody_understands_stalls() {
    let mut stage = Stage::new();
    let annotation = ("repin.dev/approval".to_owned(), "Perhaps".to_owned());
    stage.automation.metadata.annotations = Some([annotation].into());
    let error = stage.pass().unwrap_err();
    assert_eq!(
        (error.reason(), error.is_stalled()),
        ("AnnotationMismatch", true)
    );
}

#[test]
fn what_does_not_fit_follows_in_the_next_plan() {
    let mut stage = Stage::new();
    let folder = "long/".repeat(150);
    let many = (0..1_200).fold(stage.repository.commit("main"), |commit, number| {
        commit.file(&format!("apps/{folder}<é&>{number:04}.yaml"), MARKED)
    });
    many.remove("apps/app.yaml").done();
    stage.template("{{range .Changed.FileChanges}}x{{end}}");
    let (mut edited, mut passes) = (Vec::new(), 0);
    loop {
        let pass = stage.pass().unwrap();
        let Some(plan) = pass.plan else { break };
        passes += 1;
        let bytes = serde_json::to_vec(&plan).unwrap().len();
        assert!(bytes < MAX_PLAN - (64 << 10), "{bytes}");
        assert!(
            bytes > MAX_PLAN / 3 || pass.left_over == 0,
            "{bytes} is not much"
        );
        edited.extend(pass.files.iter().map(|file| file.path.clone()));
        assert_eq!(edited.len() + pass.left_over, 1_200);
        let updated = MARKED.replace("1.0.0", "2.0.0");
        let commit = stage.repository.commit("main");
        let commit = pass
            .files
            .iter()
            .fold(commit, |commit, file| commit.file(&file.path, &updated));
        commit.done();
    }
    assert!(passes > 1);
    edited.sort();
    edited.dedup();
    assert_eq!(edited.len(), 1_200);
}
