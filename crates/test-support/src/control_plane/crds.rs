//! The definitions of `crds/`, installed.

use std::fs;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Patch, PatchParams};
use kube::runtime::{conditions, wait::await_condition};
use kube::{Api, Client, ResourceExt as _};

use super::programs::workspace;

/// Applies every definition and waits until each is established.
pub(crate) async fn install(client: &Client) -> Result<(), String> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let definitions = read()?;
    let params = PatchParams::apply("test-support").force();
    for definition in &definitions {
        let name = definition.name_any();
        api.patch(&name, &params, &Patch::Apply(definition))
            .await
            .map_err(|error| format!("apply the definition {name}: {error}"))?;
    }
    for definition in &definitions {
        let name = definition.name_any();
        await_condition(api.clone(), &name, conditions::is_crd_established())
            .await
            .map_err(|error| format!("wait for the definition {name}: {error}"))?;
    }
    Ok(())
}

fn read() -> Result<Vec<CustomResourceDefinition>, String> {
    let folder = workspace().join("crds");
    let files = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut definitions = Vec::new();
    for file in files.flatten() {
        let path = file.path();
        let text = fs::read_to_string(&path).map_err(|error| error.to_string());
        let parsed =
            text.and_then(|text| serde_saphyr::from_str(&text).map_err(|error| error.to_string()));
        definitions.push(parsed.map_err(|error| format!("{}: {error}", path.display()))?);
    }
    Ok(definitions)
}
