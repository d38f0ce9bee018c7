//! `registry`: the tags of 1,000 repositories from a local server.

use std::time::Duration;

use anyhow::Result;

use crate::measure;
use crate::report::{self, Unit};
use crate::servers::RegistryProcess;

const RUNS: usize = 5;
const REPOSITORIES: &str = "1000";
const TAGS: &str = "1000";

pub(super) fn run() -> Result<()> {
    let registry = RegistryProcess::start(Duration::ZERO)?;
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let mut scan = measure::worker("scan")?;
        scan.args([registry.host(), REPOSITORIES, TAGS]);
        runs.push(measure::cost(&mut scan)?.cpu.as_secs_f64());
    }
    report::result("scan_1000_cpu_s", &runs, Unit::Seconds)
}
