//! Objects from YAML, applied.

use kube::api::{Patch, PatchParams};
use kube::core::discovery::Scope;
use kube::core::{DynamicObject, GroupVersionKind};
use kube::{Api, Client, ResourceExt as _, discovery};

/// Who owns what tests apply.
const FIELD_MANAGER: &str = "test";

/// The objects of a YAML text with any number of documents; empty documents count for nothing.
pub(super) fn parse(yaml: &str) -> Vec<DynamicObject> {
    let documents: Vec<Option<DynamicObject>> =
        serde_saphyr::from_multiple(yaml).expect("the text is YAML with Kubernetes objects");
    documents.into_iter().flatten().collect()
}

/// Applies every object of a text; those of a namespaced kind that name no namespace go into `namespace`.
pub(super) async fn all(client: &Client, namespace: &str, yaml: &str) -> Vec<DynamicObject> {
    let mut applied = Vec::new();
    for object in parse(yaml) {
        applied.push(one(client, namespace, &object).await);
    }
    applied
}

/// Applies one object.
pub(super) async fn one(client: &Client, namespace: &str, object: &DynamicObject) -> DynamicObject {
    let types = object.types.as_ref().expect("an object has a kind");
    let kind = GroupVersionKind::try_from(types).expect("an object has a group and a version");
    let (resource, capabilities) = discovery::pinned_kind(client, &kind)
        .await
        .expect("the server knows the kind");
    let api: Api<DynamicObject> = match capabilities.scope {
        Scope::Cluster => Api::all_with(client.clone(), &resource),
        Scope::Namespaced => {
            let namespace = object.namespace().unwrap_or_else(|| namespace.to_owned());
            Api::namespaced_with(client.clone(), &namespace, &resource)
        }
    };
    let params = PatchParams::apply(FIELD_MANAGER).force();
    let applied = api
        .patch(&object.name_any(), &params, &Patch::Apply(object))
        .await;
    applied.expect("the object can be applied")
}
