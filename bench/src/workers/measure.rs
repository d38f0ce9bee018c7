use std::ffi::OsString;
use std::io;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

use crate::measure::Cost;

/// Runs a program as the only child of this process, and prints what it cost as JSON.
///
/// The system counts the peak of a process from before it became its program, when it still was a copy of its
/// parent: hence a parent that holds next to nothing.
pub(super) fn run(command: &[OsString]) -> Result<()> {
    let (program, arguments) = command.split_first().context("no program to measure")?;
    let started = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(io::stderr())
        .status()
        .with_context(|| format!("start {}", program.display()))?;
    let wall = started.elapsed();
    if !status.success() {
        bail!("{} ended with {status}", program.display());
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("ask what the child cost")?;
    let kibibytes = u64::try_from(usage.max_rss()).context("a peak is not negative")?;
    let cost = Cost {
        wall,
        cpu: duration(usage.user_time())? + duration(usage.system_time())?,
        peak_bytes: kibibytes * 1024,
    };
    serde_json::to_writer(io::stdout(), &cost).context("print the cost")
}

fn duration(time: TimeVal) -> Result<Duration> {
    let seconds = u64::try_from(time.tv_sec()).context("time is not negative")?;
    let microseconds = u64::try_from(time.tv_usec()).context("time is not negative")?;
    Ok(Duration::from_secs(seconds) + Duration::from_micros(microseconds))
}
