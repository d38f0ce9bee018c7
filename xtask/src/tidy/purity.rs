//! Pure crates neither do I/O nor look at the clock, and no library starts a process.

use anyhow::Result;

use super::Violation;
use crate::program::cargo;
use crate::workspace::Source;

/// The crates that turn values into values.
const PURE: &[&str] = &[
    "api",
    "image-ref",
    "tag-policy",
    "tag-slices",
    "yaml-setter",
    "commit-message",
    "hook-payload",
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
const MAY_START_PROCESSES: &[&str] = &["crates/test-support/", "xtask/", "bench/", "e2e/"];

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
///
/// Each crate is asked for alone: in the graph of the whole workspace the features of all crates come together, and
/// what a controller turns on would count for everybody.
pub(crate) fn reachable() -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for pure in PURE {
        violations.extend(io_crates(pure, &dependencies(pure)?));
    }
    Ok(violations)
}

/// The names of the packages that a crate ships with, one per line.
fn dependencies(package: &str) -> Result<String> {
    cargo(["tree", "--locked", "--edges", "normal", "--prefix", "none"])
        .args(["--format", "{p}", "--package", package])
        .output()
}

fn io_crates(pure: &str, packages: &str) -> Vec<Violation> {
    let brings = |name: &&&str| {
        let mut names = packages.lines().filter_map(|line| line.split(' ').next());
        names.any(|package| package == **name)
    };
    let found = IO_CRATES.iter().filter(brings);
    found
        .map(|name| Violation::new(pure, format!("a pure crate brings no `{name}` along")))
        .collect()
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
        let packages = |last: &str| format!("api v0.0.0\nserde v1.0.0\n{last}\nserde v1.0.0 (*)");
        assert_eq!(io_crates("api", &packages("tokio-types v1.0.0")), []);
        assert_eq!(
            io_crates("api", &packages("tokio v1.0.0")),
            [Violation::new(
                "api",
                "a pure crate brings no `tokio` along"
            )]
        );
    }
}
