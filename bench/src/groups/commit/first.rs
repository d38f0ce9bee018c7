//! The first pass over the large repository, in turn with a clone of it.

use std::time::Instant;

use anyhow::Result;

use super::site::Site;
use crate::generate::marked_files;
use crate::measure::megabytes;
use crate::report::{self, Unit, progress};
use crate::stage::Stage;
use crate::updates::{Branch, settle, until};

const ROUNDS: usize = 3;

/// Each round has controllers that have just started, with empty caches, and a branch where one policy has moved. The
/// pass is over when its commit is on the branch.
pub(super) async fn measure(site: &mut Site, stage: &Stage) -> Result<()> {
    let branch = Branch::of(stage.path());
    let (mut ratios, mut peaks) = (Vec::new(), Vec::new());
    site.objects.choose(0, "0.0.2").await?;
    for _ in 0..ROUNDS {
        site.objects.clear().await?;
        stage.reset();
        site.begin_anew().await?;
        let clone = stage.clone_shallow()?.wall.as_secs_f64();
        let before = branch.tip()?;
        let started = Instant::now();
        site.objects
            .automate(&stage.url(), "./clusters", "1h")
            .await?;
        let planned = until("a plan", async || Ok(site.objects.plans().await? > 0)).await?;
        let pushed = branch.until_moved(&before).await?;
        let pass = pushed.duration_since(started).as_secs_f64();
        let planned = planned.duration_since(started).as_secs_f64();
        progress(format_args!(
            "git clone {clone:.2} s; plan after {planned:.2} s, commit after {pass:.2} s"
        ));
        stage.expect_commit(&before, marked_files(0))?;
        settle(&site.objects, &branch).await?;
        let [setter, writer] = site.costs()?;
        progress(format_args!("setter, writer: {setter:?}, {writer:?}"));
        ratios.push(pass / clone);
        peaks.push(megabytes(setter.peak_bytes + writer.peak_bytes));
    }
    report::result("first_pass_ratio", &ratios, Unit::Ratio)?;
    report::result("commit_first_mb", &peaks, Unit::Megabytes)
}
