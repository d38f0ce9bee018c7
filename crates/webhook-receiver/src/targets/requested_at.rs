//! The value that asks for a reconciliation.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;

/// The time as Go's `time.Now().String()` prints it in UTC, that is, as Flux's receiver does; `up` is how long the process
/// has run. Those who read it only look whether it differs from the one before.
pub(super) fn requested_at(now: Timestamp, up: Duration) -> String {
    let time = now.strftime("%Y-%m-%d %H:%M:%S%.f +0000 UTC");
    let (seconds, nanoseconds) = (up.as_secs(), up.subsec_nanos());
    format!("{time} m=+{seconds}.{nanoseconds:09}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_go_prints() {
        for (nanosecond, expected) in [
            (
                123_456_789,
                "2026-08-07 10:00:00.123456789 +0000 UTC m=+12.300000000",
            ),
            (
                120_000_000,
                "2026-08-07 10:00:00.12 +0000 UTC m=+12.300000000",
            ),
            (0, "2026-08-07 10:00:00 +0000 UTC m=+12.300000000"),
        ] {
            let now = Timestamp::new(1_786_096_800, nanosecond).unwrap();
            let up = Duration::from_millis(12_300);
            assert_eq!(requested_at(now, up), expected);
        }
    }
}
