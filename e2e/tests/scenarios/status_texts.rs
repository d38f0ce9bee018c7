//! What an automation says where the repository cannot be reached or written, in the words of Flux's controller, from the
//! controllers together.

use e2e::stage::{SETTER, Stage};
use serde_json::{Value, json};
use test_support::cluster::eventually;

use crate::guide_updates::{AUTOMATION, release, scanned};

const AUTOMATION_NAME: &str = "imageupdateautomation/flux-system";
const SOURCE: &str =
    "failed configuring source manager: failed to configure authentication options: ";

/// The entries of a Secret, the URL that it is for, and what is wrong with them.
type Unusable = (
    &'static [(&'static str, &'static str)],
    &'static str,
    &'static str,
);

const UNUSABLE: [Unusable; 4] = [
    (
        &[("password", "s3cret")],
        "http://127.0.0.1:1/fleet.git",
        "invalid 'http' auth option: 'password' requires 'username' to be set",
    ),
    (
        &[("known_hosts", "127.0.0.1 ssh-ed25519 AAAA")],
        "ssh://git@127.0.0.1:1/fleet.git",
        "invalid 'ssh' auth option: 'identity' is required",
    ),
    (
        &[("identity", "key")],
        "ssh://git@127.0.0.1:1/fleet.git",
        "invalid 'ssh' auth option: 'known_hosts' is required",
    ),
    (
        &[],
        "ssh://git@127.0.0.1:1/fleet.git",
        "invalid 'ssh' auth option: 'identity' is required",
    ),
];

#[tokio::test]
async fn unusable_credentials_are_told_in_the_words_of_flux() {
    let stage = Stage::start().await;
    let setter = stage.controller(SETTER, &[]).await;
    let kubectl = stage.kubectl();
    kubectl.apply(AUTOMATION).await;
    for (entries, url, problem) in UNUSABLE {
        let entries: serde_json::Map<String, Value> = entries
            .iter()
            .map(|(key, value)| ((*key).to_owned(), json!(value)))
            .collect();
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "git"},
            "stringData": entries,
        });
        let source = json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
            "metadata": {"name": "flux-system"},
            "spec": {
                "interval": "1m0s", "url": url, "ref": {"branch": "main"},
                "secretRef": {"name": "git"},
            },
        });
        // Replaced as a whole: what an earlier one held is gone.
        let replace = ["replace", "--force", "-f", "-"];
        kubectl.feed(&replace, &secret.to_string()).await;
        kubectl.feed(&replace, &source.to_string()).await;
        let message = format!("{SOURCE}{problem}");
        eventually(&message, async || {
            let words = ["get", AUTOMATION_NAME, "-o", "json"];
            let automation: Value = serde_json::from_str(&kubectl.run(&words).await).ok()?;
            says(&automation, "SourceManagerFailed", &message).then_some(())
        })
        .await;
    }
    stage.finish([setter]).await;
}

#[tokio::test]
async fn a_refused_push_is_told_and_tried_again() {
    let (fleet, first) = scanned(&["5.0.0", "5.0.3"], "5.0.3").await;
    let refuse = "#!/bin/sh\necho 'frozen until Monday' >&2\nexit 1\n";
    fleet.repository.hook("pre-receive", refuse);
    fleet.apply(AUTOMATION).await;
    let message = eventually("the words of the hook", async || {
        let automation = fleet.get(AUTOMATION_NAME).await;
        let ready = automation["status"]["conditions"]
            .as_array()?
            .last()?
            .clone();
        let message = ready["message"].as_str()?.to_owned();
        (ready["reason"] == "GitOperationFailed").then_some(message)
    })
    .await;
    let begin = "failed to update source: failed to push to remote: ";
    assert!(message.starts_with(begin), "{message}");
    assert!(message.contains("frozen until Monday"), "{message}");
    let about = "ImageUpdateAutomation/flux-system";
    fleet
        .until_event(about, ("Warning", "GitOperationFailed", &message))
        .await;
    assert_eq!(fleet.head("main").as_ref(), Some(&first));

    // The freeze is over: the plan that waited is pushed, and one commit comes of it.
    fleet.repository.hook("pre-receive", "#!/bin/sh\nexit 0\n");
    let commit = fleet.until_moved("main", Some(&first)).await;
    fleet.until_told(&commit).await;
    assert_eq!(fleet.repository.count("main"), 2);
    release(&fleet, "5.0.4").await;
    let next = fleet.until_moved("main", Some(&commit)).await;
    fleet.until_told(&next).await;
    fleet.finish().await;
}

fn says(automation: &Value, reason: &str, message: &str) -> bool {
    let conditions = automation["status"]["conditions"].as_array();
    let mut ready = conditions.into_iter().flatten();
    ready.any(|one| {
        one["type"] == "Ready"
            && one["status"] == "False"
            && one["reason"] == reason
            && one["message"] == message
    })
}
