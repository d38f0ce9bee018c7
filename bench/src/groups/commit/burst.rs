//! Ten policies move within half a second.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::next::Small;
use super::site::Site;
use crate::generate::POLICIES;
use crate::report::{self, Unit, progress};
use crate::updates::{settle, until};

/// Between two moves: ten of them take less than half a second.
const PAUSE: Duration = Duration::from_millis(40);
const TAG: &str = "0.2.0";

/// Counts the commits until every file has its tag.
pub(super) async fn measure(_site: &Site, small: &Small) -> Result<()> {
    let before = small.branch.tip()?;
    let started = Instant::now();
    for policy in 0..POLICIES {
        small.objects.choose(policy, TAG).await?;
        tokio::time::sleep(PAUSE).await;
    }
    let moving = started.elapsed();
    progress(format_args!("ten policies moved within {moving:.2?}"));
    until("every file to have its tag", async || {
        Ok((0..POLICIES).all(|number| {
            let text = small
                .repo
                .show_text("main", &format!("apps/app-{number}.yaml"));
            text.contains(TAG)
        }))
    })
    .await?;
    settle(&small.objects, &small.branch).await?;
    let range = format!("{before}..main");
    let commits = small.repo.git(&["rev-list", "--count", &range]);
    let commits: u32 = commits.parse()?;
    ensure!(commits > 0, "expected commits after {before}");
    report::result("ten_policies_commits", &[commits.into()], Unit::Commits)
}
