//! Which object a value belongs to, in the files that the guides of Flux show.

use yaml_setter::{LatestImage, ObjectId, Part, PolicyName, Setters, edit, policies};

fn podinfo() -> Setters {
    let mut setters = Setters::new();
    let image = LatestImage {
        name: "ghcr.io/stefanprodan/podinfo",
        tag: "5.0.3",
        digest: None,
    };
    setters.policy("flux-system", "podinfo", &image);
    let image = LatestImage {
        name: "docker.io/golang",
        tag: "1.15.7",
        digest: None,
    };
    setters.policy("flux-system", "golang", &image);
    setters
}

/// Object, field, old and new bytes of the one edit of a file.
fn only_edit(file: &str) -> (ObjectId, String, String, String) {
    let result = edit(file.as_bytes(), &podinfo());
    assert_eq!(result.findings, []);
    let [edit] = <[_; 1]>::try_from(result.edits).expect("one edit");
    (edit.object, edit.field, edit.old, edit.new)
}

fn object(api_version: &str, kind: &str, namespace: &str, name: &str) -> ObjectId {
    ObjectId {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

#[test]
fn a_deployment() {
    let file = r#"---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: podinfo
  namespace: default
spec:
  template:
    spec:
      containers:
      - name: podinfod
        image: ghcr.io/stefanprodan/podinfo:5.0.0 # {"$imagepolicy": "flux-system:podinfo"}
"#;
    let (object_id, field, old, new) = only_edit(file);
    assert_eq!(
        object_id,
        object("apps/v1", "Deployment", "default", "podinfo")
    );
    assert_eq!(field, ".spec.template.spec.containers[0].image");
    assert_eq!(
        (old.as_str(), new.as_str()),
        (
            "ghcr.io/stefanprodan/podinfo:5.0.0",
            "ghcr.io/stefanprodan/podinfo:5.0.3"
        )
    );
}

#[test]
fn a_helm_release() {
    let file = r#"apiVersion: helm.toolkit.fluxcd.io/v2beta1
kind: HelmRelease
metadata:
  name: podinfo
  namespace: default
spec:
  values:
    image:
      repository: ghcr.io/stefanprodan/podinfo
      tag: 5.0.0  # {"$imagepolicy": "flux-system:podinfo:tag"}
"#;
    let (object_id, field, old, new) = only_edit(file);
    assert_eq!(
        object_id,
        object(
            "helm.toolkit.fluxcd.io/v2beta1",
            "HelmRelease",
            "default",
            "podinfo"
        )
    );
    assert_eq!(field, ".spec.values.image.tag");
    assert_eq!((old.as_str(), new.as_str()), ("5.0.0", "5.0.3"));
}

#[test]
fn a_tekton_task() {
    let file = r#"apiVersion: tekton.dev/v1beta1
kind: Task
metadata:
  name: golang
  namespace: default
spec:
  steps:
    - name: golang
      image: docker.io/golang:1.15.6 # {"$imagepolicy": "flux-system:golang"}
"#;
    let (object_id, field, _, new) = only_edit(file);
    assert_eq!(
        object_id,
        object("tekton.dev/v1beta1", "Task", "default", "golang")
    );
    assert_eq!(
        (field.as_str(), new.as_str()),
        (".spec.steps[0].image", "docker.io/golang:1.15.7")
    );
}

#[test]
fn a_flux_kustomization() {
    let file = r#"apiVersion: kustomize.toolkit.fluxcd.io/v1beta1
kind: Kustomization
metadata:
  name: podinfo
  namespace: default
spec:
  images:
    - name: ghcr.io/stefanprodan/podinfo
      newName: ghcr.io/stefanprodan/podinfo
      newTag: 5.0.0 # {"$imagepolicy": "flux-system:podinfo:tag"}
"#;
    let (object_id, field, _, new) = only_edit(file);
    assert_eq!(
        object_id,
        object(
            "kustomize.toolkit.fluxcd.io/v1beta1",
            "Kustomization",
            "default",
            "podinfo"
        )
    );
    assert_eq!(
        (field.as_str(), new.as_str()),
        (".spec.images[0].newTag", "5.0.3")
    );
}

#[test]
fn a_kustomize_config_has_no_name() {
    let file = r#"apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- deployment.yaml
images:
- name: ghcr.io/stefanprodan/podinfo
  newName: ghcr.io/stefanprodan/podinfo # {"$imagepolicy": "flux-system:podinfo:name"}
  newTag: 5.0.0 # {"$imagepolicy": "flux-system:podinfo:tag"}
"#;
    let (object_id, field, _, new) = only_edit(file);
    assert_eq!(
        object_id,
        object("kustomize.config.k8s.io/v1beta1", "Kustomization", "", "")
    );
    assert_eq!(
        (field.as_str(), new.as_str()),
        (".images[0].newTag", "5.0.3")
    );
}

#[test]
fn a_values_file_has_no_object() {
    let (object_id, field, ..) =
        only_edit("image:\n  tag: 5.0.0 # {\"$imagepolicy\": \"flux-system:podinfo:tag\"}\n");
    assert_eq!(
        (object_id, field.as_str()),
        (ObjectId::default(), ".image.tag")
    );
}

const MARKED_ITEM: &str = r#"
  spec:
    image: x # {"$imagepolicy": "flux-system:podinfo"}
  metadata: {name: "é\u0031", namespace: b}
  kind: Pod
  apiVersion: v1
"#;

#[test]
fn an_item_of_a_list_is_an_object_of_its_own() {
    for list in [
        "kind: List\napiVersion: v1\nitems:\n- a: b\n-",
        "items:\n- a: b\n-",
        "items: [{a: b}]\nitem:\n-",
    ] {
        let suffix = if list.starts_with("kind") {
            ""
        } else {
            "kind: PodList\n"
        };
        let (object_id, field, ..) = only_edit(&format!("{list}{MARKED_ITEM}{suffix}"));
        let standing_alone = !list.contains("item:");
        let expected = if standing_alone {
            (object("v1", "Pod", "b", "é1"), ".spec.image")
        } else {
            (object("", "PodList", "", ""), ".item[0].spec.image")
        };
        assert_eq!((object_id, field.as_str()), expected, "{list}");
    }
}

#[test]
fn an_item_that_is_no_object_belongs_to_its_document() {
    let marked = "image: x # {\"$imagepolicy\": \"flux-system:podinfo\"}";
    let cases = [
        format!("kind: List\nmetadata:\n  name: l\nitems:\n- kind: Pod\n  {marked}\n"),
        format!(
            "kind: Config\nmetadata:\n  name: l\nitems:\n- kind: Pod\n  apiVersion: v1\n  metadata: {{name: x}}\n  {marked}\n"
        ),
    ];
    for file in cases {
        let (object_id, field, ..) = only_edit(&file);
        assert_eq!(
            (object_id.name.as_str(), field.as_str()),
            ("l", ".items[0].image"),
            "{file}"
        );
    }
}

#[test]
fn each_document_is_an_object_of_its_own_wherever_its_name_stands() {
    let marked = "image: x # {\"$imagepolicy\": \"flux-system:podinfo\"}";
    let file = format!(
        "{marked}\nkind: A\n---\nkind: B\nmetadata:\n  labels: {{name: no}}\n  name: b\n{marked}\n---\n{marked}\n"
    );
    let result = edit(file.as_bytes(), &podinfo());
    let names: Vec<(&str, &str)> = result
        .edits
        .iter()
        .map(|edit| (edit.object.kind.as_str(), edit.object.name.as_str()))
        .collect();
    assert_eq!(names, [("A", ""), ("B", "b"), ("", "")]);
}

#[test]
fn markers_are_listed_whether_or_not_their_policy_is_known() {
    let file = r#"a: x # {"$imagepolicy": "flux-system:podinfo"}
b:
  c: 'y' # {"$imagepolicy": "other:unknown:digest"}
"#;
    let markers = edit(file.as_bytes(), &podinfo()).markers;
    let known: Vec<_> = markers
        .iter()
        .map(|marker| {
            (
                marker.setter.as_str(),
                marker.part,
                marker.line,
                marker.value.as_str(),
                marker.field.as_str(),
            )
        })
        .collect();
    assert_eq!(
        known,
        [
            ("flux-system:podinfo", Part::Reference, 1, "x", ".a"),
            ("other:unknown:digest", Part::Digest, 3, "y", ".b.c")
        ]
    );
    let name = |namespace: &str, name: &str| PolicyName {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    };
    assert!(
        policies(file.as_bytes())
            .into_iter()
            .eq([name("flux-system", "podinfo"), name("other", "unknown")])
    );
}
