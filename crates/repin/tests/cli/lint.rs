use std::path::Path;

use tempfile::TempDir;

use crate::stage::{Ran, repin_in};

const POLICY: &str = "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\nmetadata:\n  name: app\n  namespace: ns\nspec:\n  imageRepositoryRef:\n    name: app\n  policy:\n    semver:\n      range: 1.x\n";

fn tree(files: &[(&str, &str)]) -> TempDir {
    let tree = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = tree.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    tree
}

fn lint(tree: &Path, arguments: &[&str]) -> Ran {
    let mut all = vec!["lint", tree.to_str().unwrap()];
    all.extend(arguments);
    repin_in(tree, &all)
}

/// `rule:level` of every finding, in order.
fn rules(ran: &Ran) -> Vec<String> {
    let json = ran.json();
    let findings = json["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| {
            format!(
                "{}:{}",
                finding["rule"].as_str().unwrap(),
                finding["level"].as_str().unwrap()
            )
        })
        .collect()
}

#[test]
fn a_good_tree_has_no_findings() {
    let tree = tree(&[
        (
            "app.yaml",
            "image: app:1 # {\"$imagepolicy\": \"ns:app\"}\n",
        ),
        ("policy.yaml", POLICY),
    ]);
    let ran = lint(tree.path(), &[]).expect(0);
    assert_eq!(
        ran.stdout,
        "2 files and 1 markers checked: 0 errors, 0 warnings\n"
    );
}

#[test]
fn broken_markers_and_files_are_errors_with_their_line() {
    let tree = tree(&[
        (
            "a.yaml",
            "x: 1\nimage: app:1 # {\"$imagepolicy\": \"ns:app\"} oops\n",
        ),
        (
            "b.yaml",
            "image: app:1 # {\"$imagepolicy\": \"ns:app:digests\"}\n",
        ),
        (
            "c.yaml",
            "image: {{ .Values.image }} # {\"$imagepolicy\": \"ns:app\"}\n\tb: 1\n",
        ),
    ]);
    let ran = lint(tree.path(), &["-o", "json"]).expect(1);
    assert_eq!(
        rules(&ran),
        [
            "malformed-marker:error",
            "unknown-part:error",
            "unparsable-file:error"
        ]
    );
    assert_eq!(ran.json()["findings"][0]["line"], 2);
    let text = lint(tree.path(), &[]).expect(1).stdout;
    assert!(text.contains("a.yaml:2:"), "{text}");
}

#[test]
fn policies_are_compared_with_markers() {
    let tree = tree(&[
        (
            "app.yaml",
            "image: app:1 # {\"$imagepolicy\": \"ns:other\"}\n",
        ),
        ("objects/policy.yaml", POLICY),
    ]);
    assert_eq!(
        rules(&lint(tree.path(), &["-o", "json"]).expect(0)),
        ["policy-without-marker:warning"]
    );
    let objects = tree.path().join("objects");
    let ran = lint(
        tree.path(),
        &["-f", objects.to_str().unwrap(), "-o", "json"],
    )
    .expect(1);
    assert_eq!(
        rules(&ran),
        ["unknown-policy:error", "policy-without-marker:warning"]
    );
}

#[test]
fn ranges_and_patterns_are_checked() {
    let marked = (
        "app.yaml",
        "image: app:1 # {\"$imagepolicy\": \"ns:app\"}\n",
    );
    for (old, new) in [
        ("range: 1.x", "range: '==1'"),
        ("  policy:", "  filterTags: {pattern: '('}\n  policy:"),
    ] {
        let tree = tree(&[marked, ("policy.yaml", &POLICY.replace(old, new))]);
        assert_eq!(
            rules(&lint(tree.path(), &["-o", "json"]).expect(1)),
            ["invalid-policy:error"],
            "{new}"
        );
    }
}

#[test]
fn files_without_a_marker_are_parsed_only_when_asked() {
    let tree = tree(&[("chart.yaml", "a: {{ template }}\n\tb: 1\n")]);
    lint(tree.path(), &[]).expect(0);
    assert_eq!(
        rules(&lint(tree.path(), &["--all", "-o", "json"]).expect(1)),
        ["unparsable-file:error"]
    );
}

#[test]
fn spellings_that_never_match_are_warned_of() {
    let tree = tree(&[("a.yaml", "image: app:1 # {'$imagepolicy': 'ns:app'}\n")]);
    assert_eq!(
        rules(&lint(tree.path(), &["-o", "json"]).expect(0)),
        ["never-a-marker:warning"]
    );
}

#[test]
fn links_out_of_the_tree_are_not_followed() {
    let outside = tree(&[("x.yaml", "image: app:1 # {\"$imagepolicy\": broken\n")]);
    let tree = tree(&[("a.yaml", "a: 1\n")]);
    std::os::unix::fs::symlink(outside.path().join("x.yaml"), tree.path().join("link.yaml"))
        .unwrap();
    assert_eq!(
        rules(&lint(tree.path(), &["-o", "json"]).expect(0)),
        ["link-not-followed:warning"]
    );
}

#[test]
fn sarif_is_what_code_scanning_reads() {
    let tree = tree(&[(
        "a.yaml",
        "image: app:1 # {\"$imagepolicy\": \"ns:app\"} oops\n",
    )]);
    let sarif = lint(tree.path(), &["-o", "sarif"]).expect(1).json();
    assert_eq!(sarif["version"], "2.1.0");
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "malformed-marker");
}

#[test]
fn other_spellings_are_found_without_parsing_every_file() {
    for word in ["$image-policy", "$image_policy"] {
        let tree = tree(&[(
            "a.yaml",
            &format!("image: app:1 # {{\"{word}\": \"ns:app\"}}\n"),
        )]);
        assert_eq!(
            rules(&lint(tree.path(), &["-o", "json"]).expect(0)),
            ["never-a-marker:warning"],
            "{word}"
        );
    }
}

#[test]
fn clusters_may_define_the_same_names() {
    let other = POLICY.replace("1.x", "2.x");
    let tree = tree(&[
        (
            "app.yaml",
            "image: app:1 # {\"$imagepolicy\": \"ns:app\"}\n",
        ),
        ("clusters/a/policy.yaml", POLICY),
        ("clusters/b/policy.yaml", &other),
    ]);
    let clusters = tree.path().join("clusters");
    lint(tree.path(), &["-f", clusters.to_str().unwrap()]).expect(0);
}

#[test]
fn a_file_that_cannot_be_read_is_a_finding_and_the_rest_is_checked() {
    let tree = tree(&[("a.yaml", "image: app:1 # {'$imagepolicy': 'ns:app'}\n")]);
    // Opening a socket for reading fails for everybody, the superuser included.
    let socket = std::os::unix::net::UnixListener::bind(tree.path().join("z.yaml")).unwrap();
    let found = lint(tree.path(), &["-o", "json"]).expect(0);
    assert_eq!(rules(&found), ["never-a-marker:warning"]);
    drop(socket);
    let named = tree.path().join("z.yaml");
    let ran = lint(tree.path(), &[named.to_str().unwrap(), "-o", "json"]).expect(1);
    assert_eq!(
        rules(&ran),
        ["never-a-marker:warning", "unreadable-file:error"]
    );
}

#[test]
fn a_link_stands_for_the_file_that_it_leads_to() {
    let tree = tree(&[(
        "values.txt",
        "image: app:1 # {\"$imagepolicy\": \"ns:app\"} oops\n",
    )]);
    for link in ["a.yaml", "b.yaml"] {
        std::os::unix::fs::symlink("values.txt", tree.path().join(link)).unwrap();
    }
    let ran = lint(tree.path(), &["-o", "json"]).expect(1);
    assert_eq!(rules(&ran), ["malformed-marker:error"]);
    let json = ran.json();
    let path = json["findings"][0]["path"].as_str().unwrap();
    assert!(path.ends_with("/values.txt"), "{path}");
}

#[test]
fn what_looks_like_a_patch_is_a_warning() {
    let patch = POLICY.replace("  imageRepositoryRef:\n    name: app\n", "");
    let tree = tree(&[("patch.yaml", &patch)]);
    let ran = lint(tree.path(), &["-o", "json"]).expect(0);
    assert_eq!(rules(&ran), ["invalid-object:warning"]);
    assert!(ran.stdout.contains("kustomize build"), "{}", ran.stdout);
}
