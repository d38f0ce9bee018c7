//! Pure: whether it is time to scan, and why.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use api::conditions::{FALSE, READY};
use api::image::v1::ImageRepositoryStatus;
use api::{Time, reasons};
use registry_access::Sources;

use crate::validate::{AccessSpec, Valid};

/// A scan that is due within this time is due now, as in Flux.
const CLOSE_ENOUGH: Duration = Duration::from_secs(1);

/// What a decision is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) status: &'a ImageRepositoryStatus,
    pub(crate) generation: Option<i64>,
    /// Whether the user has asked for a reconciliation since the last scan.
    pub(crate) requested: bool,
    /// Whether the slices in the cluster are the list that the status speaks of.
    pub(crate) listed: bool,
    /// What the credentials are made of now.
    pub(crate) sources: &'a Sources,
    /// How the last scan of this process reached the registry; none before the first.
    pub(crate) scanned_with: Option<&'a ScannedWith>,
    /// How long a scan that is merely due is still held back, so that those due at the start of the process do not come
    /// all at once.
    pub(crate) hold: Duration,
}

/// How a scan reached the registry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ScannedWith {
    pub(crate) spec: AccessSpec,
    pub(crate) sources: Sources,
}

/// What a pass is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Scan now.
    Scan(Reason),
    /// The list is fresh; look again after this time.
    Wait(Duration),
}

/// Why a scan is due. Prints as in the messages of Flux; what Flux does not know has words of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    FirstScan,
    Requested,
    NewImage,
    UpdatedExclusions,
    NoTags,
    /// A field of the spec that says how the registry is reached.
    UpdatedAccess,
    /// A Secret or a ServiceAccount behind those fields.
    UpdatedCredentials,
    /// The last scan was due, and failed.
    LastFailed,
    Interval,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FirstScan => "first scan",
            Self::Requested => "reconcile requested",
            Self::NewImage => "new image name",
            Self::UpdatedExclusions => "updated exclusion list",
            Self::NoTags => "no tags in database",
            Self::UpdatedAccess => "updated registry access",
            Self::UpdatedCredentials => "updated credentials",
            Self::LastFailed => "last scan failed",
            Self::Interval => "triggered by interval",
        })
    }
}

/// Decides; the first reason in the order of [`Reason`] counts.
pub(crate) fn next(valid: &Valid, seen: &Seen<'_>, now: &Time) -> Plan {
    match due(valid, seen) {
        Some(reason) => Plan::Scan(reason),
        None => by_interval(valid, seen, now),
    }
}

fn due(valid: &Valid, seen: &Seen<'_>) -> Option<Reason> {
    let status = seen.status;
    let reasons = [
        (status.last_scan_result.is_none(), Reason::FirstScan),
        (seen.requested, Reason::Requested),
        (!same_image(valid, status), Reason::NewImage),
        (
            differ(&valid.exclusions, &status.observed_exclusion_list),
            Reason::UpdatedExclusions,
        ),
        (!seen.listed, Reason::NoTags),
        (updated_access(valid, seen), Reason::UpdatedAccess),
        (updated_credentials(seen), Reason::UpdatedCredentials),
        (last_failed(status), Reason::LastFailed),
    ];
    let reason = reasons.into_iter().find(|(holds, _)| *holds);
    reason.map(|(_, reason)| reason)
}

/// Whether the status speaks of the image that the spec names.
pub(crate) fn same_image(valid: &Valid, status: &ImageRepositoryStatus) -> bool {
    status.canonical_image_name.as_deref() == Some(&*valid.image.canonical())
}

/// Whether two lists have different entries; their order does not count.
fn differ(one: &[String], other: &[String]) -> bool {
    let entries = |list: &[String]| list.iter().cloned().collect::<HashSet<_>>();
    one.len() != other.len() || entries(one) != entries(other)
}

/// After a restart the fields before it are not known: then a generation that was observed counts as unchanged.
fn updated_access(valid: &Valid, seen: &Seen<'_>) -> bool {
    match seen.scanned_with {
        Some(with) => with.spec != valid.asks_for,
        None => seen.generation != seen.status.observed_generation,
    }
}

fn updated_credentials(seen: &Seen<'_>) -> bool {
    seen.scanned_with
        .is_some_and(|with| with.sources != *seen.sources)
}

fn last_failed(status: &ImageRepositoryStatus) -> bool {
    status.conditions.iter().any(|condition| {
        condition.type_ == READY
            && condition.status == FALSE
            && condition.reason == reasons::READ_OPERATION_FAILED
    })
}

fn by_interval(valid: &Valid, seen: &Seen<'_>, now: &Time) -> Plan {
    let remainder = remainder(valid.interval, seen.status, now);
    if remainder >= CLOSE_ENOUGH {
        return Plan::Wait(remainder);
    }
    if seen.hold.is_zero() {
        Plan::Scan(Reason::Interval)
    } else {
        Plan::Wait(seen.hold)
    }
}

/// How long until the next scan. A scan that lies in the future says that the clock was set back since: it tells nothing,
/// and the next one is due.
fn remainder(interval: Duration, status: &ImageRepositoryStatus, now: &Time) -> Duration {
    let scanned = status
        .last_scan_result
        .as_ref()
        .and_then(|result| result.scan_time.as_ref());
    let Some(scanned) = scanned else {
        return Duration::ZERO;
    };
    let elapsed = now.0.duration_since(scanned.0);
    match Duration::try_from(elapsed) {
        Ok(elapsed) => interval.saturating_sub(elapsed),
        Err(_) if elapsed.unsigned_abs() < CLOSE_ENOUGH => interval,
        Err(_) => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests;
