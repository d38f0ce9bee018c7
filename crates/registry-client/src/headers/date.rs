//! `Retry-After`, and what numbers in headers mean as times.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// No wait is longer than this, whatever a header says.
pub const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Numbers from here on are points in time, in seconds; below they are durations.
const FIRST_TIME: u64 = 1_000_000_000;

/// Numbers from here on are points in time in milliseconds.
const FIRST_TIME_MS: u64 = 1_000_000_000_000;

/// How long to wait: the value is a number of seconds or a date (RFC 9110, section 10.2.3). A date that has
/// passed is no wait at all. At most [`LONGEST_WAIT`].
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(number) = value.parse() {
        return Some(until(number, now));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    let wait = date.duration_since(now).unwrap_or_default();
    Some(wait.min(LONGEST_WAIT))
}

/// A number as a wait from now: some servers send a Unix time where others send seconds.
pub(super) fn until(number: u64, now: SystemTime) -> Duration {
    let since_epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let wait = match number {
        FIRST_TIME_MS.. => Duration::from_millis(number).saturating_sub(since_epoch),
        FIRST_TIME.. => Duration::from_secs(number).saturating_sub(since_epoch),
        seconds => Duration::from_secs(seconds),
    };
    wait.min(LONGEST_WAIT)
}
