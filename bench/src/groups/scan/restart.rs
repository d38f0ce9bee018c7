//! What a restart of the scanner costs the registries.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::stage::{PATIENCE, Stage};
use crate::report::{self, Unit, progress};

/// Kills the scanner, whose lists are all fresh, and counts what it asks once it is back and has passed over all
/// `repositories`.
pub(super) async fn measure(stage: &mut Stage, repositories: usize) -> Result<()> {
    progress("restarting the scanner");
    stage.rest().await?;
    let before = stage.registry.requests()?;
    stage.restart_scanner().await;
    let started = Instant::now();
    while passed(&stage.scanner.metrics().await) < repositories {
        ensure!(
            started.elapsed() < PATIENCE,
            "the scanner does not pass over all repositories within {PATIENCE:?}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    stage.rest().await?;
    let asked = stage.registry.requests()? - before;
    let asked = u32::try_from(asked).unwrap_or(u32::MAX);
    report::result("restart_requests", &[asked.into()], Unit::Requests)
}

/// How many repositories the process has passed over: each has a series of its own.
fn passed(metrics: &str) -> usize {
    let passes = |line: &&str| {
        line.starts_with("gotk_reconcile_duration_seconds_count{")
            && line.contains("kind=\"ImageRepository\"")
    };
    metrics.lines().filter(passes).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_repository_counts_once() {
        let metrics = "\
# TYPE gotk_reconcile_duration_seconds histogram
gotk_reconcile_duration_seconds_sum{kind=\"ImageRepository\",name=\"a\",namespace=\"bench\"} 1
gotk_reconcile_duration_seconds_count{kind=\"ImageRepository\",name=\"a\",namespace=\"bench\"} 3
gotk_reconcile_duration_seconds_count{kind=\"ImageRepository\",name=\"b\",namespace=\"bench\"} 1
gotk_reconcile_duration_seconds_count{kind=\"ImagePolicy\",name=\"a\",namespace=\"bench\"} 1
";
        assert_eq!(passed(metrics), 2);
    }
}
