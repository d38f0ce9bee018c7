//! `--state`: what a run knows of earlier ones.

use std::path::PathBuf;

use serde_json::Value;

use crate::stage::{Ran, Stage};

/// The guide's stage, its policy with this annotation.
fn stage(annotation: &str) -> Stage {
    let stage = Stage::with_guide_objects();
    stage.edit_objects(
        "kind: ImagePolicy\nmetadata:\n",
        &format!("kind: ImagePolicy\nmetadata:\n  annotations: {{{annotation}}}\n"),
    );
    stage
}

fn file(stage: &Stage) -> PathBuf {
    stage.folder.path().join("state.json")
}

fn repin(stage: &Stage, command: &str, more: &[&str]) -> Ran {
    let file = file(stage);
    let with_state = ["--state", file.to_str().unwrap()];
    stage.repin(command, with_state.iter().chain(more))
}

#[track_caller]
fn deployed(stage: &Stage, tag: &str) {
    let line = stage.deployed("main");
    assert!(line.starts_with(&format!("podinfo:{tag} ")), "{line}");
}

fn state(stage: &Stage) -> Value {
    serde_json::from_slice(&std::fs::read(file(stage)).unwrap()).unwrap()
}

/// Makes the tags that were seen last seem to have been seen long ago.
fn make_old(stage: &Stage) {
    let mut remembered = state(stage);
    let observations = &mut remembered["imageRepositories"]["flux-system/podinfo"]["observations"];
    let newest = observations.as_array_mut().unwrap().last_mut().unwrap();
    newest["firstSeen"] = "2020-01-01T00:00:00Z".into();
    std::fs::write(file(stage), remembered.to_string()).unwrap();
}

#[test]
fn a_new_tag_waits_for_its_age_from_run_to_run() {
    let stage = stage("repin.dev/minimum-age: 24h");
    let ran = repin(&stage, "plan", &[]).expect(0);
    assert!(ran.stderr.contains("does not exist yet"), "{}", ran.stderr);
    assert!(!file(&stage).exists(), "a plan writes nothing");
    repin(&stage, "run", &[]).expect(0);
    deployed(&stage, "5.0.3");
    assert_eq!(
        state(&stage)["imagePolicies"]["flux-system/podinfo"]["tag"],
        "5.0.3"
    );

    stage.registry.push_tag("stefanprodan/podinfo", "5.0.4");
    let before = state(&stage);
    let ran = repin(&stage, "plan", &[]).expect(0);
    let waits = "ImagePolicy 'flux-system/podinfo': 5.0.4 waits for minimumAge 24h0m0s until ";
    assert!(ran.stderr.contains(waits), "{}", ran.stderr);
    assert_eq!(state(&stage), before, "a plan writes nothing");
    let ran = repin(&stage, "run", &[]).expect(0);
    assert!(
        ran.stdout.contains("repository up-to-date"),
        "{}",
        ran.stdout
    );
    deployed(&stage, "5.0.3");

    let ran = repin(&stage, "explain", &["podinfo"]).expect(0);
    for line in [
        "  dropped:  1 have not reached minimumAge 24h0m0s\n",
        "Selected:   5.0.3\n",
        "Waiting:    5.0.4 waits for minimumAge 24h0m0s until ",
        "Too young:  5.0.4 (until ",
    ] {
        assert!(ran.stdout.contains(line), "{line:?}\n{}", ran.stdout);
    }
    let json = repin(&stage, "explain", &["podinfo", "-o", "json"])
        .expect(0)
        .json();
    assert_eq!(json["tooYoung"][0]["tag"], "5.0.4");
    assert_eq!(json["dropped"][0]["rule"], "minimum-age");

    make_old(&stage);
    repin(&stage, "run", &[]).expect(0);
    deployed(&stage, "5.0.4");
}

#[test]
fn a_downgrade_is_refused_from_run_to_run() {
    let stage = stage("repin.dev/downgrade-policy: Refuse");
    repin(&stage, "run", &[]).expect(0);
    deployed(&stage, "5.0.3");
    stage
        .registry
        .set_tags("stefanprodan/podinfo", ["5.0.1", "5.0.2"]);
    let refused = "downgradePolicy Refuse keeps it: the tag is no longer listed and the policy now selects the lower 5.0.2";
    let ran = repin(&stage, "run", &[]).expect(0);
    assert!(ran.stderr.contains(refused), "{}", ran.stderr);
    deployed(&stage, "5.0.3");

    let ran = repin(&stage, "explain", &["podinfo"]).expect(0);
    let lines = format!("Selected:   5.0.3\nRefused:    {refused}\n");
    assert!(ran.stdout.contains(&lines), "{}", ran.stdout);
    let json = repin(&stage, "explain", &["podinfo", "-o", "json"])
        .expect(0)
        .json();
    assert_eq!(json["selected"], "5.0.3");
    assert_eq!(
        json["refused"],
        serde_json::json!({"tag": "5.0.2", "because": "not-listed"})
    );

    stage.edit_objects("downgrade-policy: Refuse", "downgrade-policy: Allow");
    repin(&stage, "run", &[]).expect(0);
    deployed(&stage, "5.0.2");
}

#[test]
fn where_every_tag_is_too_young_nothing_is_committed() {
    let stage = stage("repin.dev/minimum-age: 24h");
    stage.registry.set_tags("stefanprodan/podinfo", ["latest"]);
    repin(&stage, "run", &[]).expect(1);
    stage.registry.push_tag("stefanprodan/podinfo", "5.0.9");
    let ran = repin(&stage, "run", &[]).expect(1);
    let text = "no tag is old enough: 5.0.9 waits for minimumAge 24h0m0s until ";
    assert!(ran.stderr.contains(text), "{}", ran.stderr);
    deployed(&stage, "5.0.0");
    make_old(&stage);
    repin(&stage, "run", &[]).expect(0);
    deployed(&stage, "5.0.9");
}

#[test]
fn a_state_that_cannot_be_used_keeps_everything_as_it_is() {
    let stage = stage("repin.dev/minimum-age: 24h");
    std::fs::write(file(&stage), "{").unwrap();
    for (command, more) in [("plan", &[][..]), ("run", &[]), ("explain", &["podinfo"])] {
        let ran = repin(&stage, command, more).expect(1);
        assert!(ran.stderr.contains("is damaged"), "{}", ran.stderr);
    }
    deployed(&stage, "5.0.0");
    assert_eq!(std::fs::read_to_string(file(&stage)).unwrap(), "{");
}
