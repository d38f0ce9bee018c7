//! The definitions of `crds/`, installed, and beside them those that belong to others.

use std::fs;
use std::path::Path;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Patch, PatchParams, PostParams};
use kube::runtime::{conditions, wait::await_condition};
use kube::{Api, Client, ResourceExt as _};

use super::programs::workspace;

/// Where ours are.
const OURS: &str = "crds";
/// Where those of other projects are: what Repin reads and never installs.
const OF_OTHERS: &str = "crates/test-support/data/crds";

/// Applies every definition of ours, adds those of others where there are none, and waits until each is established.
pub(crate) async fn install(client: &Client) -> Result<(), String> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let (ours, of_others) = (read(OURS)?, read(OF_OTHERS)?);
    for definition in &ours {
        apply(&api, definition).await?;
    }
    for definition in &of_others {
        add(&api, definition).await?;
    }
    for definition in ours.iter().chain(&of_others) {
        let name = definition.name_any();
        await_condition(api.clone(), &name, conditions::is_crd_established())
            .await
            .map_err(|error| format!("wait for the definition {name}: {error}"))?;
    }
    Ok(())
}

async fn apply(
    api: &Api<CustomResourceDefinition>,
    definition: &CustomResourceDefinition,
) -> Result<(), String> {
    let name = definition.name_any();
    let params = PatchParams::apply("test-support").force();
    let applied = api.patch(&name, &params, &Patch::Apply(definition)).await;
    applied
        .map(drop)
        .map_err(|error| format!("apply the definition {name}: {error}"))
}

/// A cluster that somebody made for tests may have the real one.
async fn add(
    api: &Api<CustomResourceDefinition>,
    definition: &CustomResourceDefinition,
) -> Result<(), String> {
    match api.create(&PostParams::default(), definition).await {
        Err(kube::Error::Api(status)) if status.is_already_exists() => Ok(()),
        created => created
            .map(drop)
            .map_err(|error| format!("create the definition {}: {error}", definition.name_any())),
    }
}

/// The definitions of a folder of this repository.
fn read(folder: &str) -> Result<Vec<CustomResourceDefinition>, String> {
    let folder = workspace().join(folder);
    let files = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    files
        .flatten()
        .map(|file| definition(&file.path()))
        .collect()
}

fn definition(path: &Path) -> Result<CustomResourceDefinition, String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string());
    let parsed =
        text.and_then(|text| serde_saphyr::from_str(&text).map_err(|error| error.to_string()));
    parsed.map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests;
