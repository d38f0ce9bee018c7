//! Which passes people are told of, and how.

use api::conditions::{FALSE, READY};
use api::image::v1::ImageUpdateAutomationStatus;
use api::reasons;
use controller_runtime::Notice;
use controller_runtime::conditions::{find, is_ready};
use controller_runtime::events::Severity;

use super::{pushed, untold};
use crate::catalogue::Plans;
use crate::findings;

/// What people are told of a pass: of each push, of bad news, and of findings that are new.
pub(crate) fn of(
    before: &ImageUpdateAutomationStatus,
    after: &ImageUpdateAutomationStatus,
    plans: &Plans,
    usual: Option<Notice>,
) -> Vec<Notice> {
    let mut notices = pushes(before, after, plans);
    let found = new_findings(before, after);
    notices.extend(usual.and_then(|usual| standing((before, after), usual, !notices.is_empty())));
    notices.extend(found);
    notices
}

fn pushes(
    before: &ImageUpdateAutomationStatus,
    after: &ImageUpdateAutomationStatus,
    plans: &Plans,
) -> Vec<Notice> {
    if before.last_push_commit == after.last_push_commit {
        return Vec::new();
    }
    let mut notices = Vec::new();
    for plan in untold(before, plans) {
        notices.push(normal(reasons::SUCCEEDED, pushed(plan)));
        if plan.commit == after.last_push_commit {
            break;
        }
    }
    notices
}

/// What the usual rule says, as far as nothing else says more.
fn standing(
    (before, after): (&ImageUpdateAutomationStatus, &ImageUpdateAutomationStatus),
    usual: Notice,
    has_pushed: bool,
) -> Option<Notice> {
    let says = |status: &ImageUpdateAutomationStatus| {
        find(&status.conditions, READY).map(|ready| (ready.reason.clone(), ready.message.clone()))
    };
    match usual.severity {
        // Only the findings are others.
        Severity::Normal if has_pushed || is_ready(&before.conditions) => None,
        Severity::Normal => Some(normal(reasons::SUCCEEDED, findings::UP_TO_DATE.to_owned())),
        Severity::Warning if usual.reason == reasons::plan::AWAITING_APPROVAL => {
            (says(before) != says(after)).then(|| normal(&usual.reason, usual.message))
        }
        // What a long pass left behind says nothing.
        Severity::Warning => has_failed(after).then_some(usual),
    }
}

fn has_failed(status: &ImageUpdateAutomationStatus) -> bool {
    find(&status.conditions, READY).is_some_and(|ready| ready.status == FALSE)
}

fn new_findings(
    before: &ImageUpdateAutomationStatus,
    after: &ImageUpdateAutomationStatus,
) -> Option<Notice> {
    let ready = find(&after.conditions, READY)?;
    let found = findings::of(&ready.message).filter(|_| is_ready(&after.conditions))?;
    let told = find(&before.conditions, READY);
    let told = told.and_then(|ready| findings::of(&ready.message));
    (told != Some(found)).then(|| Notice {
        severity: Severity::Warning,
        reason: reasons::MARKERS_WITHOUT_EFFECT.to_owned(),
        message: found.to_owned(),
    })
}

fn normal(reason: &str, message: String) -> Notice {
    Notice {
        severity: Severity::Normal,
        reason: reason.to_owned(),
        message,
    }
}
