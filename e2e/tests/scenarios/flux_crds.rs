//! On the definitions that Flux itself installs: the controllers work, and say which of their fields are dropped.

use api::image::v1::{
    Approval, GitPush, ImagePolicy, ImageUpdateAutomation, LocalObjectReference,
    MessageTemplateEngine,
};
use api::{annotations, safeguards};
use e2e::objects::{image_policy, image_repository, image_update_automation};
use e2e::stage::{EVALUATOR, SCANNER, Stage};
use kube::ResourceExt as _;
use serde_json::{Value, json};
use test_support::cluster::eventually;
use test_support::registry::Registry;

use crate::{takeover, takeover_updates};

/// The fields of an ImagePolicy that Flux's schema lacks.
const MISSING: [&str; 3] = ["spec.accessFrom", "spec.downgradePolicy", "spec.minimumAge"];

/// One control plane for all of it: it takes seconds to start.
#[tokio::test]
async fn the_controllers_run_on_the_definitions_of_flux() {
    let stage = Stage::with_the_definitions_of_flux().await;
    missing_fields_are_told(&stage).await;
    annotations_hold_where_fields_are_dropped(&stage).await;
    an_automation_is_held_by_its_annotation(&stage).await;
    everything_is_accepted(&stage).await;
    takeover::taken_over_and_given_back(&stage).await;
    // Without the policies that are here by now.
    let elsewhere = stage.sibling().await;
    takeover_updates::taken_over_and_given_back(&elsewhere).await;
}

#[tokio::test]
async fn what_flux_accepts_is_accepted() {
    let stage = Stage::start().await;
    everything_is_accepted(&stage).await;
}

async fn missing_fields_are_told(stage: &Stage) {
    let scanner = stage.controller(SCANNER, &[]).await;
    let evaluator = stage.controller(EVALUATOR, &[]).await;
    // The schemas are looked at beside the work: nobody waits for that to get ready.
    let metrics = eventually("the fields that are missing", async || {
        let metrics = evaluator.metrics().await;
        metrics.contains(MISSING[0]).then_some(metrics)
    })
    .await;
    let ready = evaluator.readyz().await.unwrap();
    for field in MISSING {
        let series =
            format!("repin_schema_missing_fields{{kind=\"ImagePolicy\",field=\"{field}\"}} 1");
        assert!(metrics.contains(&series), "{series}: {metrics}");
        assert!(ready.contains(field), "{field}: {ready}");
        assert!(
            evaluator.log().contains(field),
            "{field}: {}",
            evaluator.log()
        );
    }
    let metrics = scanner.metrics().await;
    assert!(
        !metrics.contains("repin_schema_missing_fields{"),
        "{metrics}"
    );
    stage.finish([scanner, evaluator]).await;
}

async fn annotations_hold_where_fields_are_dropped(stage: &Stage) {
    let registry = Registry::start().await;
    registry.set_tags("app", ["1.0.0"]);
    let scanner = stage.controller(SCANNER, &[]).await;
    let evaluator = stage.controller(EVALUATOR, &[]).await;
    stage
        .create(&image_repository("app", &registry.image("app")))
        .await;
    stage.create(&image_policy("free", "app", "1.x")).await;
    let mut dropped = image_policy("dropped", "app", "1.x");
    dropped.spec.minimum_age = Some(api::Duration::from_secs(259_200));
    stage.create(&dropped).await;
    let stored = stage.policies().get("dropped").await.unwrap();
    assert_eq!(
        stored.spec.minimum_age, None,
        "Flux's schema has no such field"
    );
    let mut aged = image_policy("aged", "app", "1.x");
    note(&mut aged, annotations::MINIMUM_AGE, "72h");
    stage.create(&aged).await;
    let mut held = image_policy("held", "app", "1.x");
    note(&mut held, annotations::DOWNGRADE_POLICY, "Refuse");
    stage.create(&held).await;
    for name in ["free", "dropped", "aged", "held"] {
        stage.until_selected(name, "1.0.0").await;
    }

    // A tag that the first scan did not see.
    registry.set_tags("app", ["1.0.0", "1.1.0"]);
    stage.request("app").await;
    for (name, tag) in [("free", "1.1.0"), ("dropped", "1.1.0"), ("held", "1.1.0")] {
        stage.until_selected(name, tag).await;
    }
    stage
        .until_says(
            "aged",
            "1.0.0",
            "; 1.1.0 waits for minimumAge 72h0m0s until ",
        )
        .await;

    // The newest tag vanishes: whoever may go down does.
    registry.set_tags("app", ["1.0.0"]);
    stage.request("app").await;
    for (name, tag) in [("free", "1.0.0"), ("dropped", "1.0.0"), ("aged", "1.0.0")] {
        stage.until_selected(name, tag).await;
    }
    let kept = "; downgradePolicy Refuse keeps it: the tag is no longer listed";
    stage.until_says("held", "1.1.0", kept).await;
    for name in ["free", "dropped", "aged", "held"] {
        stage.delete::<ImagePolicy>(name).await;
    }
    stage.finish([scanner, evaluator]).await;
}

/// Flux's schema lacks every addition of ours, and drops it without a word.
async fn an_automation_is_held_by_its_annotation(stage: &Stage) {
    let mut automation = image_update_automation("fleet", "fleet");
    automation.spec.approval = Some(Approval::Required);
    let git = automation.spec.git.as_mut().unwrap();
    git.commit.message_template_engine = Some(MessageTemplateEngine::Handlebars);
    git.push = Some(GitPush {
        branch: Some("auto".to_owned()),
        secret_ref: Some(LocalObjectReference {
            name: "push".to_owned(),
        }),
        ..GitPush::default()
    });
    let stored = stage.create(&automation).await;
    let git = stored.spec.git.clone().unwrap();
    assert_eq!(git.commit.message_template_engine, None);
    let push = git.push.unwrap();
    assert_eq!(
        (push.branch.as_deref(), push.secret_ref),
        (Some("auto"), None)
    );
    assert_eq!(safeguards::approval(&stored), Ok(Approval::NotRequired));
    stage.delete::<ImageUpdateAutomation>("fleet").await;

    let approval = (annotations::APPROVAL.to_owned(), "Required".to_owned());
    automation.annotations_mut().extend([approval]);
    let stored = stage.create(&automation).await;
    assert_eq!(stored.spec.approval, None);
    assert_eq!(safeguards::approval(&stored), Ok(Approval::Required));
    stage.delete::<ImageUpdateAutomation>("fleet").await;
}

/// Objects at the edges of what Flux's schema lets in, and an ordinary one that has to work beside them.
async fn everything_is_accepted(stage: &Stage) {
    let registry = Registry::start().await;
    registry.set_tags("plain", ["1.0.0"]);
    let scanner = stage.controller(SCANNER, &[]).await;
    let evaluator = stage.controller(EVALUATOR, &[]).await;
    let kubectl = stage.kubectl();
    for (number, spec) in odd_repositories(&registry.image("odd"))
        .into_iter()
        .enumerate()
    {
        kubectl
            .apply(&manifest("ImageRepository", number, spec))
            .await;
    }
    for (number, spec) in odd_policies().into_iter().enumerate() {
        kubectl.apply(&manifest("ImagePolicy", number, spec)).await;
    }
    stage
        .create(&image_repository("plain", &registry.image("plain")))
        .await;
    stage.create(&image_policy("plain", "plain", "1.x")).await;
    stage.until_selected("plain", "1.0.0").await;
    stage.finish([scanner, evaluator]).await;
}

fn note(policy: &mut ImagePolicy, annotation: &str, value: &str) {
    policy
        .annotations_mut()
        .insert(annotation.to_owned(), value.to_owned());
}

fn manifest(kind: &str, number: usize, spec: Option<Value>) -> String {
    let mut manifest = json!({
        "apiVersion": "image.toolkit.fluxcd.io/v1",
        "kind": kind,
        "metadata": {"name": format!("odd-{number}")},
    });
    if let Some(spec) = spec {
        manifest["spec"] = spec;
    }
    manifest.to_string()
}

/// `None` stands for an object without a spec, which Flux's schema lets in.
fn odd_repositories(image: &str) -> Vec<Option<Value>> {
    let with = |field: &str, value: Value| {
        let mut spec = json!({"image": image, "interval": "1h"});
        spec[field] = value;
        Some(spec)
    };
    vec![
        None,
        with("image", json!("")),
        with("image", json!("https://example.com/a:b")),
        with("interval", json!("0s")),
        with("interval", json!("1.5h30m10ms")),
        with("timeout", json!("100ms")),
        with("exclusionList", json!([])),
        with("exclusionList", json!(["("])),
        with("suspend", json!(null)),
        with("provider", json!(null)),
        with("accessFrom", json!({"namespaceSelectors": []})),
        with(
            "accessFrom",
            json!({"namespaceSelectors": [{}, {"matchLabels": {"a": "b"}}]}),
        ),
        with("secretRef", json!({"name": ""})),
        with("serviceAccountName", json!("")),
    ]
}

fn odd_policies() -> Vec<Option<Value>> {
    let with = |field: &str, value: Value| {
        let mut spec = json!({"imageRepositoryRef": {"name": "plain"}, "policy": {}});
        spec[field] = value;
        Some(spec)
    };
    vec![
        None,
        with("policy", json!({})),
        with(
            "policy",
            json!({"semver": {"range": "1.x"}, "alphabetical": {}, "numerical": {}}),
        ),
        with("policy", json!({"semver": {"range": ""}})),
        with(
            "policy",
            json!({"alphabetical": null, "numerical": {"order": "desc"}}),
        ),
        with("filterTags", json!({})),
        with("filterTags", json!({"pattern": "(", "extract": "$"})),
        with("imageRepositoryRef", json!({"name": "", "namespace": ""})),
        with(
            "imageRepositoryRef",
            json!({"name": "gone", "namespace": "gone"}),
        ),
        with("digestReflectionPolicy", json!(null)),
        with("suspend", json!(true)),
    ]
}
