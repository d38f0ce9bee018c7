//! What people are told, and how often.

use api::repin::v1alpha1::Phase;
use k8s_openapi::api::events::v1::Event;
use kube::Api;
use kube::api::ListParams;
use serde_json::json;
use test_support::cluster::eventually;

use crate::setup::{Setup, name};

impl Setup {
    /// Type, reason and note of all Events about the automation, the oldest first.
    async fn events(&self) -> Vec<(String, String, String)> {
        let api: Api<Event> = self.namespace.api();
        let mut events = api.list(&ListParams::default()).await.unwrap().items;
        events.retain(|event| {
            let regarding = event.regarding.as_ref();
            regarding.and_then(|regarding| regarding.kind.as_deref())
                == Some("ImageUpdateAutomation")
        });
        events.sort_by_key(|event| event.event_time.clone().map(|time| time.0));
        events
            .into_iter()
            .map(|event| {
                let text = |text: Option<String>| text.unwrap_or_default();
                (text(event.type_), text(event.reason), text(event.note))
            })
            .collect()
    }

    /// Waits for this last Event, after so many others.
    async fn told(&self, others: usize, (type_, reason, note): (&str, &str, &str)) {
        let what = format!("{type_} {reason} {note}");
        let events = eventually(&what, async || {
            let events = self.events().await;
            let last = events.last()?;
            ((&*last.0, &*last.1, &*last.2) == (type_, reason, note)).then_some(events)
        })
        .await;
        assert_eq!(events.len(), others + 1, "{events:?}");
    }
}

#[tokio::test]
async fn a_push_is_told_once_with_its_message() {
    let mut setup = Setup::with_args(&["--batch-window=0s"]).await;
    setup.apply_source(&json!({})).await;
    setup.apply_policy("app").await;
    setup.choose("app", "1.0.0").await;
    let template = "{{ range .Changed.Changes }}{{ .NewValue }}{{ end }}\n\nBy a bot";
    let git = json!({ "git": { "commit": { "messageTemplate": template } } });
    setup.apply_automation(&git).await;
    setup.up_to_date().await;
    setup
        .told(0, ("Normal", "Succeeded", "repository up-to-date"))
        .await;
    setup.choose("app", "1.1.0").await;
    let plan = setup.plan(1).await;
    let commit = setup.push(&plan).await;
    let text = |commit: &str, tag: &str| {
        let short = &commit[..7];
        format!("pushed commit '{short}' to branch 'main'\nreg.example/app:{tag}\n\nBy a bot")
    };
    setup
        .told(1, ("Normal", "Succeeded", &text(&commit, "1.1.0")))
        .await;
    // A restart tells nothing again, and what was pushed meanwhile.
    setup.choose("app", "1.2.0").await;
    let plan = setup.plan(2).await;
    setup.setter.kill9();
    let commit = setup.push(&plan).await;
    setup.setter.restart();
    setup
        .told(2, ("Normal", "Succeeded", &text(&commit, "1.2.0")))
        .await;
}

#[tokio::test]
async fn a_push_with_a_refspec_names_it() {
    let setup = Setup::start().await;
    setup.apply_source(&json!({})).await;
    setup.apply_policy("app").await;
    setup.choose("app", "1.1.0").await;
    let refspec = "refs/heads/main:refs/heads/copy";
    setup
        .apply_automation(&json!({ "git": { "push": { "refspec": refspec } } }))
        .await;
    let plan = setup.plan(1).await;
    let commit = setup.push(&plan).await;
    let short = &commit[..7];
    let text = format!(
        "pushed commit '{short}' to branch 'main' and refspecs '{refspec}'\nUpdate from image update automation"
    );
    setup.told(0, ("Normal", "Succeeded", &text)).await;
}

#[tokio::test]
async fn a_failure_is_told_and_the_push_after_it_too() {
    let setup = Setup::start().await;
    setup.apply_all("1.1.0").await;
    let plan = setup.plan(1).await;
    let problem = "failed to push to remote: the server says no";
    setup.say(&plan, Phase::Pending, problem, &json!({})).await;
    let text = format!("failed to update source: {problem}");
    setup.says(("False", "GitOperationFailed"), &text).await;
    setup
        .told(0, ("Warning", "GitOperationFailed", &text))
        .await;
    let commit = setup.push(&plan).await;
    setup.up_to_date().await;
    let short = &commit[..7];
    let text =
        format!("pushed commit '{short}' to branch 'main'\nUpdate from image update automation");
    setup.told(1, ("Normal", "Succeeded", &text)).await;
}

#[tokio::test]
async fn a_plan_that_awaits_approval_is_told_once() {
    let setup = Setup::start().await;
    setup.apply_source(&json!({})).await;
    setup.apply_policy("app").await;
    setup.choose("app", "1.1.0").await;
    setup
        .apply_automation(&json!({ "approval": "Required" }))
        .await;
    let plan = setup.plan(1).await;
    assert_eq!(plan.spec.approval, api::image::v1::Approval::Required);
    setup
        .say(&plan, Phase::AwaitingApproval, "", &json!({}))
        .await;
    let text = format!(
        "plan '{plan}' awaits approval: create an ImageUpdateApproval of that name",
        plan = name(&plan)
    );
    setup.says(("False", "AwaitingApproval"), &text).await;
    setup.told(0, ("Normal", "AwaitingApproval", &text)).await;
    setup.reconcile("1").await;
    setup.told(0, ("Normal", "AwaitingApproval", &text)).await;
}

#[tokio::test]
async fn findings_are_told_once_per_set() {
    let setup = Setup::start().await;
    let marker = |policy: &str| {
        format!(
            "image: a:1 # {{\"$imagepolicy\": \"{}:{policy}\"}}\n",
            setup.namespace.name()
        )
    };
    setup
        .repository
        .commit("main")
        .file("apps/other.yaml", marker("gone"))
        .done();
    setup.apply_all("1.0.0").await;
    let found = |setup: &Setup, policy: &str, reason: &str| {
        let namespace = setup.namespace.name();
        format!(
            "1 marker without effect: apps/other.yaml:1:12: marker names the image policy {namespace}:{policy}, {reason}"
        )
    };
    let unknown = "which is unknown here or has no latest image";
    let first = found(&setup, "gone", unknown);
    setup
        .says(
            ("True", "Succeeded"),
            &format!("repository up-to-date; {first}"),
        )
        .await;
    eventually("the finding", async || {
        let events = setup.events().await;
        (events.last()?.2 == first).then_some(())
    })
    .await;
    let expected = [
        ("Normal", "Succeeded", "repository up-to-date"),
        ("Warning", "MarkersWithoutEffect", &*first),
    ];
    let events = setup.events().await;
    let told: Vec<_> = events.iter().map(|(a, b, c)| (&**a, &**b, &**c)).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    for one in expected {
        assert!(told.contains(&one), "{told:?}");
    }
    let gauge = format!(
        "repin_markers_without_effect{{name=\"fleet\",namespace=\"{}\"}}",
        setup.namespace.name()
    );
    assert_eq!(setup.counted(&gauge).await, 1);
    // The same set is told no more, another one is, and none is none.
    setup.reconcile("1").await;
    assert_eq!(setup.events().await.len(), 2);
    setup
        .repository
        .commit("main")
        .file("apps/other.yaml", marker("gone-too"))
        .done();
    setup.reconcile("2").await;
    let second = found(&setup, "gone-too", unknown);
    setup
        .told(2, ("Warning", "MarkersWithoutEffect", &second))
        .await;
    setup
        .repository
        .commit("main")
        .remove("apps/other.yaml")
        .done();
    setup.reconcile("3").await;
    setup.up_to_date().await;
    assert_eq!(setup.counted(&gauge).await, 0);
    assert_eq!(setup.events().await.len(), 3);
}
