use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::branch::Branch;
use super::objects::Objects;

/// How long anything may take before the bench gives up.
pub(super) const PATIENCE: Duration = Duration::from_secs(300);
/// Longer than the controllers gather changes after a push.
const REST: Duration = Duration::from_millis(1300);

/// Waits until the automation says that the head of the branch is its push, and until changes are no longer gathered.
pub(crate) async fn settle(objects: &Objects, branch: &Branch) -> Result<()> {
    let tip = branch.tip()?;
    until("the automation to tell of its push", async || {
        let status = objects.automation().await?.status.unwrap_or_default();
        Ok(status.last_push_commit.as_deref() == Some(&tip))
    })
    .await?;
    tokio::time::sleep(REST).await;
    Ok(())
}

/// Asks every ten milliseconds until the answer is yes.
pub(crate) async fn until(
    what: &str,
    condition: impl AsyncFn() -> Result<bool>,
) -> Result<Instant> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if condition().await? {
            return Ok(Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    bail!("waited {PATIENCE:?} for {what}")
}
