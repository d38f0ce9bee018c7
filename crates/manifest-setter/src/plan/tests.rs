use git_remote::ObjectId;
use yaml_setter::{LatestImage, Setters};

use super::*;

/// A file with one edit whose new value has `bytes` bytes.
fn file(path: &str, bytes: usize) -> EditedFile {
    let mut setters = Setters::new();
    setters.policy(
        "ns",
        "app",
        &LatestImage {
            name: "reg.io/app",
            tag: &"1".repeat(bytes),
            digest: None,
        },
    );
    let content = b"tag: v0 # {\"$imagepolicy\": \"ns:app:tag\"}\n";
    let edits = yaml_setter::edit(content, &setters).edits;
    assert_eq!(edits.len(), 1);
    EditedFile {
        path: path.to_owned(),
        blob: ObjectId::try_from([0; 20].as_slice()).unwrap(),
        edits,
    }
}

#[test]
fn files_that_do_not_fit_are_left_for_the_next_plan() {
    let files = [
        file("a", MAX_EDIT_BYTES / 8),
        file("b", MAX_EDIT_BYTES / 8),
        file("c", MAX_EDIT_BYTES / 4),
    ];
    assert_eq!(fitting(&files).unwrap(), 2);
    assert_eq!(fitting(&files[..2]).unwrap(), 2);
    assert_eq!(fitting(&files[2..]).unwrap(), 1);
}

#[test]
fn a_file_that_never_fits_is_an_error_that_names_the_bound() {
    let error = fitting(&[file("big.yaml", MAX_EDIT_BYTES)])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("big.yaml") && error.contains(&MAX_EDIT_BYTES.to_string()),
        "{error}"
    );
}

#[test]
fn names_of_plans_are_names_of_objects() {
    let mut automation = ImageUpdateAutomation::default();
    automation.metadata.name = Some("a".repeat(300));
    let name = name(&automation, "0123456789abcdef");
    assert_eq!(name.len(), MAX_NAME);
    assert!(name.ends_with("a-0123456789abcdef"));
}
