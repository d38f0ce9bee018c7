//! What things cost: closures in this process, and programs in one of their own.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

/// What a program cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// From its start to its end.
    pub(crate) wall: Duration,
    /// User and system time of all its threads.
    pub(crate) cpu: Duration,
    /// The greatest resident size it reached.
    pub(crate) peak_bytes: u64,
}

impl Cost {
    /// The peak in millions of bytes.
    pub(crate) fn peak_mb(&self) -> f64 {
        megabytes(self.peak_bytes)
    }
}

/// Millions of bytes.
#[expect(
    clippy::cast_precision_loss,
    reason = "a double counts up to 2^53 bytes"
)]
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Milliseconds with their fraction.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Calls `work` so many times and returns the milliseconds of each call. The first error ends it.
pub(crate) fn repeat(runs: usize, mut work: impl FnMut() -> Result<()>) -> Result<Vec<f64>> {
    let run = |_| {
        let started = Instant::now();
        work()?;
        Ok(milliseconds(started.elapsed()))
    };
    (0..runs).map(run).collect()
}

/// A program to hand to [`cost`], to which arguments and environment are yet to be added.
///
/// Between it and this process stands a worker that has nothing but this one child, so that the system's
/// accounting of children is the accounting of the program.
pub(crate) fn program(path: impl AsRef<OsStr>) -> Result<Command> {
    let mut command = Command::new(this_program()?);
    command.args(["worker", "measure", "--"]).arg(path);
    Ok(command)
}

/// A worker of this program to hand to [`cost`].
pub(crate) fn worker(name: &str) -> Result<Command> {
    let mut command = program(this_program()?)?;
    command.args(["worker", name]);
    Ok(command)
}

/// This very program.
pub(crate) fn this_program() -> Result<PathBuf> {
    std::env::current_exe().context("find the path of this program")
}

/// A program that lies beside this one; both are of the same build.
pub(crate) fn beside_this_program(name: &str) -> Result<PathBuf> {
    let path = this_program()?.with_file_name(name);
    if !path.is_file() {
        bail!(
            "the program to measure is missing: expected {}, which `cargo build --release -p {name}` makes",
            path.display()
        );
    }
    Ok(path)
}

/// Runs a program to its end. One that fails is an error with what it printed.
pub(crate) fn cost(command: &mut Command) -> Result<Cost> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .context("start the worker that measures")?;
    let Output {
        status,
        stdout,
        stderr,
    } = output;
    if !status.success() {
        let arguments: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
        bail!(
            "`{}` failed: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&stderr)
        );
    }
    serde_json::from_slice(&stdout).context("read what the worker measured")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_repeated_until_it_fails() {
        let mut calls = 0;
        let runs = repeat(3, || {
            calls += 1;
            Ok(())
        });
        assert_eq!((runs.unwrap().len(), calls), (3, 3));
        let failed = repeat(3, || {
            calls += 1;
            bail!("no")
        });
        assert!(failed.is_err());
        assert_eq!(calls, 4);
    }

    #[test]
    fn a_megabyte_is_a_million_bytes() {
        let cost = Cost {
            wall: Duration::ZERO,
            cpu: Duration::ZERO,
            peak_bytes: 20_500_000,
        };
        assert!((cost.peak_mb() - 20.5).abs() < f64::EPSILON);
    }
}
