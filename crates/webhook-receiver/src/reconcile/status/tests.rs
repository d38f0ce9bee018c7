use api::Time;
use api::notification::v1::ReceiverSpec;
use k8s_openapi::jiff::Timestamp;

use super::*;

fn receiver(conditions: &[(&str, &str, &str, &str)]) -> Receiver {
    let conditions = conditions
        .iter()
        .map(|(of, status, reason, message)| Condition {
            type_: (*of).to_owned(),
            status: (*status).to_owned(),
            reason: (*reason).to_owned(),
            message: (*message).to_owned(),
            observed_generation: Some(1),
            last_transition_time: Time(Timestamp::UNIX_EPOCH),
        });
    let spec = ReceiverSpec {
        interval: api::Duration::from_secs(600),
        ..ReceiverSpec::default()
    };
    Receiver {
        status: Some(ReceiverStatus {
            conditions: conditions.collect(),
            webhook_path: Some("/hook/old".to_owned()),
            ..ReceiverStatus::default()
        }),
        ..Receiver::new("app", spec)
    }
}

fn secret() -> String {
    "apps/token".to_owned()
}

#[test]
fn a_path_is_told_and_looked_at_again_after_the_interval() {
    let mut receiver = receiver(&[]);
    let done = super::done(&receiver, "/hook/new".to_owned());
    assert_eq!(done.status.webhook_path.as_deref(), Some("/hook/new"));
    let message = "Receiver initialized for path: /hook/new".to_owned();
    assert_eq!(done.end, End::Ready { message });
    let interval = std::time::Duration::from_secs(600);
    assert_eq!(done.next, Next::After(interval));
    receiver.spec.interval = api::Duration::ZERO;
    assert_eq!(super::done(&receiver, String::new()).next, Next::OnChange);
}

#[test]
fn without_a_token_there_is_no_path() {
    for (error, text) in [
        (
            PassError::ReadSecret {
                secret: secret(),
                problem: "secrets \"token\" not found".to_owned(),
            },
            "unable to read token from secret 'apps/token' error: secrets \"token\" not found",
        ),
        (
            PassError::NoToken { secret: secret() },
            "invalid 'apps/token' secret data: required fields 'token'",
        ),
        (
            PassError::EmptyToken { secret: secret() },
            "invalid 'apps/token' secret data: the field 'token' is empty",
        ),
    ] {
        let done = failed(&receiver(&[]), &error);
        assert_eq!(done.status.webhook_path, None);
        let end = End::Failed {
            reason: Some("TokenNotFound"),
            message: text.to_owned(),
            class: Class::Transient,
        };
        assert_eq!(done.end, end);
    }
}

#[test]
fn a_spec_that_cannot_be_used_keeps_the_path() {
    let invalid = PassError::Invalid(Invalid::Fields("fields"));
    let done = failed(&receiver(&[]), &invalid);
    assert_eq!(done.status.webhook_path.as_deref(), Some("/hook/old"));
    let end = End::Stalled {
        reason: "ValidationFailed",
        message: "Reconciliation failed terminally due to configuration error: fields".to_owned(),
    };
    assert_eq!(done.end, end);
    assert_eq!(done.next, Next::OnChange);
}

#[test]
fn people_are_told_after_every_pass() {
    let told = |conditions: &[(&str, &str, &str, &str)]| {
        let notice = notice(&receiver(conditions))?;
        Some((notice.severity, notice.reason, notice.message))
    };
    let expected = |severity, reason: &str, message: &str| {
        Some((severity, reason.to_owned(), message.to_owned()))
    };
    assert_eq!(told(&[]), None);
    let ready = ("Ready", "True", "Succeeded", "path");
    let finished = "Reconciliation finished, next run in 10m0s";
    assert_eq!(
        told(&[ready]),
        expected(Severity::Normal, "Succeeded", finished)
    );
    let stalled = ("Stalled", "True", "InvalidCELExpression", "wrong");
    assert_eq!(
        told(&[stalled, ("Ready", "False", "InvalidCELExpression", "wrong")]),
        expected(Severity::Warning, "InvalidCELExpression", "wrong")
    );
    let retry = ("Reconciling", "True", "ProgressingWithRetry", "progress");
    assert_eq!(
        told(&[retry, ("Ready", "False", "TokenNotFound", "no token")]),
        expected(Severity::Warning, "Failed", "no token")
    );
    assert_eq!(finished_of(&[ready]), Some(finished.to_owned()));
    assert_eq!(finished_of(&[retry, ready]), None);
}

fn finished_of(conditions: &[(&str, &str, &str, &str)]) -> Option<String> {
    finished(&receiver(conditions)).map(|notice| notice.message)
}
