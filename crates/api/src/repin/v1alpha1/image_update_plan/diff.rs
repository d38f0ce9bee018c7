use super::{Edit, EditedObject, FileEdits, ImageUpdatePlanSpec};

/// The edits as the lines of a unified diff without context.
///
/// Two lines name the file, one with the line, the object and the field begins each edit, and the bytes before and after
/// follow. Control characters are written as escapes, so that no line hides another one on a terminal. The text is a
/// function of the edits alone and part of the version of the API: whoever writes a plan computes it again and compares.
///
/// ```
/// use api::repin::v1alpha1::{Edit, EditedObject, FileEdits, diff};
///
/// let edit = Edit {
///     line: 26,
///     old: "podinfo:5.0.0".to_owned(),
///     new: "podinfo:5.0.3".to_owned(),
///     field: ".spec.template.spec.containers[0].image".to_owned(),
///     object: EditedObject {
///         kind: "Deployment".to_owned(),
///         name: "podinfo".to_owned(),
///         ..EditedObject::default()
///     },
///     ..Edit::default()
/// };
/// let file = FileEdits {
///     path: "apps/podinfo.yaml".to_owned(),
///     edits: vec![edit],
///     ..FileEdits::default()
/// };
/// assert_eq!(
///     diff(&[file]),
///     [
///         "--- a/apps/podinfo.yaml",
///         "+++ b/apps/podinfo.yaml",
///         "@@ -26 +26 @@ Deployment podinfo .spec.template.spec.containers[0].image",
///         "-podinfo:5.0.0",
///         "+podinfo:5.0.3",
///     ]
/// );
/// ```
pub fn diff(files: &[FileEdits]) -> Vec<String> {
    files.iter().flat_map(of_file).collect()
}

impl ImageUpdatePlanSpec {
    /// Whether `fileCount`, `editCount` and `diff`, which people read, say what `files` says, which is written.
    pub fn tells_its_edits(&self) -> bool {
        let edits = self.files.iter().map(|file| file.edits.len()).sum();
        counts(self.file_count, self.files.len())
            && counts(self.edit_count, edits)
            && self.diff == diff(&self.files)
    }
}

fn counts(said: i64, length: usize) -> bool {
    usize::try_from(said) == Ok(length)
}

fn of_file(file: &FileEdits) -> Vec<String> {
    let path = printable(&file.path);
    let mut lines = vec![format!("--- a/{path}"), format!("+++ b/{path}")];
    lines.extend(file.edits.iter().flat_map(of_edit));
    lines
}

fn of_edit(edit: &Edit) -> Vec<String> {
    let hunk = format!("@@ -{line} +{line} @@", line = edit.line);
    let place = joined(&[&hunk, &named(&edit.object), &edit.field], " ");
    let mut lines = vec![printable(&place)];
    for (sign, text) in [('-', &edit.old), ('+', &edit.new)] {
        lines.extend(
            text.lines()
                .map(|line| format!("{sign}{}", printable(line))),
        );
    }
    lines
}

/// Kind, namespace and name, as far as the manifest has them.
fn named(object: &EditedObject) -> String {
    let name = joined(&[&object.namespace, &object.name], "/");
    joined(&[&object.kind, &name], " ")
}

/// The parts that are not empty.
fn joined(parts: &[&str], separator: &str) -> String {
    let parts: Vec<_> = parts
        .iter()
        .copied()
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(separator)
}

/// The text in one line, with escapes for what a terminal would obey.
fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        if is_obeyed(character) {
            printable.extend(character.escape_unicode());
        } else {
            printable.push(character);
        }
    }
    printable
}

/// Control characters, and those that change the direction of the text around them.
fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, edits: Vec<Edit>) -> FileEdits {
        FileEdits {
            path: path.to_owned(),
            edits,
            ..FileEdits::default()
        }
    }

    fn edit(line: i64, old: &str, new: &str) -> Edit {
        Edit {
            line,
            old: old.to_owned(),
            new: new.to_owned(),
            field: ".image".to_owned(),
            ..Edit::default()
        }
    }

    fn object(kind: &str, namespace: &str, name: &str) -> EditedObject {
        EditedObject {
            api_version: "apps/v1".to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    #[test]
    fn every_file_and_every_edit_has_its_lines() {
        let mut first = edit(3, "a:1", "a:2");
        first.object = object("Deployment", "ns", "a");
        let files = [
            file("a.yaml", vec![first, edit(9, "b:1", "\"2\"")]),
            file("b.yaml", vec![edit(1, "c:1", "c:2")]),
        ];
        insta::assert_snapshot!(diff(&files).join("\n"), @r#"
        --- a/a.yaml
        +++ b/a.yaml
        @@ -3 +3 @@ Deployment ns/a .image
        -a:1
        +a:2
        @@ -9 +9 @@ .image
        -b:1
        +"2"
        --- a/b.yaml
        +++ b/b.yaml
        @@ -1 +1 @@ .image
        -c:1
        +c:2
        "#);
    }

    #[test]
    fn an_object_is_named_as_far_as_it_names_itself() {
        for (object, name) in [
            (object("Deployment", "ns", "a"), "Deployment ns/a"),
            (object("Kustomization", "", ""), "Kustomization"),
            (object("", "", "a"), "a"),
            (EditedObject::default(), ""),
        ] {
            assert_eq!(named(&object), name);
        }
    }

    #[test]
    fn nothing_in_a_line_is_obeyed_by_a_terminal() {
        let lines = diff(&[file(
            "a\u{1b}[2K",
            vec![edit(1, "a\r\nb", "\u{202e}c\u{7}")],
        )]);
        insta::assert_snapshot!(lines.join("\n"), @r"
        --- a/a\u{1b}[2K
        +++ b/a\u{1b}[2K
        @@ -1 +1 @@ .image
        -a
        -b
        +\u{202e}c\u{7}
        ");
    }

    #[test]
    fn a_plan_tells_its_edits_or_it_does_not() {
        let files = vec![file("a.yaml", vec![edit(1, "a", "b"), edit(2, "c", "d")])];
        let spec = ImageUpdatePlanSpec {
            file_count: 1,
            edit_count: 2,
            diff: diff(&files),
            files,
            ..ImageUpdatePlanSpec::default()
        };
        assert!(spec.tells_its_edits());
        let changes: [fn(&mut ImageUpdatePlanSpec); 4] = [
            |spec| spec.file_count = 2,
            |spec| spec.edit_count = -1,
            |spec| spec.diff.clear(),
            |spec| "x".clone_into(&mut spec.files[0].edits[1].new),
        ];
        for change in changes {
            let mut forged = spec.clone();
            change(&mut forged);
            assert!(!forged.tells_its_edits(), "{forged:?}");
        }
    }
}
