//! Rules about files: their names, their length, how they open.

use super::Violation;
use crate::workspace::Source;

/// More lines than this are a warning.
const SOFT_CEILING: usize = 400;
/// More lines than this are a violation.
const HARD_CEILING: usize = 600;
/// Names that say nothing about what a file holds.
const EMPTY_NAMES: &[&str] = &[
    "utils", "util", "helpers", "helper", "common", "types", "misc",
];

/// Every violation of the rules of this module.
pub(crate) fn violations(sources: &[Source]) -> Vec<Violation> {
    let mut violations = files_over(sources, HARD_CEILING);
    violations.extend(empty_names(sources));
    violations.extend(libraries_without_purpose(sources));
    violations.extend(crates_without_shared_settings(sources));
    violations
}

/// Files that are longer than a reader likes, and not yet too long.
pub(crate) fn long_files(sources: &[Source]) -> Vec<Violation> {
    let mut warnings = files_over(sources, SOFT_CEILING);
    warnings.retain(|warning| {
        !files_over(sources, HARD_CEILING)
            .iter()
            .any(|violation| violation.place == warning.place)
    });
    warnings
}

fn files_over(sources: &[Source], ceiling: usize) -> Vec<Violation> {
    let rust = sources.iter().filter(|source| source.is_production_rust());
    rust.map(|source| (source, source.lines().count()))
        .filter(|(_, lines)| *lines > ceiling)
        .map(|(source, lines)| {
            Violation::new(
                &source.path,
                format!(
                    "{lines} lines, more than {ceiling}: split it, or move its tests to tests.rs"
                ),
            )
        })
        .collect()
}

fn empty_names(sources: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for source in sources.iter().filter(|source| source.is_rust()) {
        if source.file_name() == "mod.rs" {
            violations.push(Violation::new(
                &source.path,
                "a module is foo.rs beside foo/, never mod.rs",
            ));
        }
        let parts = source.path.trim_end_matches(".rs").split('/');
        if let Some(name) = parts.into_iter().find(|part| EMPTY_NAMES.contains(part)) {
            violations.push(Violation::new(
                &source.path,
                format!("`{name}` says nothing: name it after what it holds"),
            ));
        }
    }
    violations
}

fn libraries_without_purpose(sources: &[Source]) -> Vec<Violation> {
    let libraries = sources
        .iter()
        .filter(|source| source.path.ends_with("/src/lib.rs"));
    libraries
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| {
            Violation::new(
                &source.path,
                "a library opens with `//!`: what it does and what it never does",
            )
        })
        .collect()
}

/// Lints, versions and editions are written once, in the root manifest.
fn crates_without_shared_settings(sources: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for manifest in sources
        .iter()
        .filter(|source| is_member_manifest(&source.path))
    {
        if !manifest.text.contains("[lints]\nworkspace = true") {
            violations.push(Violation::new(
                &manifest.path,
                "a crate takes the lints of the workspace: `[lints] workspace = true`",
            ));
        }
        let versions = manifest
            .lines()
            .filter(|(_, line)| line.contains("version = \"") || is_bare_version(line));
        violations.extend(versions.map(|(number, _)| {
            Violation::at_line(
                &manifest.path,
                number,
                "versions are in the root manifest: `{ workspace = true }`",
            )
        }));
    }
    violations
}

/// Fuzz crates are workspaces of their own, because they need another compiler.
fn is_member_manifest(path: &str) -> bool {
    path.ends_with("/Cargo.toml") && !path.contains("/fuzz/")
}

/// Whether a line is `name = "1.2"`.
fn is_bare_version(line: &str) -> bool {
    line.split_once(" = \"").is_some_and(|(_, value)| {
        value.starts_with(|char: char| char.is_ascii_digit() || "=^~".contains(char))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[package]\nname = \"a\"\nversion.workspace = true\n\n[lints]\nworkspace = true\n\n[dependencies]\nserde = { workspace = true }\n";

    fn places(violations: &[Violation]) -> Vec<&str> {
        violations
            .iter()
            .map(|violation| violation.place.as_str())
            .collect()
    }

    fn check(path: &str, text: &str) -> Vec<Violation> {
        violations(&[Source::new(path, text)])
    }

    #[test]
    fn a_file_may_have_six_hundred_lines_and_no_more() {
        assert_eq!(check("crates/a/src/b.rs", &"x\n".repeat(600)), []);
        assert_eq!(
            places(&check("crates/a/src/b.rs", &"x\n".repeat(601))),
            ["crates/a/src/b.rs"]
        );
        assert_eq!(check("crates/a/src/b/tests.rs", &"x\n".repeat(601)), []);
        assert_eq!(check("docs/a.md", &"x\n".repeat(601)), []);
    }

    #[test]
    fn a_long_file_is_a_warning_until_it_is_a_violation() {
        let file = |lines| [Source::new("crates/a/src/b.rs", &"x\n".repeat(lines))];
        assert_eq!(long_files(&file(400)), []);
        assert_eq!(places(&long_files(&file(401))), ["crates/a/src/b.rs"]);
        assert_eq!(long_files(&file(601)), []);
    }

    #[test]
    fn names_that_say_nothing_are_violations() {
        for path in [
            "crates/a/src/mod.rs",
            "crates/a/src/utils.rs",
            "crates/a/src/common/b.rs",
            "crates/types/src/b.rs",
        ] {
            assert_eq!(places(&check(path, "")), [path]);
        }
        assert_eq!(check("crates/a/src/commonly.rs", ""), []);
        assert_eq!(check("docs/common.md", ""), []);
    }

    #[test]
    fn a_library_opens_with_its_purpose() {
        assert_eq!(check("crates/a/src/lib.rs", "//! What it does.\n"), []);
        assert_eq!(
            places(&check("crates/a/src/lib.rs", "mod a;\n//! Late.\n")),
            ["crates/a/src/lib.rs"]
        );
    }

    #[test]
    fn a_crate_takes_the_lints_of_the_workspace() {
        assert_eq!(check("crates/a/Cargo.toml", MANIFEST), []);
        assert_eq!(
            places(&check("crates/a/Cargo.toml", "[package]\n")),
            ["crates/a/Cargo.toml"]
        );
        assert_eq!(check("crates/a/fuzz/Cargo.toml", "[package]\n"), []);
    }

    #[test]
    fn a_crate_names_no_version() {
        for line in [
            "serde = \"1\"",
            "serde = { version = \"1\" }",
            "gix = \"=0.90.0\"",
        ] {
            assert_eq!(
                places(&check(
                    "crates/a/Cargo.toml",
                    &format!("{MANIFEST}{line}\n")
                )),
                ["crates/a/Cargo.toml:10"],
                "{line}"
            );
        }
    }
}
