//! The templates that documentation shows, with the messages it promises.

use std::collections::BTreeMap;

use commit_message::{Change, Engine, Image, Model, NamespacedName, ObjectId, render};

use crate::model::{model, surroundings};

const GUIDE: &str = "{{range .Updated.Images}}{{println .}}{{end}}";

const GUIDE_LONG: &str = "\
Automated image update

Automation name: {{ .AutomationObject }}

Files:
{{ range $filename, $_ := .Updated.Files -}}
- {{ $filename }}
{{ end -}}

Objects:
{{ range $resource, $_ := .Updated.Objects -}}
- {{ $resource.Kind }} {{ $resource.Name }}
{{ end -}}

Images:
{{ range .Updated.Images -}}
- {{.}}
{{ end -}}
";

const FLUX: &str = "\
Automated image update

Automation name: {{ .AutomationObject }}

Files:
{{ range $filename, $_ := .Changed.FileChanges -}}
- {{ $filename }}
{{ end -}}

Objects:
{{ range $resource, $changes := .Changed.Objects -}}
- {{ $resource.Kind }} {{ $resource.Name }}
  Changes:
{{- range $_, $change := $changes }}
    - {{ $change.OldValue }} -> {{ $change.NewValue }}
{{ end -}}
{{ end -}}
";

fn rendered(template: &str, model: &Model) -> String {
    render(Engine::GoTemplate, template, model, &surroundings()).expect("the template renders")
}

/// The guide's demo: podinfo goes from 5.0.0 to 5.0.3.
fn podinfo() -> Model {
    let name = |name: &str| NamespacedName {
        namespace: "flux-system".to_owned(),
        name: name.to_owned(),
    };
    let object = ObjectId {
        api_version: "apps/v1".to_owned(),
        kind: "Deployment".to_owned(),
        name: "podinfo".to_owned(),
        namespace: "default".to_owned(),
    };
    let change = Change {
        old_value: "ghcr.io/stefanprodan/podinfo:5.0.0".to_owned(),
        new_value: "ghcr.io/stefanprodan/podinfo:5.0.3".to_owned(),
        setter: "flux-system:podinfo".to_owned(),
    };
    Model {
        automation: name("flux-system"),
        files: BTreeMap::from([(
            "podinfo-deployment.yaml".to_owned(),
            BTreeMap::from([(object, vec![change])]),
        )]),
        images: vec![Image {
            reference: "ghcr.io/stefanprodan/podinfo:5.0.3".to_owned(),
            registry: "ghcr.io".to_owned(),
            repository: "stefanprodan/podinfo".to_owned(),
            name: "ghcr.io/stefanprodan/podinfo:5.0.3".to_owned(),
            identifier: "5.0.3".to_owned(),
            policy: name("podinfo"),
        }],
        values: BTreeMap::new(),
    }
}

#[test]
fn the_guide_s_template_prints_the_image() {
    assert_eq!(
        rendered(GUIDE, &podinfo()),
        "ghcr.io/stefanprodan/podinfo:5.0.3\n"
    );
}

#[test]
fn the_guide_s_long_template_lists_files_objects_and_images() {
    let expected = "\
Automated image update

Automation name: flux-system/flux-system

Files:
- podinfo-deployment.yaml
Objects:
- Deployment podinfo
Images:
- ghcr.io/stefanprodan/podinfo:5.0.3
";
    assert_eq!(rendered(GUIDE_LONG, &podinfo()), expected);
}

#[test]
fn today_s_flux_template_lists_the_changes() {
    let expected = "\
Automated image update

Automation name: flux-system/apps

Files:
- apps/cron.yaml
- apps/podinfo.yaml
- infra/redis.yaml
Objects:
- Deployment podinfo
  Changes:
    - ghcr.io/stefanprodan/podinfo:5.0.0 -> ghcr.io/stefanprodan/podinfo:5.0.3

    - ghcr.io/stefanprodan/podinfo-init:5.0.0 -> ghcr.io/stefanprodan/podinfo:5.0.3

    - alpine:3.18 -> alpine:3.20.1
- CronJob backup
  Changes:
    - alpine:3.18 -> alpine:3.20.1
- HelmRelease redis
  Changes:
    -  -> 7.2.4
";
    assert_eq!(rendered(FLUX, &model()), expected);
}

#[test]
fn the_default_template_is_its_own_message() {
    for engine in [Engine::GoTemplate, Engine::Handlebars] {
        let message = render(
            engine,
            "Update from image update automation",
            &model(),
            &surroundings(),
        );
        assert_eq!(
            message.as_deref(),
            Ok("Update from image update automation")
        );
    }
}

#[test]
fn an_image_without_a_change_is_not_updated() {
    assert!(!rendered(GUIDE, &model()).contains("unused"));
}

#[test]
fn an_empty_model_lists_nothing() {
    let template = "{{range .Updated.Images}}x{{end}}{{range .Changed.Changes}}x{{end}}\
                    {{len .Changed.Objects}}{{.Values.any}}{{index .Values \"any\"}}";
    assert_eq!(rendered(template, &Model::default()), "0<no value>");
}
