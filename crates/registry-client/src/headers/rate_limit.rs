//! `RateLimit-*`, `X-RateLimit-*` and `RateLimit`: how much a registry still allows.
//!
//! The forms seen in the field: Docker Hub (`ratelimit-remaining: 76;w=21600`, no reset), GitHub
//! (`x-ratelimit-remaining`, `x-ratelimit-reset` as a Unix time), GitLab (`ratelimit-reset` as a Unix time), and
//! the fields of the IETF draft in its older (`limit=10, remaining=0, reset=5`) and newer
//! (`"default";r=0;t=30`) shape.

use std::time::{Duration, SystemTime};

use super::date::{LONGEST_WAIT, until};

/// The pause when nothing says how long.
const UNKNOWN: Duration = Duration::from_secs(60);

/// Limit, remaining and reset, as the registries spell them.
const FIELDS: [[&str; 3]; 3] = [
    ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"],
    [
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
    ],
    [
        "x-rate-limit-limit",
        "x-rate-limit-remaining",
        "x-rate-limit-reset",
    ],
];

/// The state of a client's allowance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many requests are left.
    pub remaining: u64,
    /// How long until there are more; at most [`LONGEST_WAIT`].
    pub renewed_in: Duration,
}

/// What one policy says; absent parts are unknown.
#[derive(Clone, Copy, Debug, Default)]
struct Policy {
    limit: Option<u64>,
    remaining: Option<u64>,
    reset: Option<u64>,
    window: Option<u64>,
}

/// The tightest allowance that the headers tell of, or nothing when they tell none. `header` looks up the
/// value of a header by its lower-case name.
///
/// Without a reset, a window of `w` seconds for `n` requests gives one request back every `w/n` seconds.
///
/// ```
/// use registry_client::headers::rate_limit;
/// use std::time::{Duration, SystemTime};
///
/// let hub = |name: &str| match name {
///     "ratelimit-limit" => Some("100;w=21600"),
///     "ratelimit-remaining" => Some("0;w=21600"),
///     _ => None,
/// };
/// let limit = rate_limit(&hub, SystemTime::now()).unwrap();
/// assert_eq!((limit.remaining, limit.renewed_in), (0, Duration::from_secs(216)));
/// ```
pub fn rate_limit<'a>(
    header: &dyn Fn(&str) -> Option<&'a str>,
    now: SystemTime,
) -> Option<RateLimit> {
    let separate = FIELDS.map(|[limit, remaining, reset]| {
        Policy::from_fields(header(limit), header(remaining), header(reset))
    });
    let combined = header("ratelimit").map(policies).unwrap_or_default();
    separate
        .into_iter()
        .chain(combined)
        .filter_map(|policy| policy.state(now))
        .min_by_key(|state| (state.remaining, std::cmp::Reverse(state.renewed_in)))
}

impl Policy {
    fn from_fields(limit: Option<&str>, remaining: Option<&str>, reset: Option<&str>) -> Self {
        let window = |value: Option<&str>| value.and_then(|value| parameter(value, "w"));
        Self {
            limit: limit.and_then(leading_number),
            remaining: remaining.and_then(leading_number),
            reset: reset.and_then(leading_number),
            window: window(remaining).or_else(|| window(limit)),
        }
    }

    fn state(self, now: SystemTime) -> Option<RateLimit> {
        Some(RateLimit {
            remaining: self.remaining?,
            renewed_in: self.renewed_in(now).min(LONGEST_WAIT),
        })
    }

    fn renewed_in(self, now: SystemTime) -> Duration {
        match (self.reset, self.window, self.limit) {
            (Some(reset), ..) => until(reset, now),
            (None, Some(window), Some(limit)) if limit > 0 => Duration::from_secs(window / limit),
            (None, Some(window), _) => Duration::from_secs(window).min(UNKNOWN),
            (None, None, _) => UNKNOWN,
        }
    }
}

/// The policies of a combined field. The older shape spreads one policy over the items of the list, the
/// newer one has a policy per item.
fn policies(value: &str) -> Vec<Policy> {
    let old = Policy {
        limit: parameter(value, "limit"),
        remaining: parameter(value, "remaining"),
        reset: parameter(value, "reset"),
        window: parameter(value, "w"),
    };
    let new = value.split(',').map(|item| Policy {
        remaining: parameter(item, "r"),
        reset: parameter(item, "t"),
        ..Policy::default()
    });
    std::iter::once(old).chain(new).collect()
}

/// The number of `name=<number>` among parts cut at commas and semicolons.
fn parameter(value: &str, name: &str) -> Option<u64> {
    value.split([',', ';']).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        (key.trim().eq_ignore_ascii_case(name)).then(|| leading_number(value))?
    })
}

/// The digits at the start of the value; a fraction is cut off.
fn leading_number(value: &str) -> Option<u64> {
    let value = value.trim_start();
    let end = value
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(value.len());
    value[..end].parse().ok()
}
