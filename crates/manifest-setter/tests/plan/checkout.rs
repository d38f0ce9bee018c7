//! What is checked out, and what is edited.

use manifest_setter::PlanError;

use crate::stage::{MARKED, Stage};

#[test]
fn tags_ranges_and_names_are_checked_out() {
    let mut stage = Stage::new();
    stage.push_to("auto");
    let first = stage.repository.rev_parse("main");
    stage.repository.tag("v1.0.0", &first);
    let second = stage
        .repository
        .commit("main")
        .file("apps/b.yaml", MARKED)
        .done();
    stage.repository.annotated_tag("v1.1.0", &second, "release");
    let third = stage
        .repository
        .commit("main")
        .file("apps/c.yaml", MARKED)
        .done();
    for (reference, commit, tag) in [
        (r#"{"tag": "v1.0.0"}"#.to_owned(), &first, None),
        (r#"{"semver": "1.x"}"#.to_owned(), &second, Some("v1.1.0")),
        (r#"{"name": "refs/heads/main"}"#.to_owned(), &third, None),
        (format!(r#"{{"commit": "{second}"}}"#), &second, None),
    ] {
        stage.source.spec.reference = Some(serde_json::from_str(&reference).unwrap());
        let pass = stage.pass().unwrap();
        assert_eq!(&pass.heads.checkout.to_string(), commit, "{reference}");
        assert_eq!(pass.heads.tag.as_deref(), tag, "{reference}");
        assert_eq!(pass.heads.push, None);
        assert_eq!(pass.plan.unwrap().spec.push.branch, "auto");
    }
    stage.source.spec.reference = Some(serde_json::from_str(r#"{"semver": "9.x"}"#).unwrap());
    let error = stage.pass().unwrap_err();
    assert!(matches!(error, PlanError::NoTagInRange { .. }));
    assert_eq!(error.reason(), "GitOperationFailed");
}

#[test]
fn an_existing_push_branch_is_edited_at_its_own_head() {
    let mut stage = Stage::new();
    stage.push_to("auto");
    let head = stage
        .repository
        .commit("auto")
        .parent("main")
        .file("apps/b.yaml", MARKED)
        .done();
    let pass = stage.pass().unwrap();
    assert_eq!(pass.base.to_string(), head);
    assert_eq!(pass.heads.push, Some(pass.base));
    assert_eq!(pass.files.len(), 2);
}

#[test]
fn a_pinned_commit_is_left_behind_after_the_first_push() {
    let mut stage = Stage::new();
    let pinned = stage.repository.rev_parse("main");
    let reference = format!(r#"{{"branch": "main", "commit": "{pinned}"}}"#);
    stage.source.spec.reference = Some(serde_json::from_str(&reference).unwrap());
    assert_eq!(stage.paths(), ["apps/app.yaml"]);
    let updated = MARKED.replace("1.0.0", "2.0.0");
    let pushed = stage
        .repository
        .commit("main")
        .file("apps/app.yaml", updated)
        .done();
    let pass = stage.pass().unwrap();
    assert_eq!(pass.base.to_string(), pushed);
    assert!(pass.plan.is_none());
}

#[test]
fn a_branch_that_is_not_there_is_told_in_fluxs_words() {
    let mut stage = Stage::new();
    stage.source.spec.reference = Some(serde_json::from_str(r#"{"branch": "none"}"#).unwrap());
    let error = stage.pass().unwrap_err();
    assert_eq!(
        (error.reason(), error.is_stalled()),
        ("GitOperationFailed", false)
    );
    let message = error.message();
    let beginning = "failed to checkout source: couldn't find remote ref \"refs/heads/none\" in ";
    assert!(message.starts_with(beginning), "{message}");
}

#[test]
fn an_automation_that_names_no_target_is_told_in_fluxs_words() {
    let mut stage = Stage::new();
    stage.source.spec.reference = None;
    let error = stage.pass().unwrap_err();
    assert_eq!(
        (error.reason(), error.is_stalled()),
        ("SourceManagerFailed", false)
    );
    let expected = "failed configuring source manager: push spec not provided, and cannot be inferred from \
                    .spec.git.checkout.ref or GitRepository .spec.ref";
    assert_eq!(error.message(), expected);
    stage.automation.spec.git = None;
    let error = stage.pass().unwrap_err();
    assert_eq!(
        (error.reason(), error.is_stalled()),
        ("InvalidSourceConfiguration", true)
    );
}
