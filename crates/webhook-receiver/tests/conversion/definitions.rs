//! Which definitions are pointed at the conversion, and that they stay so.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use test_support::cluster::eventually;

use crate::site::{AUTOMATIONS, CONVERTED, SECRET, Site};

/// A definition of ours as it is installed.
fn installed(name: &str) -> CustomResourceDefinition {
    let mut ours = api::crds();
    ours.retain(|definition| definition.name_any() == name);
    ours.remove(0)
}

#[tokio::test]
async fn definitions_that_are_installed_again_are_pointed_at_us_again() {
    let site = Site::start().await;
    let _replica = site.replica().await;
    site.until_converted().await;
    let authorities = site.stored("ca.crt").await.unwrap();
    for name in CONVERTED {
        let before = site.definitions().get(name).await.unwrap();
        let params = PatchParams::apply("test-support").force();
        let applied = Patch::Apply(installed(name));
        let after = site
            .definitions()
            .patch(name, &params, &applied)
            .await
            .unwrap();
        assert_eq!(after.spec.conversion, before.spec.conversion, "{name}");
    }
    // Who replaces it takes the stanza out.
    let mut replaced = installed(AUTOMATIONS);
    replaced.metadata.resource_version = site
        .definitions()
        .get(AUTOMATIONS)
        .await
        .unwrap()
        .resource_version();
    let params = PostParams::default();
    let replaced = site
        .definitions()
        .replace(AUTOMATIONS, &params, &replaced)
        .await
        .unwrap();
    assert_eq!(replaced.spec.conversion.unwrap().strategy, "None");
    site.until_trusted(&authorities).await;
}

#[tokio::test]
async fn what_others_convert_is_left_alone() {
    let site = Site::start().await;
    let others = json!({
        "strategy": "Webhook",
        "webhook": {
            "clientConfig": { "url": "https://127.0.0.1:1/convert" },
            "conversionReviewVersions": ["v1"],
        },
    });
    site.change(CONVERTED[0], &json!({ "spec": { "conversion": others } }))
        .await;
    let definition = site.definitions().get(CONVERTED[1]).await.unwrap();
    let mut versions = json!(definition.spec.versions);
    versions.as_array_mut().unwrap().truncate(1);
    site.change(CONVERTED[1], &json!({ "spec": { "versions": versions } }))
        .await;
    let replica = site.replica().await;
    for name in &CONVERTED[2..] {
        eventually("the definitions", async || {
            (site.conversion(name).await["strategy"] == "Webhook").then_some(())
        })
        .await;
    }
    for name in &CONVERTED[..2] {
        eventually("the word about the others", async || {
            let word = format!("{name} is left alone");
            replica.output().contains(&word).then_some(())
        })
        .await;
    }
    assert_eq!(site.conversion(CONVERTED[0]).await, others);
    assert_eq!(
        site.conversion(CONVERTED[1]).await,
        json!({ "strategy": "None" })
    );
}

#[tokio::test]
async fn without_the_conversion_nothing_is_written() {
    let site = Site::start().await;
    let mut replica = site.starting(site.port(), &["--conversion=false"]).await;
    replica.ready().await;
    assert!(replica.terminate().await.success());
    assert_eq!(site.secrets().get_opt(SECRET).await.unwrap(), None);
    for name in CONVERTED {
        assert_eq!(
            site.conversion(name).await["webhook"],
            Value::Null,
            "{name}"
        );
    }
    assert_eq!(site.shown(site.port()).await, None);
}
