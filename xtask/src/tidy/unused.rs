//! A crate names no dependency that its code does not mention.

use cargo_metadata::{Dependency, DependencyKind, Metadata};

use super::Violation;
use crate::workspace::Source;

/// Dependencies that no file of their crate mentions.
pub(crate) fn violations(metadata: &Metadata, sources: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for package in metadata.workspace_packages() {
        let manifest = package.manifest_path.strip_prefix(&metadata.workspace_root);
        let directory = manifest
            .ok()
            .and_then(|path| path.parent())
            .map(|path| format!("{path}/"))
            .unwrap_or_default();
        let code: Vec<_> = sources
            .iter()
            .filter(|source| source.is_rust() && source.path.starts_with(&directory))
            .collect();
        let unused = package
            .dependencies
            .iter()
            .filter(|dependency| !is_mentioned(dependency, &code));
        violations.extend(unused.map(|dependency| {
            Violation::new(
                package.name.as_str(),
                format!(
                    "uses nothing of {}: take it out of its manifest",
                    dependency.name
                ),
            )
        }));
    }
    violations
}

/// A dependency that ships is mentioned by what ships; one for tests may be mentioned anywhere.
fn is_mentioned(dependency: &Dependency, code: &[&Source]) -> bool {
    let name = dependency
        .rename
        .as_ref()
        .unwrap_or(&dependency.name)
        .replace('-', "_");
    let ships = dependency.kind == DependencyKind::Normal;
    code.iter()
        .filter(|source| !ships || source.is_production_rust())
        .any(|source| mentions(&source.text, &name))
}

/// Whether `name` stands in `text` as a word of its own, as a path or an import.
fn mentions(text: &str, name: &str) -> bool {
    let is_part = |char: char| char.is_alphanumeric() || char == '_';
    text.match_indices(name).any(|(start, _)| {
        let before = text[..start].chars().next_back();
        let after = text[start + name.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependency(name: &str, kind: &str) -> Dependency {
        let json = serde_json::json!({
            "name": name, "source": null, "req": "*", "kind": kind, "rename": null, "optional": false,
            "uses_default_features": true, "features": [], "target": null, "registry": null,
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_name_is_mentioned_as_a_word() {
        assert!(mentions("use serde_json::Value;", "serde_json"));
        assert!(mentions("    serde_json::from_str(text)", "serde_json"));
        assert!(!mentions("use serde_json::Value;", "serde"));
        assert!(!mentions("let reqwested = 1;", "reqwest"));
    }

    #[test]
    fn a_dependency_of_the_tests_may_be_mentioned_by_tests_only() {
        let sources = [Source::new(
            "crates/a/src/b/tests.rs",
            "use insta::assert_snapshot;",
        )];
        let code: Vec<_> = sources.iter().collect();
        assert!(is_mentioned(&dependency("insta", "dev"), &code));
        assert!(!is_mentioned(&dependency("insta", "normal"), &code));
        assert!(!is_mentioned(&dependency("proptest", "dev"), &code));
    }
}
