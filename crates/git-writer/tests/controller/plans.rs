//! Plans as manifest-setter makes them.

use api::image::v1::ImageUpdateAutomation;
use api::repin::v1alpha1::{
    Author, AutomationReference, Checkout, Edit, EditedObject, FileEdits, ImageUpdatePlan,
    ImageUpdatePlanSpec, PlanSource, PushTarget, diff,
};
use api::source::GitRepositoryRef;
use test_support::git_repo::TempRepo;

/// The file that plans edit.
pub(crate) const FILE: &str = "apps/app.yaml";
/// Its content with this tag; the line ends are part of what must stay.
pub(crate) fn content(tag: &str) -> String {
    format!("a: 1\r\nimage: app:{tag} # keep\r\nb: 2\n")
}

/// The plan that moves the image of `file` from its tag on `branch` to `tag`.
pub(crate) fn plan(
    repo: &TempRepo,
    automation: &ImageUpdateAutomation,
    (sequence, file, tag): (i64, &str, &str),
) -> ImageUpdatePlan {
    let git = automation.spec.git.clone().unwrap();
    let push = git.push.unwrap_or_default();
    let reference = git.checkout.unwrap().reference;
    let checked_out = reference.branch.clone().unwrap();
    let branch = push.branch.clone().unwrap_or_else(|| checked_out.clone());
    let commit = repo.rev_parse(&checked_out);
    let base = repo.find(&format!("refs/heads/{branch}"));
    let base = base.unwrap_or_else(|| commit.clone());
    let files = vec![edits(repo, (&base, file), tag)];
    let reference_to = AutomationReference::of(automation);
    let name = format!("{}-{sequence}", reference_to.name);
    let spec = ImageUpdatePlanSpec {
        sequence,
        source_ref: source(automation),
        checkout: Checkout {
            reference: GitRepositoryRef {
                branch: Some(checked_out),
                ..GitRepositoryRef::default()
            },
            commit,
        },
        push: PushTarget {
            branch,
            base,
            refspec: push.refspec,
            options: push.options,
        },
        author: Author {
            name: git.commit.author.name.unwrap_or_default(),
            email: git.commit.author.email,
        },
        signing_key: git.commit.signing_key,
        message: format!("Update app\n\n\tto {tag}  "),
        file_count: 1,
        edit_count: 1,
        diff: diff(&files),
        files,
        automation_ref: reference_to.clone(),
        ..ImageUpdatePlanSpec::default()
    };
    let mut plan = ImageUpdatePlan::new(&name, spec);
    plan.metadata.owner_references = Some(vec![reference_to.owner_reference()]);
    plan.metadata.labels = Some([reference_to.label()].into());
    plan
}

fn source(automation: &ImageUpdateAutomation) -> PlanSource {
    PlanSource {
        name: automation.spec.source_ref.name.clone(),
        namespace: automation.metadata.namespace.clone().unwrap(),
        ..PlanSource::default()
    }
}

fn edits(repo: &TempRepo, (revision, file): (&str, &str), tag: &str) -> FileEdits {
    let text = repo.show_text(revision, file);
    let offset = text.find("app:").unwrap();
    let old = text[offset..].split(' ').next().unwrap();
    let new = format!("app:{tag}");
    FileEdits {
        path: file.to_owned(),
        blob: repo.rev_parse(&format!("{revision}:{file}")),
        edits: vec![Edit {
            offset: i64::try_from(offset).unwrap(),
            old: old.to_owned(),
            new: new.clone(),
            line: 2,
            field: ".image".to_owned(),
            object: EditedObject::default(),
            setter: "ns:app".to_owned(),
            old_value: old.to_owned(),
            new_value: new,
        }],
    }
}
