//! `scan`: registry-scanner and policy-evaluator on a control plane of their own.

mod fleet;
mod follow;
mod objects;
mod restart;
mod stage;
mod tags;
mod writes;

use anyhow::{Context as _, Result};
use tokio::runtime::Runtime;

use self::stage::Stage;

pub(super) fn run() -> Result<()> {
    let runtime = Runtime::new().context("start the runtime")?;
    runtime.block_on(measure())
}

async fn measure() -> Result<()> {
    let mut stage = Stage::start().await?;
    let fleet = fleet::measure(&stage).await?;
    let writes = tags::measure(&mut stage).await?;
    restart::measure(&mut stage, fleet + tags::REPOSITORIES).await?;
    writes.report()
}
