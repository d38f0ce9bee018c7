//! Which policies a pass applies, and what it says of the others.

use manifest_setter::{Denial, Denied, PlanError};

use crate::stage::{MARKED, Stage, policy};

fn texts(stage: &Stage) -> Vec<String> {
    let findings = stage.pass().unwrap().findings;
    findings
        .into_iter()
        .map(|finding| finding.message)
        .collect()
}

fn denied(namespace: &str, name: &str, denial: Denial) -> Denied {
    Denied {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        denial,
    }
}

fn mark(stage: &Stage, setters: &[&str]) {
    let commit = setters
        .iter()
        .fold(stage.repository.commit("main"), |commit, setter| {
            let line = MARKED.replace("apps:app", setter);
            commit.file(&format!("apps/{}.yaml", setter.replace(':', "-")), line)
        });
    commit.remove("apps/app.yaml").done();
}

#[test]
fn the_selector_chooses_among_the_own_policies() {
    let mut stage = Stage::new();
    let selector = |team: &str| {
        serde_json::from_str(&format!(r#"{{"matchLabels": {{"team": "{team}"}}}}"#)).unwrap()
    };
    stage.automation.spec.policy_selector = Some(selector("a"));
    assert_eq!(stage.paths(), ["apps/app.yaml"]);
    stage.automation.spec.policy_selector = Some(selector("b"));
    let pass = stage.pass().unwrap();
    assert!(pass.plan.is_none());
    assert_eq!(pass.findings[0].rule, "unknown-policy");
    stage.denied = vec![denied("apps", "app", Denial::NotSelected)];
    let expected = "marker names the image policy apps:app, which spec.policySelector of the automation does not match";
    assert_eq!(texts(&stage), [expected]);
    let bad = r#"{"matchExpressions": [{"key": "team", "operator": "Near"}]}"#;
    stage.automation.spec.policy_selector = Some(serde_json::from_str(bad).unwrap());
    let error = stage.pass().unwrap_err();
    assert!(matches!(error, PlanError::ParseSelector(_)));
    assert!(error.is_stalled());
    assert_eq!(error.reason(), "InvalidPolicySelector");
}

#[test]
fn a_policy_of_another_namespace_sets_its_markers_where_it_may() {
    let mut stage = Stage::new();
    mark(
        &stage,
        &[
            "shared:base",
            "shared:secret",
            "shared:none",
            "elsewhere:base",
        ],
    );
    stage.foreign = vec![policy("shared", "base", "3.0.0")];
    stage.denied = vec![
        denied("shared", "secret", Denial::NoAccess),
        denied("elsewhere", "base", Denial::Blocked),
    ];
    let pass = stage.pass().unwrap();
    let plan = pass.plan.unwrap();
    assert_eq!(plan.spec.files[0].path, "apps/shared-base.yaml");
    assert_eq!(plan.spec.files[0].edits[0].new_value, "reg.io/base:3.0.0");
    let used = &plan.spec.policies[0];
    assert_eq!(
        (used.namespace.as_str(), used.name.as_str()),
        ("shared", "base")
    );
    assert_eq!(plan.spec.files.len(), 1);
    let rules: Vec<_> = pass.findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(
        rules,
        ["policy-not-allowed", "unknown-policy", "policy-not-allowed"]
    );
    assert_eq!(
        texts(&stage),
        [
            "marker names the image policy elsewhere:base, which is in another namespace: cross-namespace references have been blocked",
            "marker names the image policy shared:none, which is unknown here or has no latest image",
            "marker names the image policy shared:secret, which namespace 'apps' may not use: admit it in spec.accessFrom of that ImagePolicy",
        ]
    );
}

#[test]
fn a_policy_that_is_allowed_later_sets_what_was_known_of_the_file() {
    let mut stage = Stage::new();
    mark(&stage, &["shared:base"]);
    stage.denied = vec![denied("shared", "base", Denial::NoAccess)];
    assert_eq!(stage.rules(), ["policy-not-allowed"]);
    stage.denied = Vec::new();
    stage.foreign = vec![policy("shared", "base", "3.0.0")];
    assert_eq!(stage.paths(), ["apps/shared-base.yaml"]);
}

#[test]
fn a_policy_without_an_image_says_so() {
    let mut stage = Stage::new();
    stage.policies[0].status = None;
    assert_eq!(
        texts(&stage),
        ["marker names the image policy apps:app, which has no latest image yet: see its status"]
    );
    assert_eq!(stage.rules(), ["policy-without-image"]);
}

#[test]
fn an_image_that_is_none_fails_the_pass_unless_it_is_somebody_elses() {
    let mut stage = Stage::new();
    stage.choose("not a tag");
    let error = stage.pass().unwrap_err();
    assert_eq!(
        (error.reason(), error.is_stalled()),
        ("UpdateFailed", false)
    );
    let message = error.message();
    let beginning = "failed to apply policies: encountered invalid image ref \"reg.io/app:not a tag\" of ImagePolicy 'apps/app': ";
    assert!(message.starts_with(beginning), "{message}");

    stage.choose("2.0.0");
    stage.foreign = vec![policy("shared", "base", "not a tag")];
    assert_eq!(stage.paths(), ["apps/app.yaml"]);
}
