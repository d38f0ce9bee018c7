//! Findings as text and JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Level, Lint, Seen};

/// One line per finding, and a closing line.
pub(super) fn text(seen: &Seen) -> String {
    let mut text = String::new();
    for lint in &seen.lints {
        _ = writeln!(
            text,
            "{}: {}: {} [{}]",
            place(lint),
            lint.level.name(),
            lint.message,
            lint.rule
        );
    }
    let count = |level| seen.lints.iter().filter(|lint| lint.level == level).count();
    _ = writeln!(
        text,
        "{} files and {} markers checked: {} errors, {} warnings",
        seen.files,
        seen.markers,
        count(Level::Error),
        count(Level::Warning)
    );
    text
}

fn place(lint: &Lint) -> String {
    if lint.line == 0 {
        lint.path.clone()
    } else {
        format!("{}:{}:{}", lint.path, lint.line, lint.column)
    }
}

/// All findings, with what was checked.
pub(super) fn json(seen: &Seen) -> Value {
    let findings: Vec<Value> = seen
        .lints
        .iter()
        .map(|lint| {
            json!({
                "path": lint.path,
                "line": lint.line,
                "column": lint.column,
                "level": lint.level.name(),
                "rule": lint.rule,
                "message": lint.message,
            })
        })
        .collect();
    json!({"files": seen.files, "markers": seen.markers, "findings": findings})
}
