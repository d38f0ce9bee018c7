//! Statuses that say why nothing is done, to the character.

use serde_json::{Value, json};
use test_support::cluster::eventually;

use crate::setup::{Setup, UP_TO_DATE, condition, status};

const INVALID: &str = "InvalidSourceConfiguration";

#[tokio::test]
async fn an_automation_without_git_is_stalled() {
    let setup = Setup::start().await;
    setup.apply_automation(&json!({ "git": Value::Null })).await;
    let text =
        "source kind 'GitRepository' necessitates field .spec.git: invalid source configuration";
    setup.stalls(INVALID, text).await;
}

#[tokio::test]
async fn a_selector_that_is_none_is_stalled() {
    let setup = Setup::start().await;
    let selector =
        json!({ "matchExpressions": [{ "key": "team", "operator": "Is", "values": ["a"] }] });
    setup
        .apply_automation(&json!({ "policySelector": selector }))
        .await;
    let stalled = setup
        .until("the selector", |automation| {
            condition(automation, "Stalled").is_some()
        })
        .await;
    let stalled = condition(&stalled, "Stalled").unwrap();
    assert_eq!(stalled.reason, "InvalidPolicySelector");
    let prefix = "failed to parse policy selector: ";
    assert!(stalled.message.starts_with(prefix), "{}", stalled.message);
}

#[tokio::test]
async fn the_selector_decides_which_policies_count() {
    let setup = Setup::start().await;
    setup.apply_source(&json!({})).await;
    for name in ["app", "other"] {
        setup.apply_policy(name).await;
        setup.choose(name, "1.0.0").await;
    }
    let selector = json!({ "policySelector": { "matchLabels": { "team": "app" } } });
    setup.apply_automation(&selector).await;
    let automation = setup.up_to_date().await;
    let observed = status(&automation).observed_policies;
    assert_eq!(observed.into_keys().collect::<Vec<_>>(), ["app"]);
}

#[tokio::test]
async fn a_missing_source_is_told_and_found_when_it_comes() {
    let setup = Setup::start().await;
    setup.apply_policy("app").await;
    setup.choose("app", "1.0.0").await;
    setup.apply_automation(&json!({})).await;
    let text = "failed configuring source manager: referenced git repository does not exist: \
                gitrepositories.source.toolkit.fluxcd.io \"fleet\" not found";
    let failed = setup.says(("False", "SourceManagerFailed"), text).await;
    assert!(status(&failed).last_automation_run_time.is_some());
    setup.apply_source(&json!({})).await;
    setup.up_to_date().await;
}

#[tokio::test]
async fn a_reference_without_a_branch_needs_a_push_branch() {
    let setup = Setup::start().await;
    setup.apply_source(&json!({})).await;
    let checkout = json!({ "checkout": { "ref": { "tag": "v1" } } });
    setup.apply_automation(&json!({ "git": checkout })).await;
    let text = "failed configuring source manager: push spec not provided, and cannot be inferred from \
                .spec.git.checkout.ref or GitRepository .spec.ref";
    setup.says(("False", "SourceManagerFailed"), text).await;
}

#[tokio::test]
async fn a_missing_secret_is_told() {
    let setup = Setup::start().await;
    setup
        .apply_source(&json!({ "secretRef": { "name": "git" } }))
        .await;
    setup.apply_automation(&json!({})).await;
    let namespace = setup.namespace.name();
    let text = format!(
        "failed configuring source manager: failed to get auth secret '{namespace}/git': secrets \"git\" not found"
    );
    setup.says(("False", "SourceManagerFailed"), &text).await;
}

#[tokio::test]
async fn the_provider_github_needs_the_data_of_an_app() {
    let setup = Setup::start().await;
    setup.apply_source(&json!({ "provider": "github" })).await;
    setup.apply_automation(&json!({})).await;
    let text = "secretRef with github app data must be specified when provider is set to github: \
                invalid source configuration";
    setup.stalls(INVALID, text).await;
}

#[tokio::test]
async fn the_data_of_an_app_needs_the_provider_github() {
    let setup = Setup::start().await;
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "git" },
        "stringData": { "githubAppID": "1" },
    });
    setup.namespace.apply(&secret.to_string()).await;
    setup
        .apply_source(&json!({ "secretRef": { "name": "git" } }))
        .await;
    setup.apply_automation(&json!({})).await;
    let namespace = setup.namespace.name();
    let text = format!(
        "secretRef '{namespace}/git' has github app data but provider is not set to github: \
         invalid source configuration"
    );
    setup.stalls(INVALID, &text).await;
}

#[tokio::test]
async fn a_service_account_needs_the_gate() {
    let setup = Setup::start().await;
    let fields = json!({
        "url": "https://dev.azure.com/a/b/_git/c", "provider": "azure", "serviceAccountName": "git",
    });
    setup.apply_source(&fields).await;
    setup.apply_automation(&json!({})).await;
    let text = "to use spec.serviceAccountName for provider authentication please enable the \
                ObjectLevelWorkloadIdentity feature gate in the controller";
    setup.stalls("FeatureGateDisabled", text).await;
}

#[tokio::test]
async fn a_missing_branch_is_told_and_found_when_it_comes() {
    let setup = Setup::start().await;
    setup
        .apply_source(&json!({ "ref": { "branch": "later" } }))
        .await;
    setup.apply_automation(&json!({})).await;
    let message = setup.fails("GitOperationFailed").await;
    assert!(
        message.starts_with("failed to checkout source: "),
        "{message}"
    );
    assert!(message.contains("refs/heads/later"), "{message}");
    setup.repository.commit("later").file("a.txt", "").done();
    setup.says(("True", "Succeeded"), UP_TO_DATE).await;
}

#[tokio::test]
async fn a_missing_path_is_told() {
    let setup = Setup::start().await;
    setup.apply_source(&json!({})).await;
    setup
        .apply_automation(&json!({ "update": { "path": "./nowhere" } }))
        .await;
    let message = setup.fails("UpdateFailed").await;
    assert!(
        message.starts_with("failed to apply policies: "),
        "{message}"
    );
}

#[tokio::test]
async fn a_template_that_is_none_is_told_when_there_is_something_to_commit() {
    let setup = Setup::start().await;
    setup.apply_source(&json!({})).await;
    setup.apply_policy("app").await;
    setup.choose("app", "1.0.0").await;
    let git = |template: &str| json!({ "git": { "commit": { "messageTemplate": template } } });
    setup.apply_automation(&git("{{ if }}")).await;
    setup.up_to_date().await;
    setup.choose("app", "1.1.0").await;
    let message = setup.fails("GitOperationFailed").await;
    let prefix = "failed to update source: unable to create commit message template from spec: ";
    assert!(message.starts_with(prefix), "{message}");
    setup
        .apply_automation(&git("{{ .Changed.ImageResult }}"))
        .await;
    let text = "template uses removed '.Changed.ImageResult' field. Please use '.Changed.FileChanges' or \
                '.Changed.Objects' instead. See: \
                https://fluxcd.io/flux/components/image/imageupdateautomations/#message-template";
    let stalled = setup
        .until("the removed field", |automation| {
            condition(automation, "Stalled").is_some()
        })
        .await;
    let stalled = condition(&stalled, "Stalled").unwrap();
    assert_eq!(
        (&*stalled.reason, &*stalled.message),
        ("RemovedTemplateField", text)
    );
}

#[tokio::test]
async fn field_and_annotation_that_disagree_are_stalled() {
    let setup = Setup::start().await;
    setup
        .apply_automation(&json!({ "approval": "NotRequired" }))
        .await;
    let annotations = json!({ "repin.dev/approval": "Required" });
    setup
        .patch_automation(&json!({ "metadata": { "annotations": annotations } }))
        .await;
    let text = "spec.approval is 'NotRequired' but annotation repin.dev/approval is 'Required': \
                remove one of them or make them equal";
    eventually("the disagreement", async || {
        let automation = setup.automation().await;
        let stalled = condition(&automation, "Stalled")?.clone();
        ((&*stalled.reason, &*stalled.message) == ("AnnotationMismatch", text)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_plan_that_nobody_takes_up_is_told() {
    let setup = Setup::with_args(&["--requeue-dependency=1s"]).await;
    setup.apply_all("1.1.0").await;
    let plan = setup.plan(1).await;
    let text = format!(
        "plan '{plan}' is not taken up: is git-writer running?",
        plan = crate::setup::name(&plan)
    );
    setup.says(("False", "DependencyNotReady"), &text).await;
    setup.push(&plan).await;
    setup.up_to_date().await;
}
