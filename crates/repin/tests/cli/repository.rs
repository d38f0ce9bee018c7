//! `--repo`: the objects come from the repository itself.

use crate::stage::{Ran, Stage};

fn run(stage: &Stage, command: &str, url: &str) -> Ran {
    stage.repin_with(
        command,
        ["--repo", url, "--branch", "main", "--path", "clusters"],
        &[],
    )
}

#[test]
fn a_ci_job_reads_objects_and_manifests_from_one_repository() {
    let stage = Stage::new();
    let secret = "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: flux-system\n  namespace: flux-system\n\
        data:\n  identity: ENC[AES256_GCM,data:x]\nsops:\n  version: 3.9.0\n";
    let objects = format!("{}{secret}", stage.guide_objects());
    stage
        .repository
        .commit("main")
        .file("clusters/my-cluster/flux.yaml", objects)
        .done();
    let url = stage.git.url("fleet.git");
    run(&stage, "plan", &url).expect(0);
    run(&stage, "run", &url).expect(0);
    assert!(stage.deployed("main").starts_with("podinfo:5.0.3 "));
    let ran = run(&stage, "run", &url).expect(0);
    assert_eq!(
        ran.stdout,
        "flux-system/flux-system: repository up-to-date\n"
    );
}

#[test]
fn an_automation_of_another_repository_is_left_alone() {
    let stage = Stage::new();
    let objects = stage.guide_objects().replace(
        &stage.git.url("fleet.git"),
        "https://git.example.com/other.git",
    );
    stage
        .repository
        .commit("main")
        .file("clusters/flux.yaml", objects)
        .done();
    let ran = run(&stage, "run", &stage.git.url("fleet.git")).expect(1);
    assert!(
        ran.stderr
            .contains("writes to https://git.example.com/other.git"),
        "{}",
        ran.stderr
    );
    assert_eq!(stage.repository.count("main"), 2);
}

#[test]
fn a_repository_without_objects_says_so() {
    let stage = Stage::new();
    let ran = run(&stage, "run", &stage.git.url("fleet.git")).expect(1);
    assert!(
        ran.stderr
            .contains("no object of image automation found in"),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_path_is_a_path_and_json_is_read() {
    let stage = Stage::new();
    let objects: Vec<serde_json::Value> = vec![
        serde_json::json!({"apiVersion": "image.toolkit.fluxcd.io/v1", "kind": "ImagePolicy",
            "metadata": {"name": "podinfo", "namespace": "flux-system"},
            "spec": {"imageRepositoryRef": {"name": "podinfo"}, "policy": {"semver": {"range": "5.0.x"}}}}),
        serde_json::json!({"apiVersion": "image.toolkit.fluxcd.io/v1", "kind": "ImageRepository",
            "metadata": {"name": "podinfo", "namespace": "flux-system"},
            "spec": {"image": stage.image(), "interval": "1m"}}),
    ];
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": objects});
    stage
        .repository
        .commit("main")
        .file(".flux/objects.json", list.to_string())
        .done();
    let url = stage.git.url("fleet.git");
    let explain = |path: &str| {
        let arguments = [
            "podinfo", "--repo", &url, "--branch", "main", "--path", path,
        ];
        stage.repin_with("explain", arguments, &[])
    };
    for path in [".flux", "./.flux/", "x/../.flux"] {
        explain(path).expect(0);
    }
    let ran = explain("../.flux").expect(1);
    assert!(
        ran.stderr
            .contains("--path ../.flux leads out of the repository"),
        "{}",
        ran.stderr
    );
    let ran = explain("flux").expect(1);
    let text = format!("--path flux does not exist on branch main of {url}");
    assert!(ran.stderr.contains(&text), "{}", ran.stderr);
}
