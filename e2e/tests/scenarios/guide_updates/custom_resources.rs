//! "Configure image update for custom resources": the four examples of the guide, and their own bytes around the tags.

use super::{AUTOMATION, PODINFO, is_by_the_bot, scanned};

const HELM_RELEASE: &str = r#"apiVersion: helm.toolkit.fluxcd.io/v2beta1
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

const TEKTON_TASK: &str = r#"apiVersion: tekton.dev/v1beta1
kind: Task
metadata:
  name: golang
  namespace: default
spec:
  steps:
    - name: golang
      image: docker.io/golang:1.15.6 # {"$imagepolicy": "flux-system:golang"}
"#;

const FLUX_KUSTOMIZATION: &str = r#"apiVersion: kustomize.toolkit.fluxcd.io/v1beta1
kind: Kustomization
metadata:
  name: podinfo
  namespace: default
spec:
  images:
    - name: ghcr.io/stefanprodan/podinfo
      newName: docker.io/podinfo # {"$imagepolicy": "flux-system:podinfo:name"}
      newTag: 5.0.0 # {"$imagepolicy": "flux-system:podinfo:tag"}
"#;

const KUSTOMIZE_CONFIG: &str = r#"apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- deployment.yaml
images:
- name: ghcr.io/stefanprodan/podinfo
  newName: ghcr.io/stefanprodan/podinfo
  newTag: 5.0.0 # {"$imagepolicy": "flux-system:podinfo:tag"}
"#;

/// A file of the guide.
struct Example {
    name: &'static str,
    text: &'static str,
    /// What stands in it afterwards in the place of what stood there before.
    changes: &'static [(&'static str, &'static str)],
}

const FILES: [Example; 4] = [
    Example {
        name: "helmrelease.yaml",
        text: HELM_RELEASE,
        changes: &[("5.0.0  #", "5.0.3  #")],
    },
    Example {
        name: "task.yaml",
        text: TEKTON_TASK,
        changes: &[("golang:1.15.6 ", "golang:1.15.15 ")],
    },
    Example {
        name: "sync.yaml",
        text: FLUX_KUSTOMIZATION,
        changes: &[
            ("docker.io/podinfo ", "ghcr.io/stefanprodan/podinfo "),
            ("5.0.0 #", "5.0.3 #"),
        ],
    },
    Example {
        name: "kustomization.yaml",
        text: KUSTOMIZE_CONFIG,
        changes: &[("5.0.0 #", "5.0.3 #")],
    },
];

impl Example {
    fn path(&self) -> String {
        format!("clusters/my-cluster/{}", self.name)
    }

    /// The text after the update.
    fn updated(&self) -> String {
        let changes = self.changes.iter();
        changes.fold(self.text.to_owned(), |text, (old, new)| {
            assert_eq!(text.matches(old).count(), 1, "{}: {old}", self.name);
            text.replacen(old, new, 1)
        })
    }
}

const GOLANG: &str = "
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata:
  name: golang
spec:
  image: docker.io/golang
  interval: 1m0s
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata:
  name: golang
spec:
  imageRepositoryRef:
    name: golang
  policy:
    semver:
      range: 1.15.x
";

#[tokio::test]
async fn tags_and_names_in_custom_resources_are_updated() {
    let (fleet, _) = scanned(&["5.0.0", "5.0.3"], "5.0.3").await;
    fleet.push("golang", &["1.15.6", "1.15.15", "1.16.0"]).await;
    fleet.apply(GOLANG).await;
    fleet.until_selected("golang", "1.15.15").await;
    let paths: Vec<_> = FILES.iter().map(Example::path).collect();
    let files = paths.iter().zip(&FILES);
    let files: Vec<_> = files
        .map(|(path, file)| (path.as_str(), file.text))
        .collect();
    let before = fleet.commit("main", &files);

    fleet.apply(AUTOMATION).await;
    let commit = fleet.until_moved("main", Some(&before)).await;
    for file in FILES {
        let found = fleet.repository.show_text(&commit, &file.path());
        assert_eq!(found, fleet.local(&file.updated()), "{}", file.name);
    }
    assert_eq!(fleet.repository.changed_paths(&before, &commit).len(), 5);
    is_by_the_bot(&fleet, &commit);
    let message = fleet.repository.message(&commit);
    let mut images: Vec<_> = message.lines().collect();
    images.sort_unstable();
    let (golang, podinfo) = (
        fleet.registry.image("golang"),
        fleet.registry.image(PODINFO),
    );
    assert_eq!(
        images,
        [format!("{golang}:1.15.15"), format!("{podinfo}:5.0.3")]
    );
    fleet.until_told(&commit).await;
    fleet.repository.fsck();
    fleet.finish().await;
}
