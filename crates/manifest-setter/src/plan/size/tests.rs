use git_remote::ObjectId;
use yaml_setter::{LatestImage, Setters};

use super::*;

/// Bytes of edits that a plan without anything else holds.
const ROOM: usize = MAX_PLAN - RESERVED - MAX_MESSAGE;

/// A file with `count` edits whose new value is `tag` each.
fn file(path: &str, count: usize, tag: &str) -> EditedFile {
    let mut setters = Setters::new();
    let image = LatestImage {
        name: "reg.io/app",
        tag,
        digest: None,
    };
    setters.policy("ns", "app", &image);
    let marked = "- v0 # {\"$imagepolicy\": \"ns:app:tag\"}\n".repeat(count);
    let content = format!("tags:\n{marked}");
    let edits = yaml_setter::edit(content.as_bytes(), &setters).edits;
    assert_eq!(edits.len(), count);
    EditedFile {
        path: path.to_owned(),
        blob: ObjectId::try_from([0; 20].as_slice()).unwrap(),
        edits,
    }
}

fn fit(files: Vec<EditedFile>) -> (Fitting, Vec<Finding>) {
    let mut findings = Vec::new();
    let outline = ImageUpdatePlanSpec::default();
    (fitting(files, &outline, &[], &mut findings), findings)
}

/// The bytes that the edits take, as `files` and `diff` of a plan.
fn bytes(files: &[EditedFile]) -> usize {
    let files: Vec<_> = files.iter().map(super::super::plan_file).collect();
    stored(&files) + stored(&repin::diff(&files))
}

/// How many files, how many edits of the last one, and how many files are left over.
fn shape(fitting: &Fitting) -> (usize, usize, usize) {
    let last = fitting.files.last().map_or(0, |file| file.edits.len());
    (fitting.files.len(), last, fitting.left_over)
}

#[test]
fn all_that_fits_is_taken() {
    let files = vec![file("a", 3, "v1"), file("b", 2, "v1")];
    let (fitting, findings) = fit(files.clone());
    assert_eq!(
        (fitting.files.as_slice(), fitting.left_over),
        (files.as_slice(), 0)
    );
    assert_eq!(findings, []);
}

#[test]
fn the_rest_is_left_for_the_next_plan_also_within_a_file() {
    let big = "1".repeat(ROOM / 22);
    let files = || vec![file("a", 3, &big), file("b", 5, &big), file("c", 1, "v1")];
    let (fitting, findings) = fit(files());
    assert_eq!(shape(&fitting), (2, 4, 2));
    assert_eq!(findings, []);
    assert!(bytes(&fitting.files) <= ROOM);
    let mut one_more = fitting.files;
    one_more[1].edits = files()[1].edits.clone();
    assert!(bytes(&one_more) > ROOM);
}

#[test]
fn texts_count_as_they_are_stored() {
    // Six bytes each as JSON, seven in the diff; Go escapes the angle bracket, and a path can hold what an image cannot.
    let odd = "\u{1}<é😀\u{202e}\"\\".repeat(300);
    let many = (0..400).map(|number| file(&format!("{odd}{number}"), 2, "v1"));
    let (fitting, _) = fit(many.collect());
    let (taken, edits, left_over) = shape(&fitting);
    assert!(
        taken > 10 && edits > 0 && left_over > 10,
        "{taken} {edits} {left_over}"
    );
    let used = bytes(&fitting.files);
    assert!(used <= ROOM && used > ROOM * 9 / 10, "{used} of {ROOM}");
}

#[test]
fn an_edit_that_no_plan_can_hold_is_a_finding_and_the_others_follow() {
    let huge = "1".repeat(ROOM);
    let (fitting, findings) = fit(vec![
        file("a", 1, "v1"),
        file("b", 2, &huge),
        file("c", 1, "v1"),
    ]);
    let paths: Vec<_> = fitting
        .files
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(paths, ["a", "c"]);
    assert_eq!(fitting.left_over, 0);
    let found: Vec<_> = findings
        .iter()
        .map(|finding| (finding.line, finding.rule))
        .collect();
    assert_eq!(found, [(2, "edit-too-large"), (3, "edit-too-large")]);
    let text = findings[0].to_string();
    assert!(
        text.starts_with("b:2:1: ")
            && text.ends_with(&format!(
                "at most {}",
                ROOM - stored(&ImageUpdatePlanSpec::default())
            )),
        "{text}"
    );
}

#[test]
fn a_policy_counts_once() {
    let digest = format!("sha256:{}", "0".repeat(60_000));
    let policy = serde_json::json!({
        "apiVersion": "image.toolkit.fluxcd.io/v1", "kind": "ImagePolicy",
        "metadata": {"name": "app", "namespace": "ns"},
        "spec": {"imageRepositoryRef": {"name": "app"}, "policy": {}},
        "status": {"latestRef": {"name": "reg.io/app", "tag": "v1", "digest": digest}},
    });
    let policy: ImagePolicy = serde_json::from_value(policy).unwrap();
    let files: Vec<_> = (0..50)
        .map(|number| file(&number.to_string(), 1, "v1"))
        .collect();
    let outline = ImageUpdatePlanSpec::default();
    let fitting = fitting(files, &outline, &[&policy], &mut Vec::new());
    assert_eq!(shape(&fitting), (50, 1, 0));
}

#[test]
fn halving_ends_at_one_edit() {
    let (mut fitting, _) = fit(vec![
        file("a", 5, "v1"),
        file("b", 1, "v1"),
        file("c", 1, "v1"),
    ]);
    let mut shapes = vec![shape(&fitting)];
    while fitting.halve() {
        shapes.push(shape(&fitting));
    }
    assert_eq!(shapes, [(3, 1, 0), (1, 5, 2), (1, 2, 3), (1, 1, 3)]);
    assert!(!Fitting::default().halve());
}

#[test]
fn a_message_counts_with_its_escapes() {
    assert!(bounded("x".repeat(MAX_MESSAGE - 2)).is_ok());
    assert!(bounded("x".repeat(MAX_MESSAGE - 1)).is_err());
    assert!(bounded("<".repeat(MAX_MESSAGE / 6 + 1)).is_err());
}
