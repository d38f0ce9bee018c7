//! A thousand repositories from nothing to the last choice, and at rest.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::objects;
use super::stage::Stage;
use crate::measure;
use crate::report::{self, Unit, progress};

const REPOSITORIES: usize = 1000;
const TAGS: usize = 1000;
/// How long the controllers are watched at rest.
const REST: Duration = Duration::from_secs(30);

/// Makes the fleet, and returns how many repositories it has.
pub(super) async fn measure(stage: &Stage) -> Result<usize> {
    progress(format_args!("creating {REPOSITORIES} repositories"));
    let before = stage.cost()?;
    let started = Instant::now();
    for number in 0..REPOSITORIES {
        let name = format!("r{number}-{TAGS}");
        let image = format!("{}/app/{name}", stage.registry.host());
        objects::create(&stage.client, &name, image).await?;
    }
    progress(format_args!("created after {:.1?}", started.elapsed()));
    let last = stage.choices.until_count(REPOSITORIES).await?;
    let after = stage.cost()?;
    let ready = last.duration_since(started).as_secs_f64();
    let cpu = after.cpu.saturating_sub(before.cpu).as_secs_f64();
    report::result("scan_ready_s", &[ready], Unit::Seconds)?;
    report::result("scan_cpu_s", &[cpu], Unit::Seconds)?;
    stage.rest().await?;
    progress(format_args!("scanner, evaluator: {:?}", stage.costs()?));
    let before = stage.cost()?;
    report::result(
        "scan_memory_mb",
        &[measure::megabytes(before.peak_bytes)],
        Unit::Megabytes,
    )?;
    tokio::time::sleep(REST).await;
    let idle = stage.cost()?.cpu.saturating_sub(before.cpu);
    let idle = idle.as_secs_f64();
    report::result("idle_cpu_s", &[idle], Unit::Seconds)?;
    Ok(REPOSITORIES)
}
