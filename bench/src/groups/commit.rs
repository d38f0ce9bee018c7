//! `commit`: manifest-setter and git-writer on a control plane of their own, from a chosen tag to a commit on the branch.
//!
//! The choices are written by the bench in the place of policy-evaluator.

mod burst;
mod first;
mod meter;
mod next;
mod quiet;
mod site;

use anyhow::{Context as _, Result};
use tokio::runtime::Runtime;

use self::site::Site;
use crate::measure::megabytes;
use crate::report::{self, Unit, progress};
use crate::stage::Stage;

pub(super) fn run(stage: &mut Stage) -> Result<()> {
    let runtime = Runtime::new().context("start the runtime")?;
    let measured = runtime.block_on(measure(stage));
    stage.reset();
    measured
}

async fn measure(stage: &Stage) -> Result<()> {
    let mut site = Site::start(stage).await?;
    first::measure(&mut site, stage).await?;
    site.restart().await?;
    next::monorepo(&site, stage).await?;
    let small = next::small(&site).await?;
    burst::measure(&site, &small).await?;
    quiet::measure(&site, &small).await?;
    let [setter, writer] = site.costs()?;
    progress(format_args!("setter, writer: {setter:?}, {writer:?}"));
    let peaks = megabytes(setter.peak_bytes + writer.peak_bytes);
    report::result("commit_memory_mb", &[peaks], Unit::Megabytes)
}
