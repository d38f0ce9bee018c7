use image_ref::{ImageName, Tags};
use k8s_openapi::jiff::Timestamp;

use super::*;
use crate::validate::AccessSpec;
use crate::{Exclusions, ScanError};

fn valid(interval: u64) -> Valid {
    Valid {
        image: ImageName::parse("alpine").unwrap(),
        interval: Duration::from_secs(interval),
        timeout: Duration::from_secs(60),
        exclusions: vec!["^.*\\.sig$".to_owned()],
        asks_for: AccessSpec::default(),
    }
}

fn found(tags: &[&str]) -> Found {
    let exclusions = Exclusions::new(&valid(60).exclusions).unwrap();
    let scan = Scan::new(
        valid(60).image,
        Tags::from_unsorted(tags).unwrap(),
        &exclusions,
    );
    let ended = Timestamp::from_second(5).unwrap();
    Found::new(&scan, &Time(ended))
}

fn scanned(previous: ImageRepositoryStatus, interval: u64) -> Done<ImageRepositoryStatus> {
    done(
        previous,
        &valid(interval),
        Outcome::Scanned(found(&["a", "b.sig", "b"])),
    )
}

fn message(done: &Done<ImageRepositoryStatus>) -> &str {
    match &done.end {
        End::Ready { message } | End::Failed { message, .. } => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_scan_fills_in_what_was_found() {
    let done = scanned(ImageRepositoryStatus::default(), 60);
    let status = &done.status;
    let result = status.last_scan_result.as_ref().unwrap();
    assert_eq!(
        status.canonical_image_name.as_deref(),
        Some("index.docker.io/library/alpine")
    );
    assert_eq!(status.observed_exclusion_list, ["^.*\\.sig$"]);
    assert_eq!(
        (result.tag_count, &*result.latest_tags),
        (2, &["b".to_owned(), "a".to_owned()][..])
    );
    assert_eq!(
        result.scan_time,
        Some(Time(Timestamp::from_second(5).unwrap()))
    );
    let revision = result.revision.as_deref().unwrap();
    assert_eq!(
        message(&done),
        format!("successful scan: found 2 tags with checksum {revision}")
    );
    assert_eq!(done.next, Next::After(Duration::from_secs(60)));
    assert_eq!(
        done.trace_message.as_deref(),
        Some("successful scan, next scan in 1m0s")
    );
}

#[test]
fn the_same_list_again_moves_nothing_but_the_scan_time() {
    let mut previous = scanned(ImageRepositoryStatus::default(), 60).status;
    previous.last_scan_result.as_mut().unwrap().scan_time = None;
    previous.last_handled_reconcile_at = Some("earlier".to_owned());
    let done = scanned(previous.clone(), 60);
    assert_eq!(
        done.trace_message.as_deref(),
        Some("tags did not change, next scan in 1m0s")
    );
    let mut status = done.status;
    status.last_scan_result.as_mut().unwrap().scan_time = None;
    assert_eq!(status, previous);
}

#[test]
fn without_an_interval_nothing_is_planned() {
    assert_eq!(
        scanned(ImageRepositoryStatus::default(), 0).next,
        Next::OnChange
    );
}

#[test]
fn a_pass_that_scans_nothing_repeats_what_the_last_scan_found() {
    let previous = scanned(ImageRepositoryStatus::default(), 60);
    let remainder = Duration::new(39, 123_456_789);
    let done = done(
        previous.status.clone(),
        &valid(60),
        Outcome::NotDue { remainder },
    );
    assert_eq!(done.end, previous.end);
    assert_eq!(done.status, previous.status);
    assert_eq!(done.next, Next::After(remainder));
    let expected = "no change in repository configuration since last scan, next scan in 39.123s";
    assert_eq!(done.trace_message.as_deref(), Some(expected));
}

#[test]
fn a_failure_leaves_the_last_good_list() {
    let previous = scanned(ImageRepositoryStatus::default(), 60).status;
    let error = Exclusions::new(&["(".to_owned()]).unwrap_err();
    assert!(matches!(error, ScanError::CompileExclusion { .. }));
    let done = failed(previous.clone(), &PassError::Scan(error));
    assert_eq!(done.status, previous);
    assert!(message(&done).starts_with("scan failed: failed to compile regex ("));
}
