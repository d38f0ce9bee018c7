//! Whose a Lease is, without asking anybody.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use tokio::time::Instant;

/// Whose a Lease is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// This instance's: it may renew it.
    Mine,
    /// Nobody's, or that of one that did not renew it in time: it may be taken.
    Free,
    /// Another one's, and not to be taken before `until` unless it is given up.
    Held {
        /// The other instance.
        holder: String,
        /// When it may be taken, unless it is renewed before.
        until: Instant,
    },
}

/// Since when, by this machine's clock, a Lease looks as it does.
///
/// The times inside a Lease come from another machine's clock, which may be wrong: what counts is how long the Lease did not
/// change while this instance watched it.
#[derive(Clone, Debug, Default)]
pub(super) struct Observation(Option<(LeaseSpec, Instant)>);

impl Observation {
    /// Notes what the Lease looks like `now`; returns since when it does.
    pub(super) fn note(&mut self, lease: &Lease, now: Instant) -> Instant {
        let spec = lease.spec.clone().unwrap_or_default();
        match &self.0 {
            Some((seen, since)) if *seen == spec => *since,
            _ => {
                self.0 = Some((spec, now));
                now
            }
        }
    }
}

/// Whose `lease` is for the instance `me`, when it looks as it does `since` then and it is `now`.
pub(super) fn evaluate(lease: &Lease, me: &str, since: Instant, now: Instant) -> Verdict {
    let spec = lease.spec.as_ref();
    let holder = spec.and_then(|spec| spec.holder_identity.as_deref());
    let Some(holder) = holder.filter(|holder| !holder.is_empty()) else {
        return Verdict::Free;
    };
    if holder == me {
        return Verdict::Mine;
    }
    let seconds = spec.and_then(|spec| spec.lease_duration_seconds);
    let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
    let until = since + Duration::from_secs(seconds.unwrap_or_default());
    if until <= now {
        return Verdict::Free;
    }
    Verdict::Held {
        holder: holder.to_owned(),
        until,
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
    use k8s_openapi::jiff::Timestamp;

    use super::*;

    fn lease(holder: Option<&str>, seconds: Option<i32>) -> Lease {
        Lease {
            spec: Some(LeaseSpec {
                holder_identity: holder.map(str::to_owned),
                lease_duration_seconds: seconds,
                ..LeaseSpec::default()
            }),
            ..Lease::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whose_a_lease_is() {
        let since = Instant::now();
        let held = |after| Verdict::Held {
            holder: "other".to_owned(),
            until: since + Duration::from_secs(after),
        };
        for (holder, seconds, elapsed, verdict) in [
            (None, Some(35), 0, Verdict::Free),
            (Some(""), Some(35), 0, Verdict::Free),
            (Some("me"), Some(35), 0, Verdict::Mine),
            (Some("me"), Some(35), 1_000, Verdict::Mine),
            (Some("other"), Some(35), 0, held(35)),
            (Some("other"), Some(35), 34, held(35)),
            (Some("other"), Some(35), 35, Verdict::Free),
            (Some("other"), Some(-1), 0, Verdict::Free),
            (Some("other"), None, 0, Verdict::Free),
        ] {
            let now = since + Duration::from_secs(elapsed);
            let lease = lease(holder, seconds);
            assert_eq!(
                evaluate(&lease, "me", since, now),
                verdict,
                "{holder:?} after {elapsed}"
            );
        }
        assert_eq!(
            evaluate(&Lease::default(), "me", since, since),
            Verdict::Free
        );
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_change_moves_the_time_of_observation() {
        let start = Instant::now();
        let later = |seconds| start + Duration::from_secs(seconds);
        let mut observation = Observation::default();
        let mut lease = lease(Some("other"), Some(35));
        assert_eq!(observation.note(&lease, start), start);
        lease.metadata.resource_version = Some("7".to_owned());
        assert_eq!(observation.note(&lease, later(10)), start);
        // A clock that is years behind renews all the same.
        let spec = lease.spec.as_mut().unwrap();
        spec.renew_time = Some(MicroTime(Timestamp::UNIX_EPOCH));
        assert_eq!(observation.note(&lease, later(20)), later(20));
    }
}
