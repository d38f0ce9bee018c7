use k8s_openapi::jiff::Timestamp;

use super::*;
use crate::reconcile::{Class, Course};

fn at(second: i64) -> Time {
    Time(Timestamp::from_second(second).unwrap())
}

/// `type status reason message generation since`, one condition a line.
fn parse(text: &str) -> Vec<Condition> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split('|').map(str::trim).collect();
            let [type_, status, reason, message, generation, since] = fields[..] else {
                panic!("six fields, not {line}");
            };
            Condition {
                type_: type_.to_owned(),
                status: status.to_owned(),
                reason: reason.to_owned(),
                message: message.to_owned(),
                observed_generation: Some(generation.parse().unwrap()),
                last_transition_time: at(since.parse().unwrap()),
            }
        })
        .collect()
}

fn print(conditions: &[Condition]) -> String {
    let line = |one: &Condition| {
        format!(
            "{}|{}|{}|{}|{}|{}",
            one.type_,
            one.status,
            one.reason,
            one.message,
            one.observed_generation.unwrap(),
            one.last_transition_time.0.as_second()
        )
    };
    conditions.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A pass over generation 2 that ends at second 100 and said `doing`.
fn check(before: &str, end: &End, after: &str) {
    let finished = finish(&parse(before), 2, end, "doing", &at(100));
    assert_eq!(
        print(&finished),
        print(&parse(after)),
        "{end:?} after {before}"
    );
}

fn ready(message: &str) -> End {
    End::Ready {
        message: message.to_owned(),
    }
}

fn stalled(reason: &'static str, message: &str) -> End {
    End::Stalled {
        reason,
        message: message.to_owned(),
    }
}

fn failed(reason: Option<&'static str>, message: &str) -> End {
    End::Failed {
        reason,
        message: message.to_owned(),
        class: Class::Transient,
    }
}

const READY_1: &str = "Ready|True|Succeeded|fine|1|10";
const READY_2: &str = "Ready|True|Succeeded|fine|2|10";

#[test]
fn success() {
    check("", &ready("fine"), "Ready|True|Succeeded|fine|2|100");
    check(READY_2, &ready("fine"), READY_2);
    check(READY_1, &ready("fine"), READY_2);
    check(
        READY_2,
        &ready("better"),
        "Ready|True|Succeeded|better|2|100",
    );
    check(
        "Reconciling|True|ProgressingWithRetry|doing|2|10
         Ready|False|Failed|broken|2|10",
        &ready("fine"),
        "Ready|True|Succeeded|fine|2|100",
    );
    check(
        "Stalled|True|InvalidPolicy|never|1|10
         Ready|False|InvalidPolicy|never|1|10",
        &ready("fine"),
        "Ready|True|Succeeded|fine|2|100",
    );
}

#[test]
fn what_is_refused_replaces_what_ready_said() {
    let refused = End::Refused {
        reason: "ValidationFailed",
        message: "never".to_owned(),
    };
    let after = "Stalled|True|ValidationFailed|never|2|100
         Ready|False|ValidationFailed|never|2|100";
    for before in [
        "",
        READY_2,
        "Reconciling|True|ProgressingWithRetry|doing|2|10
         Ready|False|TokenNotFound|no token|2|10",
    ] {
        check(before, &refused, after);
    }
}

#[test]
fn phases() {
    let phase = |course| End::Phase {
        name: "Some",
        course,
        message: "so far".to_owned(),
        retry: Some(Class::Transient),
    };
    for (course, status) in [
        (Course::UnderWay, "Unknown"),
        (Course::Reached, "True"),
        (Course::Missed, "False"),
    ] {
        let after = format!("Ready|{status}|Some|so far|2|100");
        check("", &phase(course), &after);
        let before = format!("Ready|{status}|Some|so far|2|10");
        check(&before, &phase(course), &before);
        check(
            "Reconciling|True|Progressing|doing|2|10
             Ready|Unknown|Other|before|2|10",
            &phase(course),
            &after,
        );
    }
}

#[test]
fn stalling() {
    let end = stalled("InvalidPolicy", "never");
    let both = "Stalled|True|InvalidPolicy|never|2|100
                Ready|False|InvalidPolicy|never|2|100";
    check("", &end, both);
    check(READY_2, &end, both);
    check("Ready|Unknown|Progressing|doing|2|10", &end, both);
    check(both, &end, both);
    check(
        "Reconciling|True|ProgressingWithRetry|doing|1|10
         Ready|False|AuthenticationFailed|broken|1|10",
        &end,
        "Stalled|True|InvalidPolicy|never|2|100
         Ready|False|AuthenticationFailed|broken|1|10",
    );
}

#[test]
fn failing_with_a_reason() {
    let end = failed(Some("ReadOperationFailed"), "scan failed");
    let after = "Reconciling|True|ProgressingWithRetry|doing|2|100
                 Ready|False|ReadOperationFailed|scan failed|2|100";
    check("", &end, after);
    check(READY_2, &end, after);
    check(after, &end, after);
    check("Ready|False|Failed|broken|1|10", &end, after);
    check(
        "Stalled|True|InvalidPolicy|never|1|10
         Ready|False|InvalidPolicy|never|1|10",
        &end,
        after,
    );
}

#[test]
fn failing_without_a_reason() {
    let end = failed(None, "no idea");
    let after = "Reconciling|True|ProgressingWithRetry|doing|2|100
                 Ready|False|Failed|no idea|2|100";
    check("", &end, after);
    check(READY_1, &end, after);
    check("Ready|Unknown|Progressing|doing|1|10", &end, after);
    check(
        "Ready|False|AuthenticationFailed|broken|1|10",
        &end,
        "Reconciling|True|ProgressingWithRetry|doing|2|100
         Ready|False|AuthenticationFailed|broken|1|10",
    );
}

#[test]
fn waiting() {
    let end = End::Waiting {
        reason: "DependencyNotReady",
        message: "no tags".to_owned(),
    };
    let after = "Reconciling|True|ProgressingWithRetry|doing|2|100
                 Ready|False|DependencyNotReady|no tags|2|100";
    check("", &end, after);
    check(READY_2, &end, after);
    check("Ready|False|Failed|broken|2|10", &end, after);
    check(after, &end, after);
}

#[test]
fn conditions_of_others_stay_and_come_last() {
    check(
        "Zebra|True|Z|z|7|3
         Ready|True|Succeeded|fine|2|10
         Aardvark|False|A|a|7|3",
        &stalled("Why", "what"),
        "Stalled|True|Why|what|2|100
         Ready|False|Why|what|2|100
         Aardvark|False|A|a|7|3
         Zebra|True|Z|z|7|3",
    );
}

#[test]
fn under_way() {
    let check = |before: &str, message: &str, after: &str| {
        let conditions = progressing(&parse(before), 2, message, &at(100));
        assert_eq!(print(&conditions), print(&parse(after)), "{before}");
    };
    let first = "Reconciling|True|Progressing|doing|2|100
                 Ready|Unknown|Progressing|doing|2|100";
    check("", "doing", first);
    check(
        first,
        "more",
        "Reconciling|True|Progressing|more|2|100
         Ready|Unknown|Progressing|more|2|100",
    );
    check(
        READY_2,
        "doing",
        "Reconciling|True|Progressing|doing|2|100
         Ready|True|Succeeded|fine|2|10",
    );
    check(
        "Stalled|True|Why|what|1|10
         Ready|False|Why|what|1|10",
        "doing",
        "Reconciling|True|Progressing|doing|2|100
         Ready|False|Why|what|1|10",
    );
    let retried = "Reconciling|True|ProgressingWithRetry|doing|2|10
                   Ready|False|Failed|broken|2|10";
    check(retried, "doing", retried);
    check(
        "Reconciling|True|ProgressingWithRetry|doing|1|10
         Ready|False|Failed|broken|1|10",
        "doing",
        "Reconciling|True|Progressing|doing|2|100
         Ready|False|Failed|broken|1|10",
    );
}

#[test]
fn a_pass_that_ends_as_the_one_before_changes_nothing() {
    for end in [
        ready("fine"),
        stalled("Why", "what"),
        failed(None, "no idea"),
        failed(Some("Why"), "no idea"),
    ] {
        let once = finish(&[], 2, &end, "doing", &at(100));
        let twice = finish(&once, 2, &end, "doing", &at(200));
        assert_eq!(once, twice, "{end:?}");
    }
}

#[test]
fn transition_times_have_whole_seconds() {
    let now = Time(Timestamp::from_millisecond(100_999).unwrap());
    let conditions = finish(&[], 2, &ready("fine"), "", &now);
    assert_eq!(conditions[0].last_transition_time, at(100));
}

#[test]
fn long_messages_are_cut_between_characters() {
    let message = "ü".repeat(MAX_MESSAGE_BYTES);
    let conditions = finish(&[], 2, &ready(&message), "", &at(100));
    let kept = &conditions[0].message;
    assert!(kept.len() <= MAX_MESSAGE_BYTES && kept.len() > MAX_MESSAGE_BYTES - 4);
    assert!(kept.ends_with("ü..."));
    let again = finish(&conditions, 2, &ready(&message), "", &at(200));
    assert_eq!(conditions, again);
}

#[test]
fn a_generation_is_observed_when_ready_or_stalled() {
    let check = |conditions: &str, expected| {
        assert_eq!(
            observed(&parse(conditions), 2, Some(1)),
            expected,
            "{conditions}"
        );
    };
    check("", Some(1));
    check(READY_2, Some(2));
    check(
        "Stalled|True|Why|what|2|10\nReady|False|Why|what|2|10",
        Some(2),
    );
    check("Ready|False|Why|what|2|10", Some(1));
    check(
        "Reconciling|True|Progressing|doing|2|10\nReady|True|Succeeded|fine|2|10",
        Some(1),
    );
    check(
        "Stalled|False|Why|what|2|10\nReady|True|Succeeded|fine|2|10",
        Some(2),
    );
}

#[test]
fn first_words() {
    assert_eq!(starting(3, Some(3)), "reconciliation in progress");
    assert_eq!(
        starting(1, Some(-1)),
        "processing object: new generation -1 -> 1"
    );
    assert_eq!(
        starting(1, None),
        "processing object: new generation -1 -> 1"
    );
    assert_eq!(
        starting(4, Some(3)),
        "processing object: new generation 3 -> 4"
    );
}
