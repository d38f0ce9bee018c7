//! An API server that refuses, delays, forgets to answer, and ends watches.

use std::time::Duration;

use test_support::api_proxy::{Calls, Effect};

use super::site::{ONE_TAG, Site, Written};

const WATCHED: [&str; 3] = ["imagerepositories", "imagepolicies", "imagetagslices"];

fn slices() -> Calls {
    Calls::writes("imagetagslices")
}

fn repository() -> Calls {
    Calls::status_writes("imagerepositories")
}

fn policy() -> Calls {
    Calls::status_writes("imagepolicies")
}

/// A new tag arrives although these calls meet this effect.
async fn new_tag(calls: impl IntoIterator<Item = Calls>, times: usize, effect: Effect) -> Written {
    let site = Site::at_rest().await;
    for calls in calls {
        site.proxy.fail(calls, times, effect.clone());
    }
    site.push_new_tag().await;
    site.until_right().await;
    site.settle().await
}

#[tokio::test]
async fn a_status_in_conflict_is_written_later() {
    let written = new_tag([repository(), policy()], 2, Effect::Status(409)).await;
    assert_eq!(written, ONE_TAG);
}

#[tokio::test]
async fn a_slice_in_conflict_is_written_later() {
    let written = new_tag([slices()], 1, Effect::Status(409)).await;
    assert_eq!((written.slices, written.policy), (1, 1));
    // The conflict may be told in between.
    assert!(written.repository <= 2, "{written:?}");
}

#[tokio::test]
async fn who_is_told_to_wait_waits() {
    let calls = [slices(), repository(), policy()];
    let written = new_tag(calls, 1, Effect::TooManyRequests(1)).await;
    assert_eq!(written, ONE_TAG);
}

#[tokio::test]
async fn an_api_server_that_is_not_available_is_asked_again() {
    let calls = [slices(), repository(), policy()];
    let written = new_tag(calls, 2, Effect::Status(503)).await;
    assert_eq!(written, ONE_TAG);
}

#[tokio::test]
async fn a_failing_api_server_ends_in_the_right_state() {
    let written = new_tag([slices(), repository(), policy()], 1, Effect::Status(500)).await;
    assert_eq!((written.slices, written.policy), (1, 1));
    assert!(written.repository <= 2, "{written:?}");
}

#[tokio::test]
async fn a_slow_api_server_changes_nothing() {
    let calls = [slices(), repository(), policy()];
    let written = new_tag(calls, 5, Effect::Delay(Duration::from_millis(700))).await;
    assert_eq!(written, ONE_TAG);
}

#[tokio::test]
async fn a_status_whose_answer_is_lost_is_not_written_again() {
    let written = new_tag([repository(), policy()], 1, Effect::LoseAnswer).await;
    assert_eq!(written, ONE_TAG);
}

#[tokio::test]
async fn a_slice_whose_answer_is_lost_is_not_written_again() {
    let written = new_tag([slices()], 1, Effect::LoseAnswer).await;
    assert_eq!((written.slices, written.policy), (1, 1));
    assert!(written.repository <= 2, "{written:?}");
}

#[tokio::test]
async fn a_call_that_is_lost_is_made_again() {
    let written = new_tag([repository(), policy()], 1, Effect::LoseCall).await;
    assert_eq!(written, ONE_TAG);
}

#[tokio::test]
async fn watches_that_are_cut_begin_anew_and_miss_nothing() {
    let site = Site::at_rest().await;
    for kind in WATCHED {
        site.proxy.cut_watches(&Calls::watches(kind));
    }
    site.push_new_tag().await;
    site.until_right().await;
    for kind in WATCHED {
        let again = site.proxy.count(&Calls::watches(kind));
        assert!(again > 0, "{kind} is watched again");
    }
    assert_eq!(site.settle().await, ONE_TAG);
    assert_eq!(site.scans(), 1);
}
