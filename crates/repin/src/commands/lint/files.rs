//! Checks the files of a tree, on all cores.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use regex::bytes::Regex;
use yaml_setter::{Problem, Setters};

use super::objects::Objects;
use super::{Level, Lint, Seen, walk};
use crate::args::LintArgs;
use crate::commands::CommandError;
use crate::objects::{MAX_INPUT_BYTES, holds_objects};

/// More threads than this wait for the same disk.
const MAX_THREADS: usize = 8;

/// How the files are checked.
struct Checks<'a> {
    setters: Setters,
    /// Whether `setters` holds all policies that there are, so that a marker can name an unknown one.
    policies_known: bool,
    args: &'a LintArgs,
}

/// Checks every manifest of the paths.
pub(super) fn check(args: &LintArgs, known: Option<&Objects>) -> Result<Seen, CommandError> {
    let mut lints = Vec::new();
    let files = walk::manifests(&args.paths, &mut lints).map_err(CommandError::Read)?;
    let checks = Checks {
        setters: known.map(Objects::setters).unwrap_or_default(),
        policies_known: known.is_some(),
        args,
    };
    let next = AtomicUsize::new(0);
    let threads = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(MAX_THREADS);
    let parts: Vec<Seen> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| worker(&files, &next, &checks)))
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("a worker does not panic"))
            .collect()
    });
    let mut all = Seen {
        lints,
        files: files.len(),
        ..Seen::default()
    };
    for part in parts {
        all.lints.extend(part.lints);
        all.markers += part.markers;
        all.marked.extend(part.marked);
        all.objects.append(part.objects);
    }
    Ok(all)
}

fn worker(files: &[PathBuf], next: &AtomicUsize, checks: &Checks<'_>) -> Seen {
    let mut seen = Seen::default();
    let mut content = Vec::new();
    while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
        match read(path, &mut content) {
            Ok(()) => check_file(path, &content, checks, &mut seen),
            Err(error) => seen.lints.push(Lint::unreadable(path, &error)),
        }
    }
    seen
}

/// Reads a file into a buffer that is used again; one byte over the bound tells that it is too large.
fn read(path: &Path, content: &mut Vec<u8>) -> io::Result<()> {
    content.clear();
    let file = File::open(path)?;
    file.take(MAX_INPUT_BYTES + 1)
        .read_to_end(content)
        .map(|_| ())
}

fn check_file(path: &Path, content: &[u8], checks: &Checks<'_>, seen: &mut Seen) {
    let mentioned = mentions_policies(content);
    if !mentioned && !checks.args.all {
        return;
    }
    let path = path.display().to_string();
    let pass = yaml_setter::edit(content, &checks.setters);
    seen.markers += pass.markers.len();
    // A file that holds the marker's text was parsed already, and says itself why that failed.
    let syntax = if yaml_setter::may_hold_marker(content) {
        None
    } else {
        yaml_setter::syntax(content)
    };
    let suspicious = yaml_setter::suspicious(content);
    for finding in pass.findings.into_iter().chain(syntax).chain(suspicious) {
        if !checks.policies_known && matches!(finding.problem, Problem::UnknownPolicy(_)) {
            continue;
        }
        seen.lints.push(Lint {
            path: path.clone(),
            line: finding.line,
            column: finding.column,
            level: level(&finding.problem),
            rule: finding.problem.rule(),
            message: finding.problem.to_string(),
        });
    }
    seen.marked.extend(
        pass.markers
            .into_iter()
            .map(|marker| (marker.policy.namespace, marker.policy.name)),
    );
    if mentioned && holds_objects(content) {
        // A file that is not YAML was reported above, where its markers or --all ask for it.
        seen.objects
            .read(content, &path, &checks.args.namespace, &mut seen.lints)
            .ok();
    }
}

/// Whether a file holds `imagepolicy`, in any spelling that is mistaken for it.
fn mentions_policies(content: &[u8]) -> bool {
    static MENTION: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("(?i-u)image[-_]?policy|imagerepository").expect("the pattern is constant")
    });
    MENTION.is_match(content)
}

fn level(problem: &Problem) -> Level {
    match problem {
        Problem::NeverAMarker(_) => Level::Warning,
        _ => Level::Error,
    }
}
