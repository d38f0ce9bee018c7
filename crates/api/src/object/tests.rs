use serde_json::json;

use super::*;

fn document(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

fn from_yaml(text: &str) -> Result<Option<Object>, ObjectError> {
    Object::from_value(document(text))
}

fn read_one(text: &str) -> Object {
    from_yaml(text).unwrap().unwrap()
}

fn error(text: &str) -> String {
    from_yaml(text).unwrap_err().to_string()
}

/// The object as it would be applied to a server that serves v1 only.
fn as_v1(text: &str) -> Value {
    match read_one(text) {
        Object::ImageRepository(object) => serde_json::to_value(object),
        Object::ImagePolicy(object) => serde_json::to_value(object),
        Object::ImageUpdateAutomation(object) => serde_json::to_value(object),
        Object::Receiver(object) => serde_json::to_value(object),
        other => panic!("{} has one version only", other.kind()),
    }
    .unwrap()
}

const REPOSITORY: &str = "
apiVersion: image.toolkit.fluxcd.io/v1alpha1
kind: ImageRepository
metadata:
  name: podinfo
  namespace: flux-system
spec:
  image: ghcr.io/stefanprodan/podinfo
  interval: 1m0s
";

const POLICY: &str = "
apiVersion: image.toolkit.fluxcd.io/v1alpha1
kind: ImagePolicy
metadata:
  name: podinfo
  namespace: flux-system
spec:
  imageRepositoryRef:
    name: podinfo
  policy:
    semver:
      range: 5.0.x
";

const AUTOMATION: &str = "
apiVersion: image.toolkit.fluxcd.io/v1alpha1
kind: ImageUpdateAutomation
metadata:
  name: flux-system
  namespace: flux-system
spec:
  checkout:
    branch: main
    gitRepositoryRef:
      name: flux-system
  commit:
    authorEmail: fluxcdbot@users.noreply.github.com
    authorName: fluxcdbot
    messageTemplate: '{{range .Updated.Images}}{{println .}}{{end}}'
  interval: 1m0s
  push:
    branch: main
  update:
    path: ./clusters/my-cluster
    strategy: Setters
";

const RECEIVER: &str = "
apiVersion: notification.toolkit.fluxcd.io/v1beta1
kind: Receiver
metadata:
  name: podinfo
  namespace: flux-system
spec:
  type: dockerhub
  secretRef:
    name: webhook-token
  resources:
    - kind: ImageRepository
      name: podinfo
";

#[test]
fn the_guides_repository_becomes_v1_with_its_defaults() {
    let expected = json!({
        "apiVersion": "image.toolkit.fluxcd.io/v1",
        "kind": "ImageRepository",
        "metadata": { "name": "podinfo", "namespace": "flux-system" },
        "spec": {
            "image": "ghcr.io/stefanprodan/podinfo",
            "interval": "1m0s",
            "provider": "generic",
            "exclusionList": ["^.*\\.sig$"],
        },
    });
    assert_eq!(as_v1(REPOSITORY), expected);
}

#[test]
fn the_guides_policies_become_v1_with_their_defaults() {
    for range in ["5.0.x", "\">=5.0.0\"", "5.0.0", "\">5.0.1\"", "^1.x-0"] {
        let expected = json!({
            "apiVersion": "image.toolkit.fluxcd.io/v1",
            "kind": "ImagePolicy",
            "metadata": { "name": "podinfo", "namespace": "flux-system" },
            "spec": {
                "imageRepositoryRef": { "name": "podinfo" },
                "policy": { "semver": { "range": range.trim_matches('"') } },
                "digestReflectionPolicy": "Never",
            },
        });
        assert_eq!(as_v1(&POLICY.replace("5.0.x", range)), expected);
    }
}

#[test]
fn the_guides_automation_becomes_v1() {
    let expected = json!({
        "apiVersion": "image.toolkit.fluxcd.io/v1",
        "kind": "ImageUpdateAutomation",
        "metadata": { "name": "flux-system", "namespace": "flux-system" },
        "spec": {
            "sourceRef": { "kind": "GitRepository", "name": "flux-system" },
            "git": {
                "checkout": { "ref": { "branch": "main" } },
                "commit": {
                    "author": {
                        "email": "fluxcdbot@users.noreply.github.com",
                        "name": "fluxcdbot",
                    },
                    "messageTemplate": "{{range .Updated.Images}}{{println .}}{{end}}",
                },
                "push": { "branch": "main" },
            },
            "interval": "1m0s",
            "update": { "path": "./clusters/my-cluster", "strategy": "Setters" },
        },
    });
    assert_eq!(as_v1(AUTOMATION), expected);
}

#[test]
fn the_guides_fragments_on_top_of_its_automation_become_v1() {
    let pushed = as_v1(&AUTOMATION.replace(
        "push:\n    branch: main",
        "push:\n    branch: image-updates",
    ));
    assert_eq!(
        pushed["spec"]["git"]["push"],
        json!({ "branch": "image-updates" })
    );
    let suspended =
        as_v1(&AUTOMATION.replace("  interval: 1m0s", "  interval: 1m0s\n  suspend: true"));
    assert_eq!(suspended["spec"]["suspend"], json!(true));
    let template = AUTOMATION.replace(
        "'{{range .Updated.Images}}{{println .}}{{end}}'",
        "|\n      Automated image update\n\n      Automation name: {{ .AutomationObject }}\n",
    );
    assert_eq!(
        as_v1(&template)["spec"]["git"]["commit"]["messageTemplate"],
        json!("Automated image update\n\nAutomation name: {{ .AutomationObject }}\n")
    );
    let private = as_v1(&format!("{REPOSITORY}  secretRef:\n    name: regcred\n"));
    assert_eq!(private["spec"]["secretRef"], json!({ "name": "regcred" }));
}

#[test]
fn the_guides_receiver_becomes_v1_with_its_default() {
    let expected = json!({
        "apiVersion": "notification.toolkit.fluxcd.io/v1",
        "kind": "Receiver",
        "metadata": { "name": "podinfo", "namespace": "flux-system" },
        "spec": {
            "type": "dockerhub",
            "interval": "10m0s",
            "secretRef": { "name": "webhook-token" },
            "resources": [{ "kind": "ImageRepository", "name": "podinfo" }],
        },
    });
    assert_eq!(as_v1(RECEIVER), expected);
}

#[test]
fn the_kinds_around_it_are_read() {
    let Object::GitRepository(repository) = read_one(
        "
apiVersion: source.toolkit.fluxcd.io/v1beta1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec:
  gitImplementation: go-git
  interval: 1m0s
  ref: {branch: main, tag: ''}
  secretRef: {name: flux-system}
  url: ssh://git@github.com/owner/flux-image-updates
",
    ) else {
        panic!("expected a GitRepository")
    };
    assert_eq!(repository.spec.timeout().to_string(), "1m0s");
    let reference = repository.spec.reference.unwrap();
    assert_eq!(
        (reference.branch.as_deref(), reference.tag),
        (Some("main"), None)
    );

    let namespace =
        read_one("{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {b: c}}}");
    assert_eq!(namespace.metadata().labels.as_ref().unwrap()["b"], "c");
    let account = read_one(
        "{apiVersion: v1, kind: ServiceAccount, metadata: {name: a}, imagePullSecrets: [{name: b}]}",
    );
    assert_eq!(account.kind(), "ServiceAccount");
}

#[test]
fn string_data_of_a_secret_wins_over_data() {
    let secret = read_one(
        "
apiVersion: v1
kind: Secret
metadata: {name: git}
data: {username: Z2l0, password: b2xk}
stringData: {password: new}
",
    );
    let Object::Secret(secret) = secret else {
        panic!("expected a Secret")
    };
    let data = secret.data.unwrap();
    assert_eq!(
        (data["username"].0.as_slice(), data["password"].0.as_slice()),
        (&b"git"[..], &b"new"[..])
    );
    assert_eq!(secret.string_data, None);
}

#[test]
fn an_encrypted_secret_counts_as_absent() {
    let text = "{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {a: 'ENC[x]'}, sops: {}}";
    assert_eq!(from_yaml(text).unwrap(), None);
}

#[test]
fn an_error_in_a_secret_shows_no_value() {
    for data in [
        "data: {password: 4711}",
        "data: {password: '*4711*'}",
        "stringData: {password: 4711}",
    ] {
        let message = error(&format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: git}}\n{data}\n"
        ));
        assert!(message.starts_with("Secret git: "), "{message}");
        assert!(message.contains("password"), "{message}");
        assert!(!message.contains("4711"), "{message}");
    }
}

#[test]
fn everything_else_is_left_alone() {
    for text in [
        "just: a file",
        "- 1\n- 2",
        "text",
        "null",
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}",
        "{apiVersion: image.toolkit.fluxcd.io/v1, kind: SomethingNew}",
        "{apiVersion: example.com/v1, kind: Secret, data: 5}",
        "{apiVersion: source.toolkit.fluxcd.io/v1, kind: HelmRepository}",
        "{apiVersion: 1, kind: Secret}",
    ] {
        assert_eq!(from_yaml(text).unwrap(), None, "{text}");
    }
}

#[test]
fn errors_name_the_object_and_the_field_as_written() {
    let table = [
        (
            POLICY.replace("range: 5.0.x", "rang: 5.0.x"),
            "ImagePolicy flux-system/podinfo: spec.policy.semver: missing field `range`",
        ),
        (
            POLICY.replace("5.0.x", "5.0"),
            "ImagePolicy flux-system/podinfo: spec.policy.semver.range: invalid type: floating point `5.0`, expected a string",
        ),
        (
            REPOSITORY.replace("1m0s", "often"),
            "ImageRepository flux-system/podinfo: spec.interval: invalid duration \"often\": expected numbers with units (ns, us, ms, s, m, h) such as \"1m30s\"",
        ),
        (
            AUTOMATION.replace(
                "    branch: main\n    gitRepositoryRef",
                "    gitRepositoryRef",
            ),
            "ImageUpdateAutomation flux-system/flux-system: spec.checkout: missing field `branch`",
        ),
        (
            AUTOMATION.replace("spec:\n", "spec:\n  git: {}\n"),
            "ImageUpdateAutomation flux-system/flux-system: spec.git: not a field of v1alpha1; write the whole object in v1 or remove the field",
        ),
        (
            REPOSITORY.replace("v1alpha1", "v2"),
            "ImageRepository flux-system/podinfo: ImageRepository has no version v2 in image.toolkit.fluxcd.io: expected one of v1, v1beta2, v1beta1, v1alpha2, v1alpha1",
        ),
        (
            "{apiVersion: source.toolkit.fluxcd.io/v2, kind: GitRepository}".to_owned(),
            "GitRepository without a name: unknown version v2: expected v1, v1beta2 or v1beta1",
        ),
        (
            RECEIVER.replace("type: dockerhub", "type: docker"),
            "Receiver flux-system/podinfo: spec.type: unknown variant `docker`",
        ),
    ];
    for (text, expected) in table {
        let message = error(&text);
        assert!(
            message.starts_with(expected),
            "{message}\nexpected {expected}"
        );
    }
}

#[test]
fn a_null_is_an_absent_field() {
    let text = POLICY.replace(
        "spec:\n",
        "spec:\n  filterTags:\n  interval: null\n  suspend:\n",
    );
    assert_eq!(as_v1(&text), as_v1(POLICY));
}

#[test]
fn a_missing_namespace_can_be_filled_in() {
    let mut object = read_one(&POLICY.replace("  namespace: flux-system\n", ""));
    object.metadata_mut().namespace = Some("apps".to_owned());
    let Object::ImagePolicy(policy) = object else {
        panic!("expected an ImagePolicy")
    };
    assert_eq!(policy.metadata.namespace.as_deref(), Some("apps"));
}
