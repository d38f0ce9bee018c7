//! How long is left until a time that a cloud names.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// From now until `end`, a time since 1970; nothing where that is over.
pub(super) fn until(end: Duration) -> Duration {
    end.saturating_sub(now())
}

/// Since 1970.
pub(super) fn now() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default()
}
