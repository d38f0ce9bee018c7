//! What `deploy/base` installs, read from its files.

use std::fs;
use std::path::{Path, PathBuf};

use k8s_openapi::api::rbac::v1::{ClusterRole, PolicyRule, Role};
use serde::Deserialize;
use serde_json::Value;

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate lies in the repository")
}

/// Every object in the manifests of one directory of `deploy/base`, in the order of files and documents.
pub fn objects(directory: &str) -> Vec<Value> {
    let directory = repository().join("deploy/base").join(directory);
    let mut files: Vec<PathBuf> = fs::read_dir(&directory)
        .expect("the directory exists")
        .map(|entry| entry.expect("the directory can be read").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    files.sort();
    let documents = files.iter().flat_map(|path| documents(path));
    // A kustomization is for `kubectl apply -k`, not for the API server.
    documents
        .filter(|object| object["kind"] != "Kustomization")
        .collect()
}

fn documents(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("a manifest is text");
    text.split("\n---\n")
        .map(|document| {
            serde_saphyr::from_str(document)
                .unwrap_or_else(|error| unreachable!("{}: {error}", path.display()))
        })
        .collect()
}

/// The one object of a kind among the manifests of a controller.
pub fn only<K: for<'de> Deserialize<'de>>(controller: &str, kind: &str) -> K {
    let mut objects = objects(controller);
    objects.retain(|object| object["kind"] == kind);
    assert_eq!(objects.len(), 1, "one {kind} in deploy/base/{controller}");
    serde_json::from_value(objects.remove(0)).expect("a manifest is an object of its kind")
}

/// The rules of a controller's roles.
pub fn rules(controller: &str) -> Vec<PolicyRule> {
    let cluster: ClusterRole = only(controller, "ClusterRole");
    let own: Role = only(controller, "Role");
    cluster
        .rules
        .into_iter()
        .chain(own.rules)
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{EVALUATOR, RECEIVER, SCANNER, SETTER, WRITER};

    fn kinds(controller: &str) -> Vec<String> {
        let objects = objects(controller);
        let kinds = objects.iter().map(|object| object["kind"].as_str());
        kinds.map(|kind| kind.unwrap().to_owned()).collect()
    }

    #[test]
    fn a_controller_has_what_it_takes_to_run() {
        for controller in [SCANNER, EVALUATOR, SETTER, WRITER] {
            let expected = [
                "ClusterRole",
                "ClusterRoleBinding",
                "Deployment",
                "NetworkPolicy",
                "Role",
                "RoleBinding",
                "ServiceAccount",
                "Service",
            ];
            assert_eq!(kinds(controller), expected, "{controller}");
            assert!(rules(controller).len() > 5, "{controller}");
        }
    }

    #[test]
    fn who_is_called_from_outside_has_an_address_for_each_who_calls() {
        let expected = [
            "ClusterRole",
            "ClusterRoleBinding",
            "Deployment",
            "NetworkPolicy",
            "PodDisruptionBudget",
            "Role",
            "RoleBinding",
            "ServiceAccount",
            "Service",
            "Service",
        ];
        assert_eq!(kinds(RECEIVER), expected);
        assert!(rules(RECEIVER).len() > 5);
    }
}
