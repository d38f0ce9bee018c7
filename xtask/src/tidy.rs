//! `cargo xtask tidy`: the rules about the repository's layout that no compiler checks.
//!
//! Each rule is a function from values (the files, the package graph, the generated files) to violations, so that a test can show that it
//! fails when it should. The same rules run as a test of this crate.

mod arrows;
mod fresh;
mod layout;
mod links;
mod purity;
mod text;
mod unused;

use std::fmt::{self, Display, Formatter};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{Metadata, MetadataCommand};

use crate::{codegen, console, workspace};

/// One place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The file or crate, with the line where there is one.
    place: String,
    /// What is wrong and what to do.
    message: String,
}

impl Violation {
    fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            message: message.into(),
        }
    }

    fn at_line(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self::new(format!("{path}:{line}"), message)
    }
}

impl Display for Violation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Prints warnings and violations; a violation is an error.
pub(crate) fn run() -> Result<()> {
    let sources = workspace::sources()?;
    for warning in layout::long_files(&sources) {
        console::line(format_args!("warning: {warning}"));
    }
    let violations = violations()?;
    for violation in &violations {
        console::error(violation);
    }
    if !violations.is_empty() {
        bail!("{} violations of the repository's layout", violations.len());
    }
    console::line(format_args!("{} files are tidy", sources.len()));
    Ok(())
}

fn violations() -> Result<Vec<Violation>> {
    let sources = workspace::sources()?;
    let metadata = metadata()?;
    let mut violations = layout::violations(&sources);
    violations.extend(text::violations(&sources));
    violations.extend(links::violations(&sources));
    violations.extend(purity::violations(&sources));
    violations.extend(arrows::violations(&metadata));
    violations.extend(purity::reachable()?);
    violations.extend(unused::violations(&metadata, &sources));
    violations.extend(fresh::violations(&sources, &codegen::generated()?));
    Ok(violations)
}

fn metadata() -> Result<Metadata> {
    MetadataCommand::new()
        .manifest_path(workspace::root().join("Cargo.toml"))
        .other_options(vec!["--locked".to_owned()])
        .exec()
        .context("read the package graph")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        let violations: Vec<_> = violations()
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(violations, Vec::<String>::new());
    }
}
