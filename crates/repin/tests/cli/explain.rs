use crate::stage::Stage;

#[test]
fn explain_tells_what_each_rule_dropped_and_who_came_next() {
    let stage = Stage::with_guide_objects();
    let ran = stage.repin("explain", ["podinfo"]).expect(0);
    for line in [
        "Policy:     flux-system/podinfo\n",
        "Tags:       7\n",
        "1 are not semantic versions\n",
        "Selected:   5.0.3\n",
        "Runners-up: 5.0.2, 5.0.1, 5.0.0\n",
    ] {
        assert!(
            ran.stdout.contains(line),
            "{line:?} is not in:\n{}",
            ran.stdout
        );
    }
}

#[test]
fn explain_as_json_counts_every_tag_once() {
    let stage = Stage::with_guide_objects();
    stage
        .registry
        .push_tag("stefanprodan/podinfo", "sha256-0a.sig");
    let json = stage
        .repin("explain", ["flux-system/podinfo", "-o", "json"])
        .expect(0)
        .json();
    assert_eq!(json["tags"], 8);
    assert_eq!(json["selected"], "5.0.3");
    let dropped: usize = json["dropped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| usize::try_from(rule["count"].as_u64().unwrap()).unwrap())
        .sum();
    let candidates = 1 + json["runnersUp"].as_array().unwrap().len();
    assert_eq!(dropped + candidates, 8);
    assert_eq!(
        json["dropped"][0],
        serde_json::json!({"rule": "exclusion-list", "count": 1})
    );
}

#[test]
fn a_policy_without_a_tag_explains_why_and_fails() {
    let stage = Stage::with_guide_objects();
    stage.edit_objects("range: 5.0.x", "range: 9.x");
    let ran = stage.repin("explain", ["podinfo"]).expect(1);
    assert!(
        ran.stdout
            .contains("Selected:   nothing: unable to determine latest version"),
        "{}",
        ran.stdout
    );
    let ran = stage.repin("explain", ["absent"]).expect(1);
    assert!(
        ran.stderr
            .contains("ImagePolicy 'flux-system/absent' not found"),
        "{}",
        ran.stderr
    );
}

#[test]
fn previous_is_what_was_chosen_before_this_selection() {
    let status = |latest: &str| {
        format!(
            "      range: 5.0.x\nstatus:\n  latestRef: {{name: podinfo, tag: {latest}}}\n  \
             observedPreviousRef: {{name: podinfo, tag: 5.0.1}}\n"
        )
    };
    for (latest, previous) in [("5.0.3", "5.0.1"), ("5.0.2", "5.0.2")] {
        let stage = Stage::new();
        let objects = stage
            .guide_objects()
            .replace("v1alpha1", "v1beta2")
            .replace("      range: 5.0.x\n", &status(latest));
        let mut objects: Vec<&str> = objects.split("---\n").collect();
        objects.truncate(2);
        stage.write("objects.yaml", &objects.join("---\n"));
        let json = stage
            .repin("explain", ["podinfo", "-o", "json"])
            .expect(0)
            .json();
        assert_eq!(json["selected"], "5.0.3");
        assert_eq!(json["previous"]["tag"], previous);
    }
}

#[test]
fn a_suspended_repository_is_json_too() {
    let stage = Stage::with_guide_objects();
    stage.edit_objects("  image: ", "  suspend: true\n  image: ");
    let json = stage
        .repin("explain", ["podinfo", "-o", "json"])
        .expect(0)
        .json();
    assert_eq!(
        json,
        serde_json::json!({"policy": "flux-system/podinfo", "skipped": "suspended"})
    );
}

#[test]
fn explain_over_files_needs_no_cache() {
    let stage = Stage::with_guide_objects();
    let file = stage.write("not-a-folder", "");
    let cache = ["--cache-dir", file.to_str().unwrap()];
    stage
        .repin("explain", ["podinfo"].into_iter().chain(cache))
        .expect(0);
    let ran = stage.repin("plan", cache).expect(1);
    assert!(
        ran.stderr.contains("cannot open the Git cache")
            && ran.stderr.contains("pass another folder with --cache-dir"),
        "{}",
        ran.stderr
    );
}
