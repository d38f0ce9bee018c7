//! What an admission policy leaves of the right to write definitions and Secrets.

use e2e::stage::{RECEIVER, Stage};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::{CONVERTED, converting};

#[tokio::test]
async fn of_a_definition_the_conversion_may_be_written_and_nothing_else() {
    let stage = Stage::alone().await;
    stage.admission().await;
    let receiver = converting(&stage).await;
    stage.finish([receiver]).await;
    let client = stage.client_of(RECEIVER).await;
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    let name = CONVERTED[0];
    let dry_run = PatchParams {
        dry_run: true,
        ..PatchParams::default()
    };
    let patch = async |patch: Value| {
        definitions
            .patch(name, &dry_run, &Patch::Merge(&patch))
            .await
            .map(drop)
    };

    patch(json!({ "spec": { "conversion": { "strategy": "None", "webhook": null } } }))
        .await
        .unwrap();
    let stored = definitions_of(&stage).get(name).await.unwrap();
    let mut versions = json!(stored.spec.versions);
    versions[1]["served"] = json!(false);
    for other in [
        json!({ "spec": { "versions": versions } }),
        json!({ "spec": { "names": { "shortNames": ["x"] } } }),
        json!({ "metadata": { "labels": { "a": "b" } } }),
        json!({ "metadata": { "annotations": { "a": "b" } } }),
        json!({ "metadata": { "finalizers": ["example.com/a"] } }),
        json!({ "metadata": { "ownerReferences": [
            { "apiVersion": "v1", "kind": "Namespace", "name": "a", "uid": "b" },
        ] } }),
    ] {
        let refused = patch(other.clone()).await.unwrap_err().to_string();
        let why = "may change spec.conversion of a definition and nothing else";
        assert!(refused.contains(why), "{other}: {refused}");
    }
    secrets_of_other_names_and_types_are_not_made(
        &stage,
        &Api::namespaced(client, stage.namespace()),
    )
    .await;
}

fn definitions_of(stage: &Stage) -> Api<CustomResourceDefinition> {
    Api::all(stage.client())
}

async fn secrets_of_other_names_and_types_are_not_made(stage: &Stage, secrets: &Api<Secret>) {
    let of_its_own: Api<Secret> = Api::namespaced(stage.client(), stage.namespace());
    let found = of_its_own.get("webhook-receiver-conversion").await.unwrap();
    assert_eq!(found.type_.as_deref(), Some("Opaque"));
    of_its_own
        .delete(
            "webhook-receiver-conversion",
            &kube::api::DeleteParams::default(),
        )
        .await
        .unwrap();
    let params = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let token = json!({ "kubernetes.io/service-account.name": "git-writer" });
    let table = [
        ("webhook-receiver-conversion", "Opaque", json!({}), true),
        ("other", "Opaque", json!({}), false),
        (
            "webhook-receiver-conversion",
            "kubernetes.io/service-account-token",
            token.clone(),
            false,
        ),
        ("other", "kubernetes.io/service-account-token", token, false),
    ];
    for (name, kind, annotations, allowed) in table {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "type": kind,
            "metadata": { "name": name, "annotations": annotations },
        });
        let secret: Secret = serde_json::from_value(secret).unwrap();
        match secrets.create(&params, &secret).await {
            Ok(_) => assert!(allowed, "{name} {kind}"),
            Err(error) => {
                let why = "makes no Secret but webhook-receiver-conversion, of type Opaque";
                assert!(
                    !allowed && error.to_string().contains(why),
                    "{name} {kind}: {error}"
                );
            }
        }
    }
}
