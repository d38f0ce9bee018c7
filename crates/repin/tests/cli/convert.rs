use crate::stage::{Stage, repin_in};

#[test]
fn the_guides_objects_become_v1_and_stay_what_they_are() {
    let stage = Stage::with_guide_objects();
    let home = stage.folder.path();
    let file = home.join("objects.yaml");
    repin_in(home, &["convert", "-f", file.to_str().unwrap(), "--write"]).expect(0);
    let converted = std::fs::read_to_string(&file).unwrap();
    assert!(!converted.contains("v1alpha1"), "{converted}");
    assert!(
        converted.starts_with("apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImageRepository\n"),
        "{converted}"
    );
    stage.repin("run", [""; 0]).expect(0);
    assert!(stage.deployed("main").starts_with("podinfo:5.0.3 "));

    repin_in(home, &["convert", "-f", file.to_str().unwrap(), "--write"]).expect(0);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), converted);
}

#[test]
fn an_unknown_version_is_an_error_and_the_file_stays() {
    let stage = Stage::new();
    let text = "apiVersion: image.toolkit.fluxcd.io/v9\nkind: ImagePolicy\nmetadata: {name: a}\n";
    let file = stage.write("policy.yaml", text);
    let ran = repin_in(
        stage.folder.path(),
        &["convert", "-f", file.to_str().unwrap(), "--write"],
    )
    .expect(1);
    assert!(ran.stderr.contains("v9"), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

const POLICY: &str = "apiVersion: image.toolkit.fluxcd.io/v1beta2\nkind: ImagePolicy\nmetadata:\n  name: a\nspec:\n  imageRepositoryRef:\n    name: a\n  policy:\n    semver: {range: 1.x}\n";

#[test]
fn what_is_printed_is_one_stream_of_the_files_that_change() {
    let folder = tempfile::tempdir().unwrap();
    let objects = folder.path().join("objects");
    std::fs::create_dir(&objects).unwrap();
    for (name, content) in [
        ("a.yaml", POLICY.trim_end().as_bytes()),
        ("b.yaml", b"kind: ConfigMap\n"),
        ("latin1.yaml", b"kind: Secret # \xfc\n"),
        ("z.yaml", POLICY.as_bytes()),
    ] {
        std::fs::write(objects.join(name), content).unwrap();
    }
    let ran = repin_in(folder.path(), &["convert", "-f", objects.to_str().unwrap()]).expect(0);
    let new = POLICY.replace("v1beta2", "v1");
    assert_eq!(ran.stdout, format!("{new}---\n{new}"));
}

#[test]
fn json_stays_json() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.json");
    let json = r#"{"apiVersion": "image.toolkit.fluxcd.io/v1alpha1", "kind": "ImageUpdateAutomation", "metadata": {"name": "a"}, "spec": {"checkout": {"branch": "main", "gitRepositoryRef": {"name": "fleet"}}, "commit": {"authorEmail": "a@example.com", "authorName": "a"}, "interval": "1m0s", "push": {"branch": "main"}}}"#;
    std::fs::write(&file, json).unwrap();
    repin_in(
        folder.path(),
        &["convert", "-f", file.to_str().unwrap(), "--write"],
    )
    .expect(0);
    let text = std::fs::read_to_string(&file).unwrap();
    let converted: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(converted["spec"]["sourceRef"]["name"], "fleet");
}

#[test]
fn a_link_stays_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (
        folder.path().join("policy.yaml"),
        folder.path().join("link.yaml"),
    );
    std::fs::write(&file, POLICY).unwrap();
    std::os::unix::fs::symlink("policy.yaml", &link).unwrap();
    repin_in(
        folder.path(),
        &["convert", "-f", link.to_str().unwrap(), "--write"],
    )
    .expect(0);
    assert!(link.is_symlink());
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text, POLICY.replace("v1beta2", "v1"));
}
