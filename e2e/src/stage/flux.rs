//! The definitions of the kinds of image automation as Flux installs them.

use std::fs;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, PostParams};
use kube::{Client, ResourceExt as _};
use test_support::cluster::{Cluster, eventually};

/// The kinds whose definitions differ.
const KINDS: [&str; 3] = [
    "imagepolicies",
    "imagerepositories",
    "imageupdateautomations",
];
/// Fields that Flux's schemas lack, and fields of the same kinds that both have: once the server tells of the latter alone,
/// the new schemas are served, and not merely none yet.
const OURS: [&str; 2] = ["minimumAge", "messageTemplateEngine"];
const BOTH: [&str; 2] = ["digestReflectionPolicy", "messageTemplateValues"];

/// Puts Flux's definitions in the place of ours and waits until they are served.
pub(super) async fn install(cluster: &Cluster) {
    let definitions: Api<CustomResourceDefinition> = Api::all(cluster.client());
    for name in KINDS {
        let path = format!(
            "{}/data/flux-crds/image.toolkit.fluxcd.io_{name}.yaml",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = fs::read_to_string(path).expect("the file is there");
        let mut wanted: CustomResourceDefinition =
            serde_saphyr::from_str(&text).expect("the file is a definition");
        let name = wanted.name_any();
        let ours = definitions.get(&name).await;
        wanted.metadata.resource_version = ours.expect("ours is installed").resource_version();
        let replaced = definitions
            .replace(&name, &PostParams::default(), &wanted)
            .await;
        replaced.expect("Flux's definition is valid");
    }
    eventually("the schemas of Flux", async || {
        let served = schema(&cluster.client()).await.ok()?;
        let tells = |field: &&str| served.contains(*field);
        (BOTH.iter().all(tells) && !OURS.iter().any(tells)).then_some(())
    })
    .await;
}

async fn schema(client: &Client) -> kube::Result<String> {
    let path = "/openapi/v3/apis/image.toolkit.fluxcd.io/v1";
    let request = http::Request::get(path).body(Vec::new());
    client.request_text(request.expect("the path is one")).await
}
