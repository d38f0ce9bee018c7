//! The headers of a hostile registry: `Link`, `WWW-Authenticate`, `Retry-After`, `RateLimit-*`.

#![no_main]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use libfuzzer_sys::fuzz_target;
use registry_client::headers::{LONGEST_WAIT, challenges, next_page, rate_limit, retry_after};

fuzz_target!(|input: (u32, &str)| {
    let (seconds, value) = input;
    let now: SystemTime = UNIX_EPOCH + Duration::from_secs(seconds.into());

    if let Some(target) = next_page(value) {
        assert!(!target.is_empty() && value.contains(target));
    }
    for challenge in challenges(value) {
        assert!(!challenge.scheme.is_empty());
        assert_eq!(challenge.scheme, challenge.scheme.to_ascii_lowercase());
    }
    assert!(retry_after(value, now).is_none_or(|wait| wait <= LONGEST_WAIT));

    // The same text as every field at once, and cut into one field per line.
    let lines: Vec<&str> = value.lines().collect();
    let same = rate_limit(&|_| Some(value), now);
    let split = rate_limit(&|name| lines.get(name.len() % lines.len().max(1)).copied(), now);
    for limit in same.into_iter().chain(split) {
        assert!(limit.renewed_in <= LONGEST_WAIT);
    }
});
