//! The admission policies of `deploy/base/admission/`, for one namespace.

use std::fs;

use k8s_openapi::api::core::v1::Namespace;
use kube::api::PostParams;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::{Api, Resource as _, ResourceExt as _};
use serde_json::{Value, json};

use super::{Scope, TestNamespace, apply, eventually};
use crate::control_plane::programs::workspace;

/// Where the manifests are.
const FOLDER: &str = "deploy/base/admission";
/// How the manifests begin the user names of ServiceAccounts.
const INSTALLED: &str = "system:serviceaccount:flux-system:";
/// What the API server says of an object that a policy refuses, up to the policy's name.
const REFUSED: &str = "ValidatingAdmissionPolicy '";

/// Applies policies and bindings under names of their own and waits until they are in effect.
pub(super) async fn install(namespace: &TestNamespace, scope: Scope) {
    let namespaces: Api<Namespace> = Api::all(namespace.client());
    let owner = namespaces.get(namespace.name()).await;
    let owner = owner.expect("the namespace exists");
    let owner = owner.controller_owner_ref(&());
    for mut object in read() {
        move_to(&mut object, namespace.name(), scope);
        object.metadata.owner_references = owner.clone().map(|owner| vec![owner]);
        apply::one(&namespace.client(), namespace.name(), &object).await;
    }
    // Policies come into effect in the order in which they were made: the others are when the last one is.
    eventually("the admission policies", async || {
        is_refused(namespace).await.then_some(())
    })
    .await;
}

/// Whether a policy refuses a plan that an administrator makes.
async fn is_refused(namespace: &TestNamespace) -> bool {
    let kind = GroupVersionKind::gvk("repin.dev", "v1alpha1", "ImageUpdatePlan");
    let resource = ApiResource::from_gvk(&kind);
    let api = Api::namespaced_with(namespace.client(), namespace.name(), &resource);
    let dry_run = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let plan = DynamicObject::new("probe", &resource).data(plan());
    match api.create(&dry_run, &plan).await {
        Err(kube::Error::Api(status)) => {
            let policy = format!("{REFUSED}{}.", namespace.name());
            assert!(status.message.contains(&policy), "{}", status.message);
            true
        }
        created => {
            drop(created.expect("the API server answers"));
            false
        }
    }
}

/// A plan that its definition accepts.
fn plan() -> Value {
    json!({"spec": {
        "automationRef": {"name": "probe", "uid": ""},
        "sequence": 1,
        "sourceRef": {"name": "probe", "namespace": "probe"},
        "checkout": {"ref": {}, "commit": ""},
        "push": {"branch": "main", "base": ""},
        "author": {"email": ""},
        "message": "",
        "fileCount": 0,
        "editCount": 0,
        "diff": [],
        "files": [],
    }})
}

/// Policies and bindings in the order of their files, of which the last one is about plans.
fn read() -> Vec<DynamicObject> {
    let folder = workspace().join(FOLDER);
    let files =
        fs::read_dir(&folder).unwrap_or_else(|error| unreachable!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = files.flatten().map(|file| file.path()).collect();
    paths.retain(|path| !path.ends_with("kustomization.yaml"));
    paths.sort();
    let texts = paths.iter().map(fs::read_to_string);
    texts
        .flat_map(|text| apply::parse(&text.expect("the file is text")))
        .collect()
}

/// Gives the object a name that no other test has, and the ServiceAccounts of the namespace.
fn move_to(object: &mut DynamicObject, namespace: &str, scope: Scope) {
    object.metadata.name = Some(format!("{namespace}.{}", object.name_any()));
    let spec = &mut object.data["spec"];
    if let Some(policy) = spec["policyName"].as_str() {
        spec["policyName"] = json!(format!("{namespace}.{policy}"));
        if scope == Scope::Namespace {
            let labels = json!({"kubernetes.io/metadata.name": namespace});
            spec["matchResources"] = json!({"namespaceSelector": {"matchLabels": labels}});
        }
    }
    replace(
        spec,
        INSTALLED,
        &format!("system:serviceaccount:{namespace}:"),
    );
}

/// Replaces a text in all texts of a value.
fn replace(value: &mut Value, old: &str, new: &str) {
    match value {
        Value::String(text) => *text = text.replace(old, new),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, old, new)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|member| replace(member, old, new)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(scope: Scope) -> Vec<DynamicObject> {
        let mut objects = read();
        for object in &mut objects {
            move_to(object, "test-1", scope);
        }
        objects
    }

    #[test]
    fn policies_get_the_names_and_the_accounts_of_the_namespace() {
        for object in moved(Scope::Namespace) {
            let text = serde_json::to_string(&object).unwrap();
            assert!(object.name_any().starts_with("test-1."), "{text}");
            assert!(!text.contains("flux-system"), "{text}");
        }
    }

    #[test]
    fn in_one_namespace_they_look_at_nothing_else() {
        for (scope, expected) in [(Scope::Namespace, Some("test-1")), (Scope::All, None)] {
            let objects = moved(scope);
            let is_binding =
                |object: &&DynamicObject| object.data["spec"]["policyName"].is_string();
            let bindings: Vec<_> = objects.iter().filter(is_binding).collect();
            assert_eq!(bindings.len(), objects.len() / 2);
            for binding in bindings {
                let spec = &binding.data["spec"];
                let policy = spec["policyName"].as_str().unwrap();
                assert_eq!(policy, binding.name_any());
                let selector = &spec["matchResources"]["namespaceSelector"]["matchLabels"];
                let namespace = selector["kubernetes.io/metadata.name"].as_str();
                assert_eq!(namespace, expected);
            }
        }
    }
}
