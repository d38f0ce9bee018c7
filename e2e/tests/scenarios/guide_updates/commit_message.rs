//! "Configure the commit message".

use serde_json::json;

use super::{AUTOMATION, DEPLOYMENT_PATH, PODINFO, push_is_told, scanned};

const TEMPLATE: &str = "Automated image update

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

#[tokio::test]
async fn a_message_lists_files_objects_and_images() {
    let (fleet, first) = scanned(&["5.0.0", "5.0.3"], "5.0.3").await;
    let mut automation: serde_json::Value = serde_saphyr::from_str(AUTOMATION).unwrap();
    automation["spec"]["git"]["commit"] = json!({
        "messageTemplate": TEMPLATE,
        "author": {"email": "flux@example.com", "name": "flux"},
    });
    fleet.apply(&automation.to_string()).await;

    let commit = fleet.until_moved("main", Some(&first)).await;
    let message = format!(
        "Automated image update

Automation name: {namespace}/flux-system

Files:
- podinfo-deployment.yaml
Objects:
- Deployment podinfo
Images:
- {image}:5.0.3
",
        namespace = fleet.stage.namespace(),
        image = fleet.registry.image(PODINFO),
    );
    assert_eq!(fleet.repository.message(&commit), message);
    let one = format!("{commit}^!");
    let author = fleet.repository.log(&one, "%an <%ae>, %cn <%ce>");
    assert_eq!(author, "flux <flux@example.com>, flux <flux@example.com>");
    assert_eq!(
        fleet.repository.changed_paths(&first, &commit),
        [DEPLOYMENT_PATH]
    );
    fleet.until_told(&commit).await;
    push_is_told(&fleet, &commit, ("main", &message)).await;
    fleet.finish().await;
}
