//! Objects in every version.

use kube::ResourceExt as _;
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use test_support::cluster::eventually;

use crate::site::{AUTOMATIONS, Site, automation, object};

const KIND: &str = "ImageUpdateAutomation";
const VERSIONS: [&str; 5] = ["v1", "v1beta2", "v1beta1", "v1alpha2", "v1alpha1"];

#[tokio::test]
async fn an_object_is_the_same_in_every_version() {
    let site = Site::start().await;
    let replica = site.replica().await;
    site.until_converted().await;
    for version in VERSIONS {
        let name = format!("made-in-{version}");
        let wanted = automation(&name, version);
        let made = site.image(KIND, version);
        let created = made
            .create(&PostParams::default(), &object(&wanted))
            .await
            .unwrap();
        assert_eq!(created.data["spec"], wanted["spec"], "{version}");
        for other in VERSIONS {
            let seen = site.image(KIND, other).get(&name).await.unwrap();
            assert_eq!(
                seen.data["spec"],
                automation(&name, other)["spec"],
                "{version} {other}"
            );
            assert_eq!(seen.metadata.uid, created.metadata.uid);
            assert_eq!(
                seen.metadata.resource_version,
                created.metadata.resource_version
            );
        }
    }
    for version in VERSIONS {
        let all = site
            .image(KIND, version)
            .list(&ListParams::default())
            .await
            .unwrap();
        assert_eq!(all.items.len(), VERSIONS.len(), "{version}");
    }
    the_rest_stays_when_a_part_is_changed(&site).await;
    the_rest_stays_when_a_part_is_applied(&site).await;
    drop(replica);
}

/// What an old client does not know survives what it writes.
async fn the_rest_stays_when_a_part_is_changed(site: &Site) {
    let new = site.image(KIND, "v1");
    let more = json!({"spec": {
        "approval": "Required",
        "policySelector": { "matchLabels": { "a": "b" } },
        "git": { "commit": { "messageTemplateValues": { "a": "b" } } },
    }});
    let name = "made-in-v1";
    let params = PatchParams::default();
    new.patch(name, &params, &Patch::Merge(&more))
        .await
        .unwrap();

    let old = site.image(KIND, "v1alpha1");
    let mut read = old.get(name).await.unwrap();
    assert!(read.annotations().contains_key("repin.dev/carried"));
    read.data["spec"]["push"]["branch"] = json!("other");
    old.replace(name, &PostParams::default(), &read)
        .await
        .unwrap();

    let stored = new.get(name).await.unwrap();
    let mut expected = automation(name, "v1")["spec"].clone();
    expected["approval"] = json!("Required");
    expected["policySelector"] = json!({ "matchLabels": { "a": "b" } });
    expected["git"]["commit"]["messageTemplateValues"] = json!({ "a": "b" });
    expected["git"]["push"]["branch"] = json!("other");
    assert_eq!(stored.data["spec"], expected);
    assert!(!stored.annotations().contains_key("repin.dev/carried"));
}

/// Server-side apply merges in the version of who applies.
async fn the_rest_stays_when_a_part_is_applied(site: &Site) {
    let name = "made-in-v1alpha1";
    let params = PatchParams::apply("test").force();
    let more = json!({
        "apiVersion": "image.toolkit.fluxcd.io/v1", "kind": KIND, "metadata": { "name": name },
        "spec": { "approval": "Required" },
    });
    let new = site.image(KIND, "v1");
    let other = PatchParams::apply("other").force();
    new.patch(name, &other, &Patch::Apply(&more)).await.unwrap();
    let mut old = automation(name, "v1alpha1");
    old["spec"]["push"]["branch"] = json!("applied");
    let applied = site.image(KIND, "v1alpha1");
    applied
        .patch(name, &params, &Patch::Apply(&old))
        .await
        .unwrap();
    let stored = new.get(name).await.unwrap();
    assert_eq!(stored.data["spec"]["approval"], "Required");
    assert_eq!(stored.data["spec"]["git"]["push"]["branch"], "applied");
    let managers = stored.managed_fields().iter();
    let managers = managers.map(|entry| (entry.manager.as_deref(), entry.api_version.as_deref()));
    for expected in [
        (Some("test"), Some("image.toolkit.fluxcd.io/v1alpha1")),
        (Some("other"), Some("image.toolkit.fluxcd.io/v1")),
    ] {
        assert!(
            managers.clone().any(|found| found == expected),
            "{expected:?}"
        );
    }
}

#[tokio::test]
async fn what_older_releases_stored_is_read() {
    let site = Site::start().await;
    store(&site, "v1alpha1").await;
    let old = site.image(KIND, "v1alpha1");
    let stored = automation("old", "v1alpha1");
    eventually("the old automation", async || {
        let created = old
            .create(&PostParams::default(), &object(&stored))
            .await
            .ok()?;
        (created.data["spec"] == stored["spec"]).then_some(())
    })
    .await;
    store(&site, "v1").await;
    let _replica = site.replica().await;
    site.until_converted().await;
    let seen = site.image(KIND, "v1").get("old").await.unwrap();
    assert_eq!(seen.data["spec"], automation("old", "v1")["spec"]);
}

/// Makes a version the one that is stored.
async fn store(site: &Site, version: &str) {
    let definition = site.definitions().get(AUTOMATIONS).await.unwrap();
    let mut versions = json!(definition.spec.versions);
    for found in versions.as_array_mut().unwrap() {
        found["storage"] = Value::Bool(found["name"] == version);
    }
    let patch = json!({ "spec": { "versions": versions } });
    site.change(AUTOMATIONS, &patch).await;
}
