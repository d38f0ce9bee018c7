//! Where the repository lies and which files it holds.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the root of the repository")
}

/// One text file of the repository.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// The path from the root, with `/`.
    pub(crate) path: String,
    /// Its content.
    pub(crate) text: String,
}

impl Source {
    /// A source as a test writes it down.
    #[cfg(test)]
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// The last part of the path.
    pub(crate) fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Whether this is Rust.
    pub(crate) fn is_rust(&self) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|extension| extension == "rs")
    }

    /// Whether this is Rust that ships or is run by developers: neither a `tests.rs` nor below `tests/`.
    pub(crate) fn is_production_rust(&self) -> bool {
        self.is_rust()
            && self.file_name() != "tests.rs"
            && !self.path.split('/').any(|part| part == "tests")
    }

    /// The numbered lines, from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }
}

/// Every text file of the repository in lexical order, without `target`, `.git` and files that are no UTF-8.
pub(crate) fn sources() -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    collect(root(), &mut sources)?;
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

fn collect(directory: &Path, sources: &mut Vec<Source>) -> Result<()> {
    let entries = fs::read_dir(directory)
        .with_context(|| format!("read directory {}", directory.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("read directory {}", directory.display()))?;
        let kind = entry
            .file_type()
            .with_context(|| format!("look at {}", entry.path().display()))?;
        if kind.is_dir() {
            if !["target", ".git"]
                .iter()
                .any(|skipped| entry.file_name() == *skipped)
            {
                collect(&entry.path(), sources)?;
            }
        } else if kind.is_file()
            && let Some(source) = read(&entry.path())?
        {
            sources.push(source);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Option<Source>> {
    let bytes = fs::read(path).with_context(|| format!("read {}", path.display()))?;
    let relative = path
        .strip_prefix(root())
        .unwrap_or(path)
        .to_string_lossy()
        .into_owned();
    Ok(String::from_utf8(bytes).ok().map(|text| Source {
        path: relative,
        text,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_holds_the_workspace_manifest() {
        assert!(root().join("Cargo.lock").is_file());
    }

    #[test]
    fn sources_are_sorted_and_leave_out_what_cargo_and_git_keep() {
        let sources = sources().unwrap();
        assert!(sources.is_sorted_by(|a, b| a.path < b.path));
        assert!(
            sources
                .iter()
                .any(|source| source.path == "xtask/src/workspace.rs")
        );
        assert!(
            !sources.iter().any(
                |source| source.path.starts_with("target/") || source.path.starts_with(".git/")
            )
        );
    }

    #[test]
    fn test_files_are_no_production_code() {
        for (path, production) in [
            ("crates/api/src/lib.rs", true),
            ("crates/api/src/convert/tests.rs", false),
            ("crates/repin/tests/run.rs", false),
            ("README.md", false),
        ] {
            assert_eq!(
                Source::new(path, "").is_production_rust(),
                production,
                "{path}"
            );
        }
    }
}
