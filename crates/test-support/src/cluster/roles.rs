//! What a controller may do in a test: the roles of `deploy/base/NAME/`, for one namespace.

use std::fs;

use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::core::DynamicObject;
use kube::{Api, Resource as _, ResourceExt};
use serde_json::{Value, json};

use super::{Cluster, apply};
use crate::control_plane::programs::workspace;

/// Which namespaces a controller watches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Its own only: what a ClusterRoleBinding would grant is granted by a RoleBinding.
    #[default]
    Namespace,
    /// All of them. On a shared cluster it meddles with the objects of other tests: start a
    /// [`ControlPlane`](crate::control_plane::ControlPlane) for it.
    All,
}

/// Applies service account, roles and bindings of a controller in `namespace`. Returns the service account's name.
pub(super) async fn grant(
    cluster: &Cluster,
    namespace: &str,
    controller: &str,
    scope: Scope,
) -> String {
    let namespaces: Api<Namespace> = Api::all(cluster.client());
    let owner = namespaces.get(namespace).await;
    let owner = owner
        .expect("the namespace exists")
        .controller_owner_ref(&());
    let owner = owner.expect("an object from the server has a uid");
    let place = Place {
        namespace,
        owner,
        scope,
    };
    let objects = read(controller);
    let account = objects
        .iter()
        .find(|object| kind(object) == "ServiceAccount");
    let account = account.map(ResourceExt::name_any);
    for object in objects {
        let object = place.move_here(object);
        apply::one(&cluster.client, namespace, &object).await;
    }
    account.unwrap_or_else(|| unreachable!("deploy/base/{controller}/ has no ServiceAccount"))
}

/// The objects of `deploy/base/NAME/` that grant something.
fn read(controller: &str) -> Vec<DynamicObject> {
    let folder = workspace().join("deploy/base").join(controller);
    let files =
        fs::read_dir(&folder).unwrap_or_else(|error| unreachable!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = files.flatten().map(|file| file.path()).collect();
    paths.sort();
    let texts = paths.iter().map(fs::read_to_string);
    texts
        .flat_map(|text| apply::parse(&text.expect("the file is text")))
        .filter(|object| {
            matches!(
                kind(object),
                "ServiceAccount" | "Role" | "RoleBinding" | "ClusterRole" | "ClusterRoleBinding"
            )
        })
        .collect()
}

fn kind(object: &DynamicObject) -> &str {
    object.types.as_ref().map_or("", |types| &types.kind)
}

/// Where the objects go, and who owns what belongs to no namespace: it is collected with the namespace.
struct Place<'a> {
    namespace: &'a str,
    owner: OwnerReference,
    scope: Scope,
}

impl Place<'_> {
    fn move_here(&self, mut object: DynamicObject) -> DynamicObject {
        match (kind(&object), self.scope) {
            ("ClusterRole", _) | ("ClusterRoleBinding", Scope::All) => {
                object.metadata.name = Some(self.cluster_wide(&object.name_any()));
                object.metadata.owner_references = Some(vec![self.owner.clone()]);
            }
            ("ClusterRoleBinding", Scope::Namespace) => {
                object.metadata.name = Some(self.cluster_wide(&object.name_any()));
                object.metadata.namespace = Some(self.namespace.to_owned());
                if let Some(types) = &mut object.types {
                    "RoleBinding".clone_into(&mut types.kind);
                }
            }
            _ => object.metadata.namespace = Some(self.namespace.to_owned()),
        }
        self.move_subjects(&mut object.data);
        object
    }

    /// A name that no other test has.
    fn cluster_wide(&self, name: &str) -> String {
        format!("{}-{name}", self.namespace)
    }

    /// Bindings name the service account's namespace, and cluster roles by their name.
    fn move_subjects(&self, binding: &mut Value) {
        let subjects = binding.get_mut("subjects").and_then(Value::as_array_mut);
        for subject in subjects.into_iter().flatten() {
            subject["namespace"] = json!(self.namespace);
        }
        if let Some(role) = binding.get_mut("roleRef")
            && role["kind"] == "ClusterRole"
            && let Some(name) = role["name"].as_str()
        {
            role["name"] = json!(self.cluster_wide(name));
        }
    }
}

#[cfg(test)]
mod tests;
