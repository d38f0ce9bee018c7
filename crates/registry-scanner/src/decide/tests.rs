use api::Condition;
use api::image::v1::{ImageRepositorySpec, LocalObjectReference, ScanResult};
use image_ref::ImageName;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;

const INTERVAL: Duration = Duration::from_secs(60);

fn time(seconds: i64) -> Time {
    Time(Timestamp::from_second(seconds).unwrap())
}

fn access(secret: &str) -> AccessSpec {
    AccessSpec::of(&ImageRepositorySpec {
        secret_ref: Some(LocalObjectReference {
            name: secret.to_owned(),
        }),
        ..ImageRepositorySpec::default()
    })
}

/// An object whose list was read at second 1,000, and nothing has changed since.
struct Case {
    valid: Valid,
    status: ImageRepositoryStatus,
    generation: i64,
    requested: bool,
    listed: bool,
    sources: Sources,
    scanned_with: Option<ScannedWith>,
    hold: Duration,
    now: i64,
}

impl Default for Case {
    fn default() -> Self {
        let result = ScanResult {
            scan_time: Some(time(1000)),
            ..ScanResult::default()
        };
        Self {
            valid: Valid {
                image: ImageName::parse("ghcr.io/org/app").unwrap(),
                interval: INTERVAL,
                timeout: INTERVAL,
                exclusions: vec!["a".to_owned(), "b".to_owned()],
                asks_for: access("old"),
            },
            status: ImageRepositoryStatus {
                observed_generation: Some(3),
                canonical_image_name: Some("ghcr.io/org/app".to_owned()),
                last_scan_result: Some(result),
                observed_exclusion_list: vec!["b".to_owned(), "a".to_owned()],
                ..ImageRepositoryStatus::default()
            },
            generation: 3,
            requested: false,
            listed: true,
            sources: Sources::default(),
            scanned_with: Some(ScannedWith {
                spec: access("old"),
                sources: Sources::default(),
            }),
            hold: Duration::ZERO,
            now: 1020,
        }
    }
}

impl Case {
    fn with(change: impl FnOnce(&mut Self)) -> Plan {
        let mut case = Self::default();
        change(&mut case);
        case.plan()
    }

    fn plan(&self) -> Plan {
        let seen = Seen {
            status: &self.status,
            generation: Some(self.generation),
            requested: self.requested,
            listed: self.listed,
            sources: &self.sources,
            scanned_with: self.scanned_with.as_ref(),
            hold: self.hold,
        };
        next(&self.valid, &seen, &time(self.now))
    }

    /// Makes every reason from this one on hold.
    fn all_from(first: usize) -> Plan {
        let changes: [fn(&mut Self); 8] = [
            |case| case.status.last_scan_result = None,
            |case| case.requested = true,
            |case| case.status.canonical_image_name = Some("ghcr.io/org/other".to_owned()),
            |case| case.status.observed_exclusion_list = Vec::new(),
            |case| case.listed = false,
            |case| case.valid.asks_for = access("new"),
            |case| {
                case.status
                    .conditions
                    .push(not_ready(reasons::READ_OPERATION_FAILED));
            },
            |case| case.now = 5000,
        ];
        Self::with(|case| changes.iter().skip(first).for_each(|change| change(case)))
    }
}

fn not_ready(reason: &str) -> Condition {
    Condition {
        type_: READY.to_owned(),
        status: FALSE.to_owned(),
        reason: reason.to_owned(),
        message: String::new(),
        observed_generation: None,
        last_transition_time: time(1010),
    }
}

#[test]
fn nothing_changed_and_nothing_due_is_no_scan() {
    assert_eq!(Case::with(|_| {}), Plan::Wait(Duration::from_secs(40)));
}

#[test]
fn the_first_reason_counts() {
    let expected = [
        "first scan",
        "reconcile requested",
        "new image name",
        "updated exclusion list",
        "no tags in database",
        "updated registry access",
        "last scan failed",
        "triggered by interval",
    ];
    for (first, text) in expected.into_iter().enumerate() {
        let Plan::Scan(reason) = Case::all_from(first) else {
            panic!("{text}: no scan");
        };
        assert_eq!(reason.to_string(), text);
    }
}

#[test]
fn an_exclusion_list_differs_by_its_entries_and_their_number() {
    let list = |entries: &[&str]| -> Vec<String> {
        entries.iter().map(|&entry| entry.to_owned()).collect()
    };
    let plan = |observed| Case::with(|case| case.status.observed_exclusion_list = list(observed));
    assert!(matches!(plan(&["a", "b"]), Plan::Wait(_)));
    for other in [&["a"][..], &["a", "c"], &["a", "b", "b"]] {
        assert_eq!(
            plan(other),
            Plan::Scan(Reason::UpdatedExclusions),
            "{other:?}"
        );
    }
    let twice = Case::with(|case| case.valid.exclusions = list(&["a", "a"]));
    assert_eq!(twice, Plan::Scan(Reason::UpdatedExclusions), "b is gone");
}

#[test]
fn a_scan_is_due_within_a_second_of_the_interval() {
    assert_eq!(
        Case::with(|case| case.now = 1058),
        Plan::Wait(Duration::from_secs(2))
    );
    assert_eq!(
        Case::with(|case| case.now = 1059),
        Plan::Wait(Duration::from_secs(1))
    );
    assert_eq!(
        Case::with(|case| case.now = 1060),
        Plan::Scan(Reason::Interval)
    );
    assert_eq!(
        Case::with(|case| case
            .status
            .last_scan_result
            .get_or_insert_default()
            .scan_time = None),
        Plan::Scan(Reason::Interval)
    );
}

#[test]
fn without_an_interval_every_pass_scans() {
    let plan = |now| {
        Case::with(|case| {
            case.valid.interval = Duration::ZERO;
            case.now = now;
        })
    };
    assert_eq!(plan(1000), Plan::Scan(Reason::Interval));
    assert_eq!(plan(1001), Plan::Scan(Reason::Interval));
}

#[test]
fn a_clock_that_was_set_back_delays_no_scan() {
    assert_eq!(
        Case::with(|case| case.now = 999),
        Plan::Scan(Reason::Interval)
    );
    assert_eq!(
        Case::with(|case| case.now = -1_000_000),
        Plan::Scan(Reason::Interval)
    );
    let mut close = Case::default();
    let scanned = Time(time(1020).0 + SignedDuration::from_millis(900));
    close
        .status
        .last_scan_result
        .get_or_insert_default()
        .scan_time = Some(scanned);
    assert_eq!(close.plan(), Plan::Wait(INTERVAL));
}

#[test]
fn only_scans_that_are_merely_due_are_held_back() {
    let hold = Duration::from_secs(5);
    let due = Case::with(|case| (case.now, case.hold) = (5000, hold));
    assert_eq!(due, Plan::Wait(hold));
    let requested = Case::with(|case| (case.requested, case.hold) = (true, hold));
    assert_eq!(requested, Plan::Scan(Reason::Requested));
}

#[test]
fn after_a_restart_an_observed_generation_counts_as_unchanged() {
    let restarted = |generation| {
        Case::with(|case| {
            case.scanned_with = None;
            case.valid.asks_for = access("new");
            case.generation = generation;
        })
    };
    assert!(matches!(restarted(3), Plan::Wait(_)));
    assert_eq!(restarted(4), Plan::Scan(Reason::UpdatedAccess));
}

#[test]
fn a_generation_that_changes_something_else_is_no_reason() {
    assert!(matches!(
        Case::with(|case| case.generation = 4),
        Plan::Wait(_)
    ));
}

#[test]
fn other_failures_than_that_of_a_scan_are_no_reason() {
    let plan = Case::with(|case| {
        case.status
            .conditions
            .push(not_ready(reasons::AUTHENTICATION_FAILED));
    });
    assert!(matches!(plan, Plan::Wait(_)));
}

proptest! {
    /// Whatever the clock does, the next look is at most an interval away.
    #[test]
    fn no_wait_is_longer_than_the_interval(now in -5000_i64..5000, interval in 0_u64..200) {
        let plan = Case::with(|case| {
            case.now = now;
            case.valid.interval = Duration::from_secs(interval);
        });
        match plan {
            Plan::Wait(wait) => prop_assert!(wait <= Duration::from_secs(interval)),
            Plan::Scan(reason) => prop_assert_eq!(reason, Reason::Interval),
        }
    }
}
