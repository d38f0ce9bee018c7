//! Pure crates neither do I/O nor look at the clock, and no library starts a process.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata};

use super::Violation;
use crate::workspace::Source;

/// The crates that turn values into values.
const PURE: &[&str] = &[
    "api",
    "image-ref",
    "tag-policy",
    "yaml-setter",
    "commit-message",
];

/// Crates whose presence means I/O, whoever brings them.
const IO_CRATES: &[&str] = &[
    "tokio",
    "async-std",
    "smol",
    "mio",
    "socket2",
    "hyper",
    "reqwest",
    "ureq",
    "rustls",
    "axum",
    "kube-client",
    "gix",
    "russh",
];

/// What a pure crate would have to write to do I/O, to look at the clock or to roll dice.
const IMPURE: &[&str] = &[
    "SystemTime::now",
    "Instant::now",
    "Utc::now",
    "Local::now",
    "thread_rng",
    "rand::random",
    "std::fs",
    "std::env",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "ToSocketAddrs",
    "std::process",
    "std::thread",
    ".await",
];

/// What starts a process.
const STARTS_A_PROCESS: &[&str] = &["Command::new(", "process::Command"];

/// Where starting a process is the point.
const MAY_START_PROCESSES: &[&str] = &["crates/test-support/", "xtask/", "bench/"];

/// Lines of production code that break the rules of this module.
pub(crate) fn violations(sources: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for source in sources
        .iter()
        .filter(|source| source.is_production_rust() && source.path.contains("/src/"))
    {
        for (number, line) in code(source) {
            if is_pure(&source.path)
                && let Some(word) = IMPURE.iter().find(|word| line.contains(**word))
            {
                violations.push(Violation::at_line(
                    &source.path,
                    number,
                    format!("a pure crate takes values, not `{word}`"),
                ));
            }
            if !MAY_START_PROCESSES
                .iter()
                .any(|prefix| source.path.starts_with(prefix))
                && STARTS_A_PROCESS.iter().any(|word| line.contains(word))
            {
                violations.push(Violation::at_line(
                    &source.path,
                    number,
                    "the product starts no process",
                ));
            }
        }
    }
    violations
}

fn is_pure(path: &str) -> bool {
    path.strip_prefix("crates/")
        .and_then(|rest| rest.split('/').next())
        .is_some_and(|name| PURE.contains(&name))
}

/// The lines before the tests of the file, without comments.
fn code(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    source
        .lines()
        .take_while(|(_, line)| *line != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Crates that do I/O and that a pure crate brings along, directly or not.
pub(crate) fn reachable(metadata: &Metadata) -> Vec<Violation> {
    reachable_in(&graph(metadata))
}

/// Normal dependencies by package name.
type Graph = BTreeMap<String, BTreeSet<String>>;

fn graph(metadata: &Metadata) -> Graph {
    let names: BTreeMap<_, _> = metadata
        .packages
        .iter()
        .map(|package| (&package.id, package.name.to_string()))
        .collect();
    let mut graph = Graph::new();
    for node in metadata.resolve.iter().flat_map(|resolve| &resolve.nodes) {
        let normal = node.deps.iter().filter(|dep| {
            dep.dep_kinds
                .iter()
                .any(|kind| kind.kind == DependencyKind::Normal)
        });
        let used = normal.filter_map(|dep| names.get(&dep.pkg).cloned());
        if let Some(name) = names.get(&node.id) {
            graph.entry(name.clone()).or_default().extend(used);
        }
    }
    graph
}

fn reachable_in(graph: &Graph) -> Vec<Violation> {
    let mut violations = Vec::new();
    for pure in PURE {
        let mut seen = BTreeSet::new();
        let mut next = vec![*pure];
        while let Some(name) = next.pop() {
            if seen.insert(name) {
                next.extend(graph.get(name).into_iter().flatten().map(String::as_str));
            }
        }
        let found = IO_CRATES.iter().filter(|name| seen.contains(*name));
        violations.extend(
            found.map(|name| {
                Violation::new(*pure, format!("a pure crate brings no `{name}` along"))
            }),
        );
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(path: &str, text: &str) -> Vec<String> {
        violations(&[Source::new(path, text)])
            .into_iter()
            .map(|violation| violation.place)
            .collect()
    }

    #[test]
    fn a_pure_crate_takes_the_time_as_a_value() {
        let text = "use chrono::Utc;\nfn now() { Utc::now(); }\n";
        assert_eq!(
            places("crates/tag-policy/src/a.rs", text),
            ["crates/tag-policy/src/a.rs:2"]
        );
        assert_eq!(places("crates/repin/src/a.rs", text), Vec::<String>::new());
    }

    #[test]
    fn comments_and_tests_of_a_pure_crate_may_say_what_they_like() {
        let text = "//! Never std::fs.\n#[cfg(test)]\nmod tests { use std::fs; }\n";
        assert_eq!(places("crates/api/src/lib.rs", text), Vec::<String>::new());
    }

    #[test]
    fn no_library_starts_a_process() {
        let text = "fn git() { Command::new(\"git\"); }\n";
        assert_eq!(
            places("crates/git-remote/src/a.rs", text),
            ["crates/git-remote/src/a.rs:1"]
        );
        assert_eq!(
            places("crates/test-support/src/a.rs", text),
            Vec::<String>::new()
        );
        assert_eq!(
            places("crates/git-remote/tests/a.rs", text),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_pure_crate_brings_no_runtime_along_however_deep() {
        let edge = |from: &str, to: &[&str]| {
            (
                from.to_owned(),
                to.iter().map(|&name| name.to_owned()).collect(),
            )
        };
        let clean = Graph::from([edge("api", &["serde"]), edge("repin", &["tokio"])]);
        assert_eq!(reachable_in(&clean), []);
        let deep = Graph::from([
            edge("api", &["serde"]),
            edge("serde", &["tokio"]),
            edge("tokio", &["api"]),
        ]);
        assert_eq!(
            reachable_in(&deep),
            [Violation::new(
                "api",
                "a pure crate brings no `tokio` along"
            )]
        );
    }
}
