//! "Trigger image updates with webhooks", with the objects of the guide word for word, in the versions that they have there,
//! through all five controllers: a real registry, a real Git server, `kubectl`, and what Docker Hub sends.

use e2e::fleet::Fleet;
use e2e::stage::RECEIVER;
use e2e::table;
use serde_json::json;
use test_support::cluster::eventually;
use test_support::webhooks::docker_hub;

use crate::guide_updates::{DEPLOYMENT, DEPLOYMENT_PATH, PODINFO, is_an_update};

/// The objects of the guide that come before this part of it.
const REPOSITORY: &str = include_str!("../../../xtask/demo/objects/podinfo-registry.yaml");
const POLICY: &str = include_str!("../../../xtask/demo/objects/podinfo-policy.yaml");
const AUTOMATION: &str = include_str!("../../../xtask/demo/objects/flux-system-automation.yaml");
const WEBHOOK: &str = include_str!("../../../xtask/demo/cluster/podinfo-receiver.yaml");
/// What `head -c 12 /dev/urandom | shasum | cut -d ' ' -f1` prints.
const TOKEN: &str = "3f786850e387550fdab836ed7e6dc881de23001b";

/// Longer than any test: what happens happens because of a webhook.
const NEVER: &str = "24h0m0s";
const WITH_AN_INTERVAL: [&str; 4] = [
    "gitrepository/flux-system",
    "imagerepository/podinfo",
    "imageupdateautomation/flux-system",
    "receiver/podinfo",
];

#[tokio::test]
async fn a_webhook_of_docker_hub_leads_to_a_commit() {
    let fleet = Box::pin(Fleet::with_webhooks()).await;
    let first = Box::pin(updated_once(&fleet)).await;

    let secret = ["create", "secret", "generic", "webhook-token"];
    let literal = format!("--from-literal=token={TOKEN}");
    let kubectl = fleet.kubectl();
    kubectl.run(&[&secret[..], &[&literal]].concat()).await;
    fleet.apply(WEBHOOK).await;
    let path = read_url(&fleet).await;
    nobody_looks_by_itself(&fleet).await;

    let mut head = first;
    for (old, new) in [("5.0.3", "5.0.4"), ("5.0.4", "5.0.5")] {
        fleet.push(PODINFO, &[new]).await;
        let receiver = fleet.controller(RECEIVER);
        receiver
            .post(&path, &docker_hub(PODINFO, new))
            .await
            .unwrap();
        let commit = fleet.until_moved("main", Some(&head)).await;
        is_an_update(&fleet, &commit, &head, (old, new));
        fleet.until_told(&commit).await;
        head = commit;
    }
    nothing_secret_is_logged(&fleet, &path);
    fleet.finish().await;
}

/// The guide up to here: the Deployment is marked and has the newest tag. Returns the commit of that.
async fn updated_once(fleet: &Fleet) -> String {
    fleet
        .push(PODINFO, &["4.0.6", "5.0.0", "5.0.3", "5.1.0"])
        .await;
    let marked = fleet.commit("main", &[(DEPLOYMENT_PATH, DEPLOYMENT)]);
    for manifest in [REPOSITORY, POLICY, AUTOMATION] {
        fleet.apply_soon(manifest).await;
    }
    let commit = fleet.until_moved("main", Some(&marked)).await;
    is_an_update(fleet, &commit, &marked, ("5.0.0", "5.0.3"));
    fleet.until_told(&commit).await;
    commit
}

/// "Find the URL with": its path, out of what `kubectl get` prints.
async fn read_url(fleet: &Fleet) -> String {
    let kubectl = fleet.kubectl();
    let ready = ["wait", "--for=condition=Ready", "--timeout=60s"];
    kubectl
        .run(&[&ready[..], &["receiver/podinfo"]].concat())
        .await;
    let printed = kubectl.run(&["get", "receiver/podinfo"]).await;
    assert_eq!(
        table::headings(&printed),
        ["NAME", "AGE", "READY", "STATUS"]
    );
    let row = table::rows(&printed).remove(0);
    assert_eq!((&*row["NAME"], &*row["READY"]), ("podinfo", "True"));
    let path = row["STATUS"].strip_prefix("Receiver initialized for path: ");
    let path = path.expect("the status tells the path");
    let digest = path.strip_prefix("/hook/").expect("the path of a hook");
    assert_eq!(digest.len(), 64, "{path}");
    let old = "receivers.v1beta1.notification.toolkit.fluxcd.io/podinfo";
    assert_eq!(fleet.get(old).await["status"]["url"], path);
    path.to_owned()
}

/// Takes the intervals away, and waits until everybody has seen that.
async fn nobody_looks_by_itself(fleet: &Fleet) {
    for object in WITH_AN_INTERVAL {
        let patch = json!({"spec": {"interval": NEVER}});
        fleet.patch(object, &patch).await;
        // A GitRepository has no controller here.
        if object.starts_with("gitrepository") {
            continue;
        }
        eventually(&format!("the new interval of {object}"), async || {
            let object = fleet.get(object).await;
            let generation = &object["metadata"]["generation"];
            (object["status"]["observedGeneration"] == *generation).then_some(())
        })
        .await;
    }
}

/// The token is a password, and so is the path, which is made of it.
fn nothing_secret_is_logged(fleet: &Fleet, path: &str) {
    let log = fleet.controller(RECEIVER).log();
    let digest = path.rsplit('/').next().unwrap();
    for secret in [TOKEN, digest] {
        assert!(!log.contains(secret), "{log}");
    }
}
