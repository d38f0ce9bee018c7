use api::Condition;

use super::*;
use crate::decision::Waiting;

fn at(second: i64) -> Time {
    let start: Time = serde_json::from_str("\"2026-01-01T00:00:00Z\"").unwrap();
    let seconds = k8s_openapi::jiff::SignedDuration::from_secs(second);
    Time(start.0 + seconds)
}

fn reference(tag: &str) -> ImageRef {
    ImageRef {
        name: "reg.io/app".to_owned(),
        tag: tag.to_owned(),
        digest: None,
    }
}

fn choice(tag: &str) -> Chosen {
    Chosen {
        decision: Decision {
            latest: reference(tag),
            is_unlisted: false,
            refused: None,
            waiting: None,
            wake: None,
        },
        latest: reference(tag),
        interval: None,
    }
}

fn chosen(choice: Chosen) -> Outcome {
    Outcome::Chosen(Box::new(choice))
}

/// A policy of generation 2 with this status.
fn policy(status: ImagePolicyStatus) -> ImagePolicy {
    let mut policy = ImagePolicy {
        status: Some(status),
        ..ImagePolicy::default()
    };
    policy.metadata.generation = Some(2);
    policy
}

/// A status with a condition Ready of generation 2.
fn ready(status: &str, reason: &str, observed: i64) -> ImagePolicyStatus {
    ImagePolicyStatus {
        conditions: vec![Condition {
            type_: conditions::READY.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            message: "as it was".to_owned(),
            observed_generation: Some(2),
            last_transition_time: at(0),
        }],
        observed_generation: Some(observed),
        latest_ref: Some(reference("1.0.0")),
        ..ImagePolicyStatus::default()
    }
}

#[test]
fn the_choice_before_is_remembered_when_the_choice_changes() {
    let first = done(
        &policy(ImagePolicyStatus::default()),
        chosen(choice("1.0.0")),
        &at(0),
    )
    .status;
    assert_eq!(first.latest_ref, Some(reference("1.0.0")));
    assert_eq!(first.observed_previous_ref, None);
    let second = done(&policy(first), chosen(choice("1.1.0")), &at(0));
    assert_eq!(second.status.latest_ref, Some(reference("1.1.0")));
    assert_eq!(
        second.status.observed_previous_ref,
        Some(reference("1.0.0"))
    );
    let message = "Latest image tag for reg.io/app resolved to 1.1.0 (previously reg.io/app:1.0.0)"
        .to_owned();
    assert_eq!(second.end, End::Ready { message });
    let third = done(
        &policy(second.status.clone()),
        chosen(choice("1.1.0")),
        &at(0),
    );
    assert_eq!(third, second, "nothing new says nothing new");
}

#[test]
fn it_looks_again_when_the_first_reason_to_comes() {
    let next = |interval: Option<u64>, wake: Option<i64>| {
        let mut choice = choice("1.0.0");
        choice.decision.wake = wake.map(at);
        choice.interval = interval.map(Duration::from_secs);
        let outcome = chosen(choice);
        done(&policy(ImagePolicyStatus::default()), outcome, &at(100)).next
    };
    let after = |seconds| Next::After(Duration::from_secs(seconds));
    assert_eq!(next(None, None), Next::OnChange);
    assert_eq!(next(Some(60), None), after(60));
    assert_eq!(next(None, Some(130)), after(30));
    assert_eq!(next(Some(60), Some(130)), after(30));
    assert_eq!(next(Some(60), Some(230)), after(60));
    assert_eq!(next(None, Some(99)), after(0));
}

/// What a policy of this status says of a list that is not complete, and when it looks again. It is a minute old.
fn incomplete_after(status: &ImagePolicyStatus, created: Option<i64>) -> (End, Next) {
    incomplete_of("reg.io/app", status, created)
}

fn incomplete_of(image: &str, status: &ImagePolicyStatus, created: Option<i64>) -> (End, Next) {
    let mut policy = policy(status.clone());
    policy.metadata.creation_timestamp = Some(at(0));
    let outcome = Outcome::Incomplete {
        image: image.to_owned(),
        created: created.map(at),
        requeue: api::Duration::from_secs(30),
    };
    let done = done(&policy, outcome, &at(60));
    assert_eq!(done.status, *status);
    (done.end, done.next)
}

#[test]
fn an_incomplete_list_leaves_what_was_found_before() {
    let unchanged = (End::Unchanged, Next::OnChange);
    for (value, reason) in [("True", "Succeeded"), ("False", "Failure")] {
        for observed in [1, 2] {
            let status = ready(value, reason, observed);
            assert_eq!(incomplete_after(&status, Some(59)), unchanged);
        }
    }
}

#[test]
fn a_policy_that_waits_says_so_unless_something_is_new() {
    let waits = End::Waiting {
        reason: "DependencyNotReady",
        message: "retrying in 30s error: no tags in database".to_owned(),
    };
    let waits = (waits, Next::After(Duration::from_secs(30)));
    for status in [
        ImagePolicyStatus::default(),
        ready("False", "AccessDenied", 1),
        ready("Unknown", "Progressing", 1),
    ] {
        assert_eq!(incomplete_after(&status, None), waits);
    }
    let of_another_image = incomplete_of("reg.io/other", &ready("True", "Succeeded", 2), None);
    assert_eq!(of_another_image, waits);
    let patient = (End::Unchanged, Next::After(Duration::from_secs(2)));
    let status = ImagePolicyStatus::default();
    assert_eq!(incomplete_after(&status, Some(57)), patient);
    assert_eq!(
        incomplete_after(&ready("False", "AccessDenied", 1), Some(57)),
        waits
    );
}

#[test]
fn a_failure_keeps_the_choice_and_wakes_when_time_helps() {
    let status = ready("True", "Succeeded", 2);
    let waiting = Waiting {
        tag: "1.1.0".to_owned(),
        minimum_age: api::Duration::from_secs(60),
        until: Some(at(60)),
    };
    let error = PassError::Evaluate(EvaluateError::TooYoung {
        waiting,
        wake: Some(at(40)),
    });
    let done = failed(&policy(status.clone()), &error, &at(10));
    assert_eq!(done.status, status);
    assert_eq!(done.next, Next::After(Duration::from_secs(30)));
    let message =
        "no tag is old enough: 1.1.0 waits for minimumAge 1m0s until 2026-01-01T00:01:00Z";
    let expected = End::Waiting {
        reason: "Failure",
        message: message.to_owned(),
    };
    assert_eq!(done.end, expected);
}
