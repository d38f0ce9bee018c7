//! What `kubectl` shows of a plan.

use api::image::v1::Approval;
use api::repin::v1alpha1::{ImageUpdatePlan, Phase};
use e2e::objects::{BASE, image_update_automation, image_update_plan};
use e2e::stage::Stage;
use e2e::table;
use serde_json::json;

/// As `kubectl describe` prints it, below the line that says what it is.
const DIFF: &str = "
  Diff:
    --- a/apps/podinfo.yaml
    +++ b/apps/podinfo.yaml
    @@ -26 +26 @@ Deployment default/podinfo .spec.template.spec.containers[0].image
    -ghcr.io/stefanprodan/podinfo:5.0.0
    +ghcr.io/stefanprodan/podinfo:5.0.3
";

#[tokio::test]
async fn a_list_tells_the_phases_and_a_description_reads_like_a_diff() {
    let stage = Stage::start().await;
    let automation = stage
        .create(&image_update_automation("fleet", "fleet"))
        .await;
    stage
        .create(&image_update_plan("fleet-1", &automation))
        .await;
    let mut next = image_update_plan("fleet-2", &automation);
    next.spec.sequence = 2;
    next.spec.approval = Approval::Required;
    stage.create(&next).await;
    end(&stage, "fleet-1", Phase::Pushed).await;
    end(&stage, "fleet-2", Phase::AwaitingApproval).await;

    let kubectl = stage.kubectl();
    let rows = table::rows(&kubectl.run(&["get", "imageupdateplans"]).await);
    let columns = [
        "NAME",
        "AUTOMATION",
        "TARGET",
        "FILES",
        "EDITS",
        "PHASE",
        "COMMIT",
    ];
    let cells: Vec<Vec<&str>> = rows
        .iter()
        .map(|row| columns.iter().map(|column| row[*column].as_str()).collect())
        .collect();
    assert_eq!(
        cells,
        [
            ["fleet-1", "fleet", "main", "1", "1", "Pushed", BASE],
            ["fleet-2", "fleet", "main", "1", "1", "AwaitingApproval", ""],
        ]
    );
    assert_eq!(rows[0].len(), columns.len() + 1, "and the age");
    let rows = table::rows(&kubectl.run(&["get", "iup", "-o", "wide"]).await);
    assert_eq!(rows[0]["STATUS"], "it is Pushed");
    assert_eq!(
        (rows[0]["APPROVAL"].as_str(), rows[1]["APPROVAL"].as_str()),
        ("NotRequired", "Required")
    );

    let text = kubectl
        .run(&["describe", "imageupdateplan", "fleet-1"])
        .await;
    assert!(text.contains(DIFF), "{text}");
    let path = "-o=jsonpath={range .spec.diff[*]}{@}{\"\\n\"}{end}";
    let printed = kubectl
        .run(&["get", "imageupdateplan", "fleet-1", path])
        .await;
    let stored = stage.plans().get("fleet-1").await.unwrap();
    assert_eq!(printed.lines().collect::<Vec<_>>(), stored.spec.diff);
    assert!(stored.spec.tells_its_edits());
}

/// Writes the status as git-writer does.
async fn end(stage: &Stage, name: &str, phase: Phase) {
    let condition = json!({
        "type": "Ready",
        "status": phase.status(),
        "reason": phase.reason(),
        "message": format!("it is {phase}"),
        "lastTransitionTime": "2021-04-22T12:00:00Z",
    });
    let mut status = json!({"conditions": [condition]});
    if phase == Phase::Pushed {
        status["commit"] = json!(BASE);
    }
    stage
        .patch_status::<ImageUpdatePlan>(name, &json!({"status": status}))
        .await;
}
