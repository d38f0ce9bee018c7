//! The sections of the user guide, one after the other.

use crate::stage::{DEPLOYMENT, Stage};

#[test]
fn a_new_tag_becomes_the_commit_that_the_guide_describes() {
    let stage = Stage::with_guide_objects();
    let before = stage.repository.rev_parse("main");
    let ran = stage
        .repin("run", ["--automation", "flux-system"])
        .expect(0);

    assert_eq!(
        stage.deployed("main"),
        "podinfo:5.0.3 # {\"$imagepolicy\": \"flux-system:podinfo\"}"
    );
    assert_eq!(
        stage.repository.message("main"),
        format!("{}:5.0.3\n", stage.image())
    );
    assert_eq!(
        stage
            .repository
            .log("main", "%an <%ae> %cn <%ce> %P")
            .lines()
            .next()
            .unwrap(),
        format!(
            "fluxcdbot <fluxcdbot@users.noreply.github.com> fluxcdbot <fluxcdbot@users.noreply.github.com> {before}"
        )
    );
    assert_eq!(
        stage.repository.changed_paths(&before, "main"),
        [DEPLOYMENT]
    );
    assert_eq!(
        stage.repository.show_text("main", DEPLOYMENT),
        stage.deployment("5.0.3")
    );
    stage.repository.fsck();
    let head = stage.repository.rev_parse("main");
    assert!(ran.stdout.starts_with(&format!(
        "flux-system/flux-system: pushed commit '{}' to branch 'main'",
        &head[..7]
    )));
}

#[test]
fn a_second_run_changes_nothing_and_pushes_nothing() {
    let stage = Stage::with_guide_objects();
    stage.repin("run", [""; 0]).expect(0);
    let head = stage.repository.rev_parse("main");
    stage.git.forget();
    let ran = stage.repin("run", [""; 0]).expect(0);
    assert_eq!(
        ran.stdout,
        "flux-system/flux-system: repository up-to-date\n"
    );
    assert_eq!(stage.repository.rev_parse("main"), head);
    assert!(
        stage
            .git
            .exchanges()
            .iter()
            .all(|exchange| !exchange.target.contains("receive-pack"))
    );
}

#[test]
fn plan_shows_the_diff_and_writes_nothing() {
    let stage = Stage::with_guide_objects();
    let before = stage.repository.rev_parse("main");
    let ran = stage.repin("plan", [""; 0]).expect(0);
    let image = stage.image();
    assert!(
        ran.stdout
            .contains(&format!("--- a/{DEPLOYMENT}\n+++ b/{DEPLOYMENT}\n")),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .contains(&format!("\n-        image: {image}:5.0.0 # {{")),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .contains(&format!("\n+        image: {image}:5.0.3 # {{")),
        "{}",
        ran.stdout
    );
    assert_eq!(stage.repository.rev_parse("main"), before);
    stage.repin("plan", ["--detailed-exitcode"]).expect(3);
    stage.repin("run", [""; 0]).expect(0);
    stage.repin("plan", ["--detailed-exitcode"]).expect(0);
}

#[test]
fn plan_as_json_is_the_plan_that_would_be_made() {
    let stage = Stage::with_guide_objects();
    let before = stage.repository.rev_parse("main");
    let json = stage.repin("plan", ["-o", "json"]).expect(0).json();
    let plan = &json["plans"][0]["plan"];
    assert_eq!(plan["kind"], "ImageUpdatePlan");
    assert_eq!(plan["spec"]["push"]["branch"], "main");
    assert_eq!(plan["spec"]["push"]["base"], before.as_str());
    assert_eq!(
        plan["spec"]["message"],
        format!("{}:5.0.3\n", stage.image())
    );
    let file = &plan["spec"]["files"][0];
    assert_eq!(file["path"], DEPLOYMENT);
    assert_eq!(
        file["edits"][0]["field"],
        ".spec.template.spec.containers[0].image"
    );
    assert_eq!(file["edits"][0]["object"]["kind"], "Deployment");
    assert_eq!(
        file["edits"][0]["newValue"],
        format!("{}:5.0.3", stage.image())
    );
}

#[test]
fn a_changed_range_reverts_and_moves_on() {
    let stage = Stage::with_guide_objects();
    stage.edit_objects("range: 5.0.x", "range: '>=5.0.0'");
    stage.repin("run", [""; 0]).expect(0);
    assert!(stage.deployed("main").starts_with("podinfo:5.0.3 "));

    stage.edit_objects("range: '>=5.0.0'", "range: 5.0.0");
    stage.repin("run", [""; 0]).expect(0);
    assert!(stage.deployed("main").starts_with("podinfo:5.0.0 "));

    stage.edit_objects("range: 5.0.0", "range: '>5.0.1'");
    stage.repin("run", [""; 0]).expect(0);
    assert!(stage.deployed("main").starts_with("podinfo:5.0.3 "));
    assert_eq!(stage.repository.count("main"), 4);
    stage.repository.fsck();
}

#[test]
fn custom_resources_are_updated_by_their_markers() {
    let stage = Stage::with_guide_objects();
    stage
        .registry
        .set_tags("library/golang", ["1.15.6", "1.15.8", "1.16.0"]);
    let golang = stage.registry.image("library/golang");
    let files = [
        (
            "release.yaml",
            include_str!("../fixtures/helm-release.yaml"),
        ),
        ("task.yml", include_str!("../fixtures/tekton-task.yaml")),
        (
            "sync.yaml",
            include_str!("../fixtures/flux-kustomization.yaml"),
        ),
        (
            "app/kustomization.yaml",
            include_str!("../fixtures/kustomization.yaml"),
        ),
    ];
    let before = |text: &str| text.replace("docker.io/golang", &golang);
    let commit = files
        .iter()
        .fold(stage.repository.commit("main"), |commit, (name, text)| {
            commit.file(&format!("clusters/my-cluster/{name}"), before(text))
        });
    let base = commit.done();
    let policy = stage
        .guide_objects()
        .replace("name: podinfo", "name: golang")
        .replace("5.0.x", "1.15.x");
    let policy = policy
        .split("---\n")
        .take(2)
        .collect::<Vec<_>>()
        .join("---\n")
        .replace(&stage.image(), &golang);
    stage.write("golang.yaml", &policy);
    let golang_objects = stage.folder.path().join("golang.yaml");
    stage
        .repin("run", ["-f".as_ref(), golang_objects.as_os_str()])
        .expect(0);

    for (name, text) in files {
        let path = format!("clusters/my-cluster/{name}");
        let expected = before(text)
            .replace(": 5.0.0", ": 5.0.3")
            .replace("1.15.6", "1.15.8");
        assert_ne!(expected, before(text));
        assert_eq!(
            stage.repository.show_text("main", &path),
            expected,
            "{name}"
        );
    }
    assert_eq!(stage.repository.changed_paths(&base, "main").len(), 5);
    assert_eq!(
        stage.repository.message("main"),
        format!("{}:5.0.3\n{golang}:1.15.8\n", stage.image())
    );
}

#[test]
fn another_push_branch_is_created_and_then_grows() {
    let stage = Stage::with_guide_objects();
    stage.edit_objects(
        "  push:\n    branch: main",
        "  push:\n    branch: image-updates",
    );
    let main = stage.repository.rev_parse("main");
    stage.repin("run", [""; 0]).expect(0);
    assert_eq!(stage.repository.rev_parse("main"), main);
    assert_eq!(stage.repository.rev_parse("image-updates^"), main);
    assert!(
        stage
            .deployed("image-updates")
            .starts_with("podinfo:5.0.3 ")
    );

    let first = stage.repository.rev_parse("image-updates");
    stage.repin("run", [""; 0]).expect(0);
    assert_eq!(stage.repository.rev_parse("image-updates"), first);

    stage.registry.push_tag("stefanprodan/podinfo", "5.0.4");
    stage.repin("run", [""; 0]).expect(0);
    assert_eq!(stage.repository.rev_parse("image-updates^"), first);
    assert!(
        stage
            .deployed("image-updates")
            .starts_with("podinfo:5.0.4 ")
    );
}

#[test]
fn the_guides_long_template_renders() {
    let stage = Stage::with_guide_objects();
    stage.edit_objects(
        "messageTemplate: '{{range .Updated.Images}}{{println .}}{{end}}'",
        &include_str!("../fixtures/message-template.yaml")
            .trim_end()
            .replace('\n', "\n    "),
    );
    stage.repin("run", [""; 0]).expect(0);
    assert_eq!(
        stage.repository.message("main"),
        format!(
            "Automated image update\n\nAutomation name: flux-system/flux-system\n\nFiles:\n\
             - podinfo-deployment.yaml\nObjects:\n- Deployment podinfo\nImages:\n- {}:5.0.3\n",
            stage.image()
        )
    );
}

#[test]
fn a_suspended_automation_does_nothing() {
    let stage = Stage::with_guide_objects();
    stage.edit_objects(
        "  push:\n    branch: main",
        "  suspend: true\n  push:\n    branch: main",
    );
    let ran = stage.repin("run", [""; 0]).expect(0);
    assert!(ran.stderr.contains("suspended"), "{}", ran.stderr);
    assert!(stage.git.exchanges().is_empty());
}
