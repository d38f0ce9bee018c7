//! From what a pass came to, to the status and the Events: pure. Reasons and texts are Flux's.

use api::conditions::{READY, STALLED, TRUE};
use api::notification::v1::{Receiver, ReceiverStatus};
use api::{Condition, reasons};
use controller_runtime::events::Severity;
use controller_runtime::{Class, Done, End, Next, Notice, conditions};

use crate::expressions::Invalid;

/// Why a Receiver has no path. Names Secrets, and shows nothing of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PassError {
    /// Nothing helps but another spec.
    #[error("Reconciliation failed terminally due to configuration error: {0}")]
    Invalid(Invalid),
    /// The Secret is not there, or cannot be read.
    #[error("unable to read token from secret '{secret}' error: {problem}")]
    ReadSecret {
        /// Namespace and name.
        secret: String,
        /// What the API server says.
        problem: String,
    },
    /// The Secret has no key `token`.
    #[error("invalid '{secret}' secret data: required fields 'token'")]
    NoToken {
        /// Namespace and name.
        secret: String,
    },
    /// The token has no bytes. Flux takes it, and with it hooks of anybody.
    #[error("invalid '{secret}' secret data: the field 'token' is empty")]
    EmptyToken {
        /// Namespace and name.
        secret: String,
    },
}

/// After a pass that found everything in order.
pub(super) fn done(receiver: &Receiver, path: String) -> Done<ReceiverStatus> {
    let interval = receiver.spec.interval;
    let message = format!("Receiver initialized for path: {path}");
    let mut status = before(receiver);
    status.webhook_path = Some(path);
    Done {
        status,
        end: End::Ready { message },
        next: if interval.is_zero() {
            Next::OnChange
        } else {
            Next::After(interval.to_std())
        },
        trace_message: None,
    }
}

/// After a pass that failed. A spec that cannot be used leaves the path, which is answered with 503; without a token there is
/// none.
pub(super) fn failed(receiver: &Receiver, error: &PassError) -> Done<ReceiverStatus> {
    let mut status = before(receiver);
    let message = error.to_string();
    let end = match error {
        PassError::Invalid(invalid) => End::Stalled {
            reason: invalid.reason(),
            message,
        },
        PassError::ReadSecret { .. } | PassError::NoToken { .. } | PassError::EmptyToken { .. } => {
            status.webhook_path = None;
            End::Failed {
                reason: Some(reasons::TOKEN_NOT_FOUND),
                message,
                class: Class::Transient,
            }
        }
    };
    Done {
        status,
        end,
        next: Next::OnChange,
        trace_message: None,
    }
}

/// What people are told after every pass, whether it changed something or not.
pub(super) fn notice(receiver: &Receiver) -> Option<Notice> {
    let conditions = &receiver.status.as_ref()?.conditions;
    let stalled = conditions::find(conditions, STALLED).filter(|stalled| stalled.status == TRUE);
    if let Some(stalled) = stalled {
        return Some(warning(&stalled.reason, stalled));
    }
    if let Some(finished) = finished(receiver) {
        return Some(finished);
    }
    Some(warning(
        reasons::FAILED,
        conditions::find(conditions, READY)?,
    ))
}

/// What people are told of a Receiver that is Ready.
pub(super) fn finished(receiver: &Receiver) -> Option<Notice> {
    let status = receiver.status.as_ref()?;
    conditions::is_ready(&status.conditions).then(|| Notice {
        severity: Severity::Normal,
        reason: reasons::SUCCEEDED.to_owned(),
        message: format!(
            "Reconciliation finished, next run in {}",
            receiver.spec.interval
        ),
    })
}

fn warning(reason: &str, condition: &Condition) -> Notice {
    Notice {
        severity: Severity::Warning,
        reason: reason.to_owned(),
        message: condition.message.clone(),
    }
}

fn before(receiver: &Receiver) -> ReceiverStatus {
    receiver.status.clone().unwrap_or_default()
}

#[cfg(test)]
mod tests;
