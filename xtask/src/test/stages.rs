//! The stages of `cargo xtask test`, in the order in which they run.

use anyhow::{Error, Result, bail};
use test_support::control_plane::standing;

use super::closing::{self, Counts};
use super::{servers, tools};
use crate::program::{Program, Stream, cargo};
use crate::{control_plane, tidy};

/// One stage; the order of the variants is the order of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Stage {
    /// The real servers and the runners are here.
    Setup,
    /// Formatting.
    Fmt,
    /// The layout of the repository.
    Tidy,
    /// Dependency bans, licences, sources.
    Deny,
    /// Lints.
    Clippy,
    /// Documentation.
    Docs,
    /// Unit, property and integration tests.
    Tests,
    /// Documentation tests.
    DocTests,
}

impl Stage {
    /// The name in the table and on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Fmt => "fmt",
            Self::Tidy => "tidy",
            Self::Deny => "deny",
            Self::Clippy => "clippy",
            Self::Docs => "docs",
            Self::Tests => "tests",
            Self::DocTests => "doc-tests",
        }
    }

    /// What the stage checks, in a few words.
    pub(crate) fn purpose(self) -> &'static str {
        match self {
            Self::Setup => {
                "the servers and the control plane the tests run against, and the runners"
            }
            Self::Fmt => "formatting",
            Self::Tidy => "crate arrows, file sizes, generated files",
            Self::Deny => "dependency bans, licences, sources",
            Self::Clippy => "lints, warnings are errors",
            Self::Docs => "documentation with private items, warnings are errors",
            Self::Tests => "unit, property and integration tests",
            Self::DocTests => "the examples in the documentation",
        }
    }

    /// Whether nothing after this stage makes sense when it fails.
    pub(crate) fn is_required_by_the_rest(self) -> bool {
        self == Self::Setup
    }

    /// Runs the stage.
    pub(crate) fn run(self, runner_arguments: &[String]) -> Result<Counts> {
        match self {
            Self::Setup => set_up(),
            Self::Fmt => cargo(["fmt", "--all", "--check"]).run().map(no_tests),
            Self::Tidy => tidy::run().map(no_tests),
            Self::Deny => deny(),
            Self::Clippy => cargo([
                "clippy",
                "--workspace",
                "--all-targets",
                "--locked",
                "--",
                "--deny",
                "warnings",
            ])
            .run()
            .map(no_tests),
            Self::Docs => cargo([
                "doc",
                "--workspace",
                "--no-deps",
                "--document-private-items",
                "--locked",
            ])
            .env("RUSTDOCFLAGS", "--deny warnings")
            .run()
            .map(no_tests),
            Self::Tests => tests(runner_arguments),
            Self::DocTests => doc_tests(),
        }
    }
}

fn no_tests((): ()) -> Counts {
    Counts::default()
}

fn set_up() -> Result<Counts> {
    servers::ensure()?;
    tools::NEXTEST.ensure()?;
    tools::DENY.ensure()?;
    control_plane::ensure()?;
    Ok(Counts::default())
}

/// Advisories are left to the scheduled workflow: their database changes without us and is not everywhere in reach.
fn deny() -> Result<Counts> {
    let program = tools::DENY.ensure()?;
    Program::new(program)
        .args([
            "--all-features",
            "--locked",
            "check",
            "bans",
            "licenses",
            "sources",
        ])
        .run()
        .map(no_tests)
}

fn tests(runner_arguments: &[String]) -> Result<Counts> {
    let in_ci = std::env::var_os("CI").is_some();
    // Each test is a process: between two of them nobody else holds the control plane they share.
    let _hold = standing::hold().map_err(Error::msg)?;
    let seen = Program::new(tools::NEXTEST.ensure()?)
        .args([
            "nextest",
            "run",
            "--locked",
            "--profile",
            if in_ci { "ci" } else { "default" },
        ])
        .args((!names_a_package(runner_arguments)).then_some("--workspace"))
        .args(runner_arguments)
        .watch(Stream::Error, closing::is_nextest_summary)?;
    let Some(line) = seen.kept.last() else {
        bail!("the test runner ended without a summary")
    };
    let counts = closing::from_nextest(line)?;
    if !seen.succeeded && counts.failed == 0 {
        bail!("the test runner failed: {line}");
    }
    Ok(counts)
}

/// `--workspace` would overrule it.
fn names_a_package(runner_arguments: &[String]) -> bool {
    let is_package =
        |argument: &String| argument.starts_with("-p") || argument.starts_with("--package");
    runner_arguments.iter().any(is_package)
}

fn doc_tests() -> Result<Counts> {
    let seen = cargo(["test", "--doc", "--workspace", "--locked"])
        .watch(Stream::Output, closing::is_test_result)?;
    let counts = closing::from_cargo_test(&seen.kept)?;
    if !seen.succeeded && counts.failed == 0 {
        bail!("the documentation tests failed to build");
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_package_is_told_from_the_name_of_a_test() {
        let named = |arguments: &[&str]| {
            names_a_package(
                &arguments
                    .iter()
                    .map(|&argument| argument.to_owned())
                    .collect::<Vec<_>>(),
            )
        };
        assert!(named(&["-p", "yaml-setter"]));
        assert!(named(&["--package=yaml-setter"]));
        assert!(!named(&["crlf"]));
    }
}
