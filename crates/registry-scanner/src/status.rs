//! Pure: from what was done to what the status says.

use std::time::Duration;

use api::Time;
use api::image::v1::{ImageRepositoryStatus, ScanResult};
use controller_runtime::{Done, End, Next};

use crate::Scan;
use crate::error::PassError;
use crate::scan::successful;
use crate::validate::Valid;

/// What a pass has done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// A complete list was read, and its slices are written.
    Scanned(Found),
    /// The list is fresh enough.
    NotDue {
        /// How long it stays so.
        remainder: Duration,
    },
}

/// A scan without its tags, and the second in which it ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) image: String,
    pub(crate) result: ScanResult,
}

impl Found {
    pub(crate) fn new(scan: &Scan, ended: &Time) -> Self {
        let result = ScanResult {
            revision: Some(scan.revision.clone()),
            tag_count: i64::try_from(scan.tags.len()).unwrap_or(i64::MAX),
            scan_time: Some(ended.clone()),
            latest_tags: scan.latest_tags(),
        };
        Self {
            image: scan.image.canonical(),
            result,
        }
    }
}

/// How a pass ends.
pub(crate) fn done(
    previous: ImageRepositoryStatus,
    valid: &Valid,
    outcome: Outcome,
) -> Done<ImageRepositoryStatus> {
    match outcome {
        Outcome::Scanned(found) => scanned(previous, valid, found),
        Outcome::NotDue { remainder } => not_due(previous, remainder),
    }
}

/// How a pass ends that failed: the last good list stays.
pub(crate) fn failed(
    previous: ImageRepositoryStatus,
    error: &PassError,
) -> Done<ImageRepositoryStatus> {
    Done {
        status: previous,
        end: error.end(),
        next: Next::OnChange,
        trace_message: None,
    }
}

fn scanned(
    previous: ImageRepositoryStatus,
    valid: &Valid,
    found: Found,
) -> Done<ImageRepositoryStatus> {
    let before = previous
        .last_scan_result
        .as_ref()
        .map(|result| &result.revision);
    let what = if before == Some(&found.result.revision) {
        "tags did not change"
    } else {
        "successful scan"
    };
    let next = Some(valid.interval).filter(|interval| !interval.is_zero());
    Done {
        end: ready(&found.result),
        next: next.map_or(Next::OnChange, Next::After),
        trace_message: Some(until_next(what, next)),
        status: ImageRepositoryStatus {
            canonical_image_name: Some(found.image),
            last_scan_result: Some(found.result),
            observed_exclusion_list: valid.exclusions.clone(),
            ..previous
        },
    }
}

fn not_due(previous: ImageRepositoryStatus, remainder: Duration) -> Done<ImageRepositoryStatus> {
    let what = "no change in repository configuration since last scan";
    Done {
        end: ready(&previous.last_scan_result.clone().unwrap_or_default()),
        next: Next::After(remainder),
        trace_message: Some(until_next(what, Some(remainder))),
        status: previous,
    }
}

/// What this scan or the last one has found.
fn ready(result: &ScanResult) -> End {
    let revision = result.revision.as_deref().unwrap_or_default();
    End::Ready {
        message: successful(result.tag_count, revision),
    }
}

/// `what`, and when the next scan comes, to the millisecond.
fn until_next(what: &str, next: Option<Duration>) -> String {
    let next = next.unwrap_or_default();
    let next = Duration::from_millis(u64::try_from(next.as_millis()).unwrap_or(u64::MAX));
    format!("{what}, next scan in {}", api::Duration::from(next))
}

#[cfg(test)]
mod tests;
