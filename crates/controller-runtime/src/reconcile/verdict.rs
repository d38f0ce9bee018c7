//! What the end of a pass means beside the conditions: for the back-off and the metrics.

use std::time::Duration;

use api::reasons;

use super::{Class, Course, End};
use crate::metrics::PassResult;

/// A pass after which the object is tried again with growing delays.
pub(super) struct Failure {
    /// For the metrics: one of a fixed set of words.
    pub(super) reason: &'static str,
    /// How long a server wants to be left alone.
    pub(super) retry_after: Option<Duration>,
}

impl End {
    /// The failure that this end is.
    pub(super) fn failure(&self) -> Option<Failure> {
        let (reason, class) = match self {
            Self::Failed { reason, class, .. } => (reason.unwrap_or(reasons::FAILED), *class),
            Self::Phase { name, retry, .. } => (*name, (*retry)?),
            Self::Ready { .. }
            | Self::Stalled { .. }
            | Self::Refused { .. }
            | Self::Unchanged
            | Self::Untried
            | Self::Waiting { .. } => {
                return None;
            }
        };
        let retry_after = match class {
            Class::Transient => None,
            Class::Throttled { retry_after } => retry_after,
        };
        Some(Failure {
            reason,
            retry_after,
        })
    }

    /// What the metrics count.
    pub(super) fn result(&self) -> PassResult {
        if let Some(Failure { reason, .. }) = self.failure() {
            return PassResult::Failed { reason };
        }
        match self {
            Self::Ready { .. } => PassResult::Ready,
            Self::Stalled { .. } | Self::Refused { .. } => PassResult::Stalled,
            Self::Waiting { .. } => PassResult::Waiting,
            Self::Unchanged | Self::Untried | Self::Failed { .. } => PassResult::Passed,
            Self::Phase { course, .. } => match course {
                Course::UnderWay => PassResult::Waiting,
                Course::Reached => PassResult::Ready,
                Course::Missed => PassResult::Stalled,
            },
        }
    }
}
