//! `repin lint`: markers and policies of a working tree, offline.

mod files;
mod objects;
mod output;
mod sarif;
mod walk;

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::{CommandError, Outcome};
use crate::args::{LintArgs, LintOutput};
use crate::console::Console;
use crate::objects::Key;
use crate::report;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// The marker, the file or the policy does not work.
    Error,
    /// It works, but hardly as meant.
    Warning,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Something that is wrong in the tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Lint {
    path: String,
    /// From 1; 0 where the finding concerns no line.
    line: usize,
    column: usize,
    level: Level,
    rule: &'static str,
    message: String,
}

impl Lint {
    /// A finding about a file, or an object in it, as a whole.
    fn whole(path: &str, level: Level, rule: &'static str, message: String) -> Self {
        Self {
            path: path.to_owned(),
            line: 0,
            column: 0,
            level,
            rule,
            message,
        }
    }

    /// A file or folder that cannot be read, so that it was not checked.
    fn unreadable(path: &Path, error: &io::Error) -> Self {
        let message = format!("cannot be read, and was not checked: {error}");
        Self::whole(
            &path.display().to_string(),
            Level::Error,
            "unreadable-file",
            message,
        )
    }
}

/// What was checked.
#[derive(Debug, Default)]
pub(super) struct Seen {
    lints: Vec<Lint>,
    files: usize,
    markers: usize,
    /// Policies that some marker names.
    marked: BTreeSet<Key>,
    /// Policies and image repositories found in the tree.
    objects: objects::Objects,
}

/// Checks the tree and prints what is wrong.
pub(crate) fn lint(args: &LintArgs, console: &Console) -> Result<Outcome, CommandError> {
    let mut lints = Vec::new();
    let known = if args.filenames.is_empty() {
        None
    } else {
        Some(objects::Objects::of_files(args, &mut lints)?)
    };
    let mut seen = files::check(args, known.as_ref())?;
    seen.lints.append(&mut lints);
    let mut objects = std::mem::take(&mut seen.objects);
    objects.add_missing(known.unwrap_or_default());
    seen.lints.extend(objects.invalid());
    seen.lints.extend(objects.without_marker(&seen.marked));
    seen.lints.sort();
    seen.lints.dedup();
    match args.output {
        LintOutput::Text => console
            .result(&output::text(&seen))
            .map_err(CommandError::Output)?,
        LintOutput::Json => report::json(console, &output::json(&seen))?,
        LintOutput::Sarif => report::json(console, &sarif::sarif(&seen.lints))?,
    }
    let failed = seen.lints.iter().any(|lint| lint.level == Level::Error);
    Ok(if failed {
        Outcome::Failed
    } else {
        Outcome::Done
    })
}
