use super::*;

const MANIFESTS: &str = "
apiVersion: v1
kind: ServiceAccount
metadata: { name: scanner, namespace: repin-system }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: scanner }
rules: [{ apiGroups: [''], resources: [secrets], verbs: [get] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: scanner }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: scanner }
subjects: [{ kind: ServiceAccount, name: scanner, namespace: repin-system }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: leases, namespace: repin-system }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: leases }
subjects: [{ kind: ServiceAccount, name: scanner, namespace: repin-system }]
";

fn moved(scope: Scope) -> Vec<DynamicObject> {
    let place = Place {
        namespace: "test-1",
        owner: OwnerReference::default(),
        scope,
    };
    let objects = apply::parse(MANIFESTS).into_iter();
    objects.map(|object| place.move_here(object)).collect()
}

/// Kind, namespace, name.
fn names(objects: &[DynamicObject]) -> Vec<(&str, Option<&str>, &str)> {
    objects
        .iter()
        .map(|object| {
            let metadata = &object.metadata;
            let name = metadata.name.as_deref().unwrap_or_default();
            (kind(object), metadata.namespace.as_deref(), name)
        })
        .collect()
}

#[test]
fn in_one_namespace_nothing_is_granted_beyond_it() {
    let objects = moved(Scope::Namespace);
    assert_eq!(
        names(&objects),
        [
            ("ServiceAccount", Some("test-1"), "scanner"),
            ("ClusterRole", None, "test-1-scanner"),
            ("RoleBinding", Some("test-1"), "test-1-scanner"),
            ("RoleBinding", Some("test-1"), "leases"),
        ]
    );
    assert_eq!(objects[2].data["roleRef"]["name"], "test-1-scanner");
    assert_eq!(objects[2].data["subjects"][0]["namespace"], "test-1");
    assert_eq!(objects[3].data["roleRef"]["name"], "leases");
}

#[test]
fn for_all_namespaces_the_binding_stays_and_gets_a_name_of_its_own() {
    let objects = moved(Scope::All);
    assert_eq!(
        names(&objects)[2],
        ("ClusterRoleBinding", None, "test-1-scanner")
    );
    assert_eq!(objects[2].data["subjects"][0]["namespace"], "test-1");
    let owners = objects[2].metadata.owner_references.as_ref();
    assert_eq!(owners.map(Vec::len), Some(1));
}
