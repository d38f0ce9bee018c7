//! The files of a plan and their edits: where they are, and that they are well-formed.

use api::repin::v1alpha1::{FileEdits, ImageUpdatePlanSpec, diff};

use super::{Forged, is_id, quoted};

/// Checks every file, all of which have to be at or below `path`.
pub(super) fn verify(spec: &ImageUpdatePlanSpec, path: &str) -> Result<(), Forged> {
    count("spec.fileCount", spec.files.len(), spec.file_count)?;
    let edits = spec.files.iter().map(|file| file.edits.len()).sum();
    count("spec.editCount", edits, spec.edit_count)?;
    if !changes_something(spec) {
        return Err(Forged::new(
            "spec.files",
            "an edit that changes something",
            "none",
        ));
    }
    let mut before: Option<&str> = None;
    for (number, file) in spec.files.iter().enumerate() {
        let field = format!("spec.files[{number}]");
        if before.is_some_and(|before| before >= file.path.as_str()) {
            let expected = "paths in lexical order, each once";
            return Err(Forged::new(
                format!("{field}.path"),
                expected,
                quoted(&file.path),
            ));
        }
        before = Some(&file.path);
        is_inside(&field, &file.path, path)?;
        is_id(&format!("{field}.blob"), &file.blob)?;
        are_in_order(&field, file)?;
    }
    // It is what people approve.
    if spec.diff != diff(&spec.files) {
        return Err(Forged::new(
            "spec.diff",
            "what spec.files do",
            "something else",
        ));
    }
    Ok(())
}

fn count(field: &str, there: usize, said: i64) -> Result<(), Forged> {
    if i64::try_from(there) == Ok(said) {
        Ok(())
    } else {
        Err(Forged::new(field, there.to_string(), said.to_string()))
    }
}

fn changes_something(spec: &ImageUpdatePlanSpec) -> bool {
    let mut edits = spec.files.iter().flat_map(|file| &file.edits);
    edits.any(|edit| edit.old != edit.new)
}

fn is_inside(field: &str, file: &str, path: &str) -> Result<(), Forged> {
    let field = || format!("{field}.path");
    if !file.split('/').all(is_plain) {
        let expected = "a path from the root of the repository without '.', '..' and '.git'";
        return Err(Forged::new(field(), expected, quoted(file)));
    }
    let below = file.strip_prefix(path);
    let inside =
        below.is_some_and(|below| path.is_empty() || below.is_empty() || below.starts_with('/'));
    if inside {
        Ok(())
    } else {
        Err(Forged::new(
            field(),
            format!("a file at or below '{path}', the automation's spec.update.path"),
            quoted(file),
        ))
    }
}

fn is_plain(component: &str) -> bool {
    !matches!(component, "" | "." | "..")
        && !component.eq_ignore_ascii_case(".git")
        && !component.contains('\0')
}

fn are_in_order(field: &str, file: &FileEdits) -> Result<(), Forged> {
    if file.edits.is_empty() {
        return Err(Forged::new(
            format!("{field}.edits"),
            "at least one",
            "none",
        ));
    }
    // One past the last byte of the edit ahead; edits that only insert do not share a place.
    let mut end = None;
    for (number, edit) in file.edits.iter().enumerate() {
        let field = || format!("{field}.edits[{number}].offset");
        let offset = usize::try_from(edit.offset)
            .map_err(|_| Forged::new(field(), "a number of bytes", edit.offset.to_string()))?;
        if end.is_some_and(|(start, end)| offset < end || offset == start) {
            let expected = "edits in ascending order without overlap";
            return Err(Forged::new(field(), expected, offset.to_string()));
        }
        end = Some((offset, offset.saturating_add(edit.old.len())));
    }
    Ok(())
}
