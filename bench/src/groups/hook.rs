//! `hook`: all five controllers on a control plane of their own, from a webhook to a commit on the branch, and how many webhooks
//! are taken.
//!
//! No object is looked at for its interval while this runs: whatever happens is what a webhook has begun.

mod client;
mod commits;
mod fleet;
mod rates;
mod site;

use anyhow::{Context as _, Result};
use tokio::runtime::Runtime;

use self::site::Site;
use crate::measure::megabytes;
use crate::report::{self, Unit};
use crate::stage::Stage;

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    let runtime = Runtime::new().context("start the runtime")?;
    stage.reset();
    let measured = runtime.block_on(measure(stage));
    stage.reset();
    measured
}

async fn measure(stage: &mut Stage) -> Result<()> {
    let site = Site::start().await?;
    let small = commits::small(&site).await?;
    commits::monorepo(&site, stage).await?;
    rates::measure(&site, &small.fleet.objects).await?;
    let peak = megabytes(site.cost_of_receiver()?.peak_bytes);
    report::result("hook_memory_mb", &[peak], Unit::Megabytes)
}
