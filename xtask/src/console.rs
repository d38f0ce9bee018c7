//! What the tasks print: standard output for results, standard error for failures.

use std::fmt::Display;
use std::io::{self, Write as _};

/// Prints one line; a closed pipe ends no task.
pub(crate) fn line(text: impl Display) {
    let mut out = io::stdout().lock();
    drop(writeln!(out, "{text}"));
    drop(out.flush());
}

/// Prints one line to standard error.
pub(crate) fn error(text: impl Display) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// Prints the heading of a stage, with an empty line before it.
pub(crate) fn heading(text: impl Display) {
    line(format_args!("\n==> {text}"));
}
