//! What passes cost the Git server that find nothing to do.

use std::time::Duration;

use anyhow::Result;

use super::meter::Meter;
use super::next::Small;
use super::site::Site;
use crate::report::{self, Unit};
use crate::updates::until;

/// How often the automation looks, and how many looks are measured.
const INTERVAL: &str = "2s";
const PASSES: usize = 3;

/// The automation is sent to the same repository through a meter, with a short interval; what each pass after the
/// first brings over the wire is the result, headers included.
pub(super) async fn measure(_site: &Site, small: &Small) -> Result<()> {
    let meter = Meter::start(&small.url()).await?;
    small
        .objects
        .automate(meter.url(), "./apps", INTERVAL)
        .await?;
    let mut looked = last_run(small).await?;
    let mut passes = Vec::new();
    for pass in 0..=PASSES {
        let before = meter.bytes();
        until("a pass that asks the server", async || {
            let run = last_run(small).await?;
            Ok(run != looked && meter.bytes() > before)
        })
        .await?;
        // The pass has ended with its status, and what it asked for has come.
        tokio::time::sleep(Duration::from_millis(200)).await;
        looked = last_run(small).await?;
        if pass > 0 {
            let bytes = u32::try_from(meter.bytes() - before).unwrap_or(u32::MAX);
            passes.push(bytes.into());
        }
    }
    report::result("unchanged_bytes", &passes, Unit::Bytes)
}

async fn last_run(small: &Small) -> Result<Option<api::Time>> {
    let status = small.objects.automation().await?.status;
    Ok(status.and_then(|status| status.last_automation_run_time))
}
