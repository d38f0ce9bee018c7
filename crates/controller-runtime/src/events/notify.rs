//! Which passes are worth an event.

use api::Condition;
use api::conditions::{FALSE, READY, TRUE};

use super::Severity;
use crate::conditions::{find, is_ready};

/// The event of a pass that led from the conditions `before` to those `after`, by Flux's rule for
/// ImageRepository and ImagePolicy: good news when the object became Ready or its message changed,
/// bad news after every pass that leaves it not Ready, with what Ready says.
pub(crate) fn notice<'a>(
    before: &[Condition],
    after: &'a [Condition],
) -> Option<(Severity, &'a Condition)> {
    let ready = find(after, READY)?;
    if !is_ready(after) {
        return Some((Severity::Warning, ready));
    }
    let same =
        is_ready(before) && find(before, READY).map(|one| &one.message) == Some(&ready.message);
    (!same).then_some((Severity::Normal, ready))
}

/// The event of a pass over an object with phases: good or bad news when it has ended, once.
pub(crate) fn end_of_phases<'a>(
    before: &[Condition],
    after: &'a [Condition],
) -> Option<(Severity, &'a Condition)> {
    let ready = find(after, READY)?;
    if find(before, READY).is_some_and(|before| before.status == ready.status) {
        return None;
    }
    match ready.status.as_str() {
        TRUE => Some((Severity::Normal, ready)),
        FALSE => Some((Severity::Warning, ready)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use api::conditions::{RECONCILING, STALLED, UNKNOWN};
    use k8s_openapi::jiff::Timestamp;

    use super::*;

    fn condition(type_: &str, status: &str, message: &str) -> Condition {
        Condition {
            type_: type_.to_owned(),
            status: status.to_owned(),
            reason: "Reason".to_owned(),
            message: message.to_owned(),
            observed_generation: Some(1),
            last_transition_time: api::Time(Timestamp::UNIX_EPOCH),
        }
    }

    fn check(before: &[Condition], after: &[Condition], expected: Option<(Severity, &str)>) {
        let notice =
            notice(before, after).map(|(severity, ready)| (severity, ready.message.as_str()));
        assert_eq!(notice, expected, "{before:?} -> {after:?}");
    }

    #[test]
    fn the_end_of_phases_is_told_once() {
        let in_phase = |status| vec![condition(READY, status, "now")];
        let told = |before: &[Condition], after| {
            let after = in_phase(after);
            end_of_phases(before, &after).map(|(severity, _)| severity)
        };
        for (status, severity) in [(TRUE, Severity::Normal), (FALSE, Severity::Warning)] {
            assert_eq!(told(&[], status), Some(severity));
            assert_eq!(told(&in_phase(UNKNOWN), status), Some(severity));
            assert_eq!(told(&in_phase(status), status), None);
        }
        assert_eq!(told(&[], UNKNOWN), None);
    }

    #[test]
    fn flux_rule() {
        let ready = |message| vec![condition(READY, TRUE, message)];
        let failing = |message| {
            vec![
                condition(RECONCILING, TRUE, "reconciliation in progress"),
                condition(READY, FALSE, message),
            ]
        };
        let stalled = vec![
            condition(STALLED, TRUE, "new"),
            condition(READY, FALSE, "old"),
        ];
        check(&[], &ready("a"), Some((Severity::Normal, "a")));
        check(&ready("a"), &ready("a"), None);
        check(&ready("a"), &ready("b"), Some((Severity::Normal, "b")));
        check(&failing("x"), &ready("a"), Some((Severity::Normal, "a")));
        check(&ready("a"), &failing("x"), Some((Severity::Warning, "x")));
        check(&failing("x"), &failing("x"), Some((Severity::Warning, "x")));
        check(&failing("old"), &stalled, Some((Severity::Warning, "old")));
        let mut progressing = ready("a");
        progressing.push(condition(RECONCILING, TRUE, "scanning"));
        check(&progressing, &ready("a"), Some((Severity::Normal, "a")));
    }
}
