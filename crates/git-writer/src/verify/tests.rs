use api::image::v1::{
    CommitAuthor, GitCheckout, GitCommit, GitPush, ImageUpdateAutomationSpec, LocalObjectReference,
    SigningKeyType, SourceReference, Update,
};
use api::repin::v1alpha1::{
    Author, AutomationReference, Edit, FileEdits, PlanSource, PushTarget, diff,
};
use api::source::{GitRepositoryRef, GitRepositorySpec};

use super::*;

const BASE: &str = "1111111111111111111111111111111111111111";
const BLOB: &str = "2222222222222222222222222222222222222222";

fn key(name: &str, key_type: Option<SigningKeyType>) -> SigningKey {
    SigningKey {
        secret_ref: LocalObjectReference { name: name.into() },
        key_type,
    }
}

fn automation() -> ImageUpdateAutomation {
    let spec = ImageUpdateAutomationSpec {
        source_ref: SourceReference {
            name: "fleet".into(),
            ..SourceReference::default()
        },
        git: Some(GitSpec {
            checkout: Some(GitCheckout { reference: main() }),
            commit: GitCommit {
                author: CommitAuthor {
                    email: "bot@example.com".into(),
                    name: Some("bot".into()),
                },
                signing_key: Some(key("signing", None)),
                ..GitCommit::default()
            },
            push: Some(GitPush {
                branch: Some("auto".into()),
                refspec: Some("refs/heads/auto:refs/for/main".into()),
                options: [("topic".to_owned(), "images".to_owned())].into(),
                secret_ref: None,
            }),
        }),
        update: Update {
            path: Some("./clusters/prod/".into()),
            ..Update::default()
        },
        ..ImageUpdateAutomationSpec::default()
    };
    let mut automation = ImageUpdateAutomation::new("apps", spec);
    automation.metadata.namespace = Some("ns".into());
    automation.metadata.uid = Some("uid-1".into());
    automation
}

fn main() -> GitRepositoryRef {
    GitRepositoryRef {
        branch: Some("main".into()),
        ..GitRepositoryRef::default()
    }
}

fn source() -> GitRepository {
    let mut source = GitRepository::new("fleet", GitRepositorySpec::default());
    source.metadata.namespace = Some("ns".into());
    source
}

fn edit(offset: i64, old: &str, new: &str) -> Edit {
    Edit {
        offset,
        old: old.into(),
        new: new.into(),
        ..Edit::default()
    }
}

fn file(path: &str) -> FileEdits {
    FileEdits {
        path: path.into(),
        blob: BLOB.into(),
        edits: vec![edit(3, "1.0", "2.0"), edit(6, "a", "b")],
    }
}

/// As manifest-setter makes it.
fn plan() -> ImageUpdatePlan {
    let spec = ImageUpdatePlanSpec {
        automation_ref: AutomationReference {
            name: "apps".into(),
            uid: "uid-1".into(),
        },
        source_ref: PlanSource {
            name: "fleet".into(),
            namespace: "ns".into(),
            ..PlanSource::default()
        },
        checkout: api::repin::v1alpha1::Checkout {
            reference: main(),
            commit: BASE.into(),
        },
        push: PushTarget {
            branch: "auto".into(),
            base: BASE.into(),
            refspec: Some("refs/heads/auto:refs/for/main".into()),
            options: [("topic".to_owned(), "images".to_owned())].into(),
        },
        author: Author {
            name: "bot".into(),
            email: "bot@example.com".into(),
        },
        signing_key: Some(key("signing", Some(SigningKeyType::Gpg))),
        message: "anything at all".into(),
        file_count: 2,
        edit_count: 4,
        files: vec![file("clusters/prod/a.yaml"), file("clusters/prod/b/c.yaml")],
        ..ImageUpdatePlanSpec::default()
    };
    let mut plan = ImageUpdatePlan::new("apps-1", spec);
    plan.spec.diff = diff(&plan.spec.files);
    plan.metadata.namespace = Some("ns".into());
    plan
}

#[expect(
    clippy::unwrap_in_result,
    reason = "only what verify() says is of interest"
)]
fn check(plan: &ImageUpdatePlan, automation: &ImageUpdateAutomation) -> Result<(), Forged> {
    let target = Target::resolve(automation, &source()).unwrap();
    let approval = api::safeguards::approval(automation).unwrap();
    verify(plan, automation, &source(), &target, approval)
}

#[test]
fn a_plan_of_manifest_setter_passes() {
    assert_eq!(check(&plan(), &automation()), Ok(()));
    let mut stricter = plan();
    stricter.spec.approval = Approval::Required;
    assert_eq!(check(&stricter, &automation()), Ok(()));
}

#[test]
fn a_plan_that_says_otherwise_is_refused_by_field() {
    type Change = fn(&mut ImageUpdatePlan);
    let changes: [(&str, Change); 21] = [
        ("spec.diff", |plan| {
            plan.spec.diff[0] = "--- a/harmless".into();
        }),
        ("metadata.namespace", |plan| {
            plan.metadata.namespace = Some("other".into());
        }),
        ("spec.automationRef.name", |plan| {
            plan.spec.automation_ref.name = "other".into();
        }),
        ("spec.automationRef.uid", |plan| {
            plan.spec.automation_ref.uid = "uid-2".into();
        }),
        ("spec.automationRef.uid", |plan| {
            plan.spec.automation_ref.uid = String::new();
        }),
        ("spec.sourceRef.name", |plan| {
            plan.spec.source_ref.name = "other".into();
        }),
        ("spec.sourceRef.namespace", |plan| {
            plan.spec.source_ref.namespace = "other".into();
        }),
        ("spec.checkout.ref", |plan| {
            plan.spec.checkout.reference.tag = Some("v1".into());
        }),
        ("spec.checkout.commit", |plan| {
            plan.spec.checkout.commit = "HEAD".into();
        }),
        ("spec.push.branch", |plan| {
            plan.spec.push.branch = "production".into();
        }),
        ("spec.push.base", |plan| plan.spec.push.base = "11".into()),
        ("spec.push.refspec", |plan| {
            plan.spec.push.refspec = Some("refs/heads/auto:refs/heads/production".into());
        }),
        ("spec.push.refspec", |plan| plan.spec.push.refspec = None),
        ("spec.push.options", |plan| {
            plan.spec
                .push
                .options
                .insert("ci.skip".into(), String::new());
        }),
        ("spec.author.name", |plan| {
            plan.spec.author.name = "ceo".into();
        }),
        ("spec.author.email", |plan| {
            plan.spec.author.email = "ceo@example.com".into();
        }),
        ("spec.signingKey", |plan| plan.spec.signing_key = None),
        ("spec.signingKey", |plan| {
            plan.spec.signing_key = Some(key("signing", Some(SigningKeyType::Ssh)));
        }),
        ("spec.signingKey", |plan| {
            plan.spec.signing_key = Some(key("other", None));
        }),
        ("spec.fileCount", |plan| plan.spec.file_count = 1),
        ("spec.editCount", |plan| plan.spec.edit_count = 5),
    ];
    for (field, change) in changes {
        let mut plan = plan();
        change(&mut plan);
        let forged = check(&plan, &automation()).unwrap_err();
        assert_eq!(forged.field, field, "{forged}");
    }
}

#[test]
fn a_file_elsewhere_is_refused() {
    for (path, refused) in [
        ("clusters/prod", false),
        ("clusters/prod/.github/workflows/x.yaml", false),
        ("clusters/prod.yaml", true),
        ("clusters/production/a.yaml", true),
        ("clusters/a.yaml", true),
        ("a.yaml", true),
        ("", true),
        ("/clusters/prod/a.yaml", true),
        ("./clusters/prod/a.yaml", true),
        ("clusters/prod/../../a.yaml", true),
        ("clusters/prod//a.yaml", true),
        ("clusters/prod/", true),
        ("clusters/prod/.git/config", true),
        ("clusters/prod/.GIT/config", true),
        ("clusters/prod/a\0.yaml", true),
    ] {
        let mut plan = plan();
        plan.spec.files = vec![file(path)];
        (plan.spec.file_count, plan.spec.edit_count) = (1, 2);
        plan.spec.diff = diff(&plan.spec.files);
        let checked = check(&plan, &automation());
        let field = checked.map_err(|forged| forged.field);
        let expected = if refused {
            Err("spec.files[0].path".to_owned())
        } else {
            Ok(())
        };
        assert_eq!(field, expected, "{path}");
    }
}

#[test]
fn any_path_is_inside_the_whole_repository() {
    let mut automation = automation();
    automation.spec.update.path = None;
    let mut plan = plan();
    plan.spec.files[0].path = "a.yaml".into();
    plan.spec.diff = diff(&plan.spec.files);
    assert_eq!(check(&plan, &automation), Ok(()));
}

#[test]
fn files_and_edits_out_of_order_are_refused() {
    type Change = fn(&mut ImageUpdatePlanSpec);
    let changes: [(&str, Change); 8] = [
        ("spec.files[1].path", |spec| spec.files.swap(0, 1)),
        ("spec.files[1].path", |spec| {
            spec.files[1] = spec.files[0].clone();
        }),
        ("spec.files[0].blob", |spec| {
            spec.files[0].blob = "main".into();
        }),
        ("spec.files[0].edits[0].offset", |spec| {
            spec.files[0].edits[0].offset = -1;
        }),
        ("spec.files[0].edits[1].offset", |spec| {
            spec.files[0].edits[1].offset = 5;
        }),
        ("spec.files[1].edits[1].offset", |spec| {
            spec.files[1].edits.swap(0, 1);
        }),
        ("spec.files[0].edits", |spec| {
            spec.files[0].edits.clear();
            spec.edit_count = 2;
        }),
        ("spec.files", |spec| {
            spec.files.clear();
            (spec.file_count, spec.edit_count) = (0, 0);
        }),
    ];
    for (field, change) in changes {
        let mut plan = plan();
        change(&mut plan.spec);
        let forged = check(&plan, &automation()).unwrap_err();
        assert_eq!(forged.field, field, "{forged}");
    }
}

#[test]
fn a_plan_that_changes_nothing_is_refused() {
    let mut plan = plan();
    for edit in plan.spec.files.iter_mut().flat_map(|file| &mut file.edits) {
        edit.new = edit.old.clone();
    }
    let forged = check(&plan, &automation()).unwrap_err();
    assert_eq!(forged.field, "spec.files");
}

#[test]
fn a_plan_may_not_wait_less_than_its_automation() {
    let mut field = automation();
    field.spec.approval = Some(Approval::Required);
    let mut annotation = automation();
    let note = (api::annotations::APPROVAL.to_owned(), "Required".to_owned());
    annotation.metadata.annotations = Some([note].into());
    for automation in [field, annotation] {
        let mut plan = plan();
        assert_eq!(
            check(&plan, &automation).unwrap_err().field,
            "spec.approval"
        );
        plan.spec.approval = Approval::Required;
        assert_eq!(check(&plan, &automation), Ok(()));
    }
}

#[test]
fn one_branch_is_at_one_commit() {
    let mut automation = automation();
    let push = automation.spec.git.as_mut().unwrap().push.as_mut().unwrap();
    push.branch = Some("main".into());
    push.refspec = None;
    let mut plan = plan();
    plan.spec.push.branch = "main".into();
    plan.spec.push.refspec = None;
    assert_eq!(check(&plan, &automation), Ok(()));
    plan.spec.push.base = BLOB.into();
    assert_eq!(
        check(&plan, &automation).unwrap_err().field,
        "spec.push.base"
    );
}

#[test]
fn a_pinned_commit_is_the_one_that_was_checked_out() {
    let mut automation = automation();
    let git = automation.spec.git.as_mut().unwrap();
    git.checkout.as_mut().unwrap().reference.commit = Some(BASE.to_uppercase());
    let mut plan = plan();
    plan.spec.checkout.reference.commit = Some(BASE.to_uppercase());
    assert_eq!(check(&plan, &automation), Ok(()));
    plan.spec.checkout.commit = BLOB.into();
    assert_eq!(
        check(&plan, &automation).unwrap_err().field,
        "spec.checkout.commit"
    );
}

#[test]
fn another_source_than_the_one_whose_address_is_used_is_refused() {
    let automation = automation();
    let target = Target::resolve(&automation, &source()).unwrap();
    let mut other = source();
    other.metadata.namespace = Some("elsewhere".into());
    let approval = Approval::NotRequired;
    let forged = verify(&plan(), &automation, &other, &target, approval).unwrap_err();
    assert_eq!(forged.field, "spec.sourceRef.namespace");
}

#[test]
fn an_automation_without_uid_owns_no_plan() {
    let mut automation = automation();
    automation.metadata.uid = None;
    let mut plan = plan();
    plan.spec.automation_ref.uid = String::new();
    assert_eq!(
        check(&plan, &automation).unwrap_err().field,
        "spec.automationRef.uid"
    );
}

#[test]
fn a_refusal_names_field_expectation_and_finding() {
    let mut plan = plan();
    plan.spec.push.branch = "production".into();
    assert_eq!(
        check(&plan, &automation()).unwrap_err().to_string(),
        "the plan is not its automation's: spec.push.branch: expected 'auto', found 'production'"
    );
}
