//! What is to be done about the certificates.

use std::time::{Duration, SystemTime};

use k8s_openapi::jiff::Timestamp;
use rustls::pki_types::ServerName;

use super::bundle::Bundle;
use super::certificate::Certificate;

/// How long before its end a certificate is replaced.
const RENEWED_BEFORE: Duration = Duration::from_secs(30 * 24 * 3600);

/// What a replica knows when it decides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    /// What lies in the Secret; none where there is none, or it is damaged.
    pub(super) stored: Option<&'a Bundle>,
    /// What this replica took from the Secret before.
    pub(super) held: Option<&'a Bundle>,
    /// Whether every definition names the authorities of what is stored.
    pub(super) announced: bool,
    /// The name that certificates have to hold.
    pub(super) name: &'a ServerName<'static>,
    /// How long a change has to stand before the next one.
    pub(super) delay: Duration,
}

/// What the Secret is to hold, where that is something else than it holds.
///
/// A certificate is replaced in steps, each of which stands for `delay`, so that whoever connects to any replica at any time
/// is shown a certificate that it trusts: the new one is made and its authority announced; once every definition names that,
/// it is served; then the old authority goes. So it is where somebody has deleted or damaged the Secret, too: replicas that
/// still hold its certificate put that back beside a new one.
pub(super) fn next(known: Known<'_>, now: SystemTime) -> Result<Option<Bundle>, rcgen::Error> {
    let usable = |bundle: &&Bundle| bundle.current.verify(known.name, now).is_ok();
    let make = || Certificate::make(known.name, now);
    let since = Timestamp::try_from(now).ok();
    let Some(stored) = known.stored else {
        let held = known.held.filter(usable);
        let bundle = match held {
            Some(held) => Bundle {
                next: Some(make()?),
                since,
                ..held.clone()
            },
            None => Bundle {
                current: make()?,
                next: None,
                retired: None,
                since,
            },
        };
        return Ok(Some(bundle));
    };
    let stands = stands(stored.since, known.delay, now);
    let change = match &stored.next {
        Some(next) if known.announced && stands => Bundle {
            current: next.clone(),
            next: None,
            retired: Some(stored.current.authority.clone()),
            since,
        },
        None if stored
            .current
            .verify(known.name, now + RENEWED_BEFORE)
            .is_err() =>
        {
            Bundle {
                next: Some(make()?),
                since,
                ..stored.clone()
            }
        }
        None if stored.retired.is_some() && stands => Bundle {
            retired: None,
            since,
            ..stored.clone()
        },
        Some(_) | None => return Ok(None),
    };
    Ok(Some(change))
}

/// Whether a change has stood for `delay`. One that nobody knows the time of has, and so has one whose time is yet to come by
/// a clock that was wrong.
fn stands(since: Option<Timestamp>, delay: Duration, now: SystemTime) -> bool {
    let Some(since) = since.map(SystemTime::from) else {
        return true;
    };
    match now.duration_since(since) {
        Ok(stood) => stood >= delay,
        Err(early) => early.duration() > delay,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAY: Duration = Duration::from_secs(300);
    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn name() -> ServerName<'static> {
        ServerName::try_from("a").unwrap()
    }

    fn decide(
        stored: Option<&Bundle>,
        held: Option<&Bundle>,
        announced: bool,
        now: SystemTime,
    ) -> Option<Bundle> {
        let name = name();
        let known = Known {
            stored,
            held,
            announced,
            name: &name,
            delay: DELAY,
        };
        next(known, now).unwrap()
    }

    fn fresh(now: SystemTime) -> Bundle {
        decide(None, None, false, now).unwrap()
    }

    #[test]
    fn the_first_certificate_is_served_at_once() {
        let now = SystemTime::now();
        let first = fresh(now);
        first.current.verify(&name(), now).unwrap();
        assert_eq!((&first.next, &first.retired), (&None, &None));
        assert_eq!(first.since, Timestamp::try_from(now).ok());
        assert_eq!(decide(Some(&first), None, true, now + 2 * DELAY), None);
    }

    #[test]
    fn a_certificate_is_replaced_in_steps() {
        let start = SystemTime::now();
        let first = fresh(start);
        assert_eq!(decide(Some(&first), None, true, start + 59 * DAY), None);
        let now = start + 61 * DAY;
        let second = decide(Some(&first), None, true, now).unwrap();
        assert_eq!(second.current, first.current);
        let coming = second.next.clone().unwrap();
        assert_eq!(
            second.authorities(),
            format!("{}{}", first.current.authority, coming.authority)
        );
        for (announced, after) in [(true, DELAY / 2), (false, 2 * DELAY)] {
            let early = decide(Some(&second), None, announced, now + after);
            assert_eq!(early, None, "{announced} {after:?}");
        }
        let now = now + DELAY;
        let third = decide(Some(&second), None, true, now).unwrap();
        assert_eq!((&third.current, &third.next), (&coming, &None));
        assert_eq!(
            third.authorities(),
            format!("{}{}", coming.authority, first.current.authority)
        );
        assert_eq!(decide(Some(&third), None, true, now + DELAY / 2), None);
        let last = decide(Some(&third), None, true, now + DELAY).unwrap();
        assert_eq!(last.authorities(), coming.authority);
        assert_eq!(decide(Some(&last), None, true, now + 2 * DELAY), None);
    }

    #[test]
    fn what_replicas_hold_survives_the_secret() {
        let now = SystemTime::now();
        let held = fresh(now);
        let restored = decide(None, Some(&held), true, now).unwrap();
        assert_eq!(restored.current, held.current);
        assert_ne!(restored.next.unwrap(), held.current);

        let expired = decide(None, Some(&held), true, now + 100 * DAY).unwrap();
        assert_ne!(expired.current, held.current);
        assert_eq!(expired.next, None);
    }

    #[test]
    fn a_time_that_cannot_be_is_no_reason_to_wait() {
        let now = SystemTime::now();
        let first = fresh(now);
        let mut waiting = decide(Some(&first), None, true, now + 61 * DAY).unwrap();
        // Its clock was two months late or more: what it says lies ahead.
        assert!(decide(Some(&waiting), None, true, now).is_some());
        waiting.since = None;
        assert!(decide(Some(&waiting), None, true, now).is_some());
    }
}
