//! `kill -9` of each controller at every step, and what its successor makes of it.

use test_support::api_proxy::{Calls, Point};

use super::site::{ONE_TAG, Site, Victim, Written};

/// A step at which a process dies: a call, and whether the API server has done what it asks.
#[derive(Clone, Debug)]
struct Step {
    calls: Calls,
    /// How many of the calls pass before the one at which it dies.
    passing: usize,
    point: Point,
}

fn step(calls: Calls, point: Point) -> Step {
    Step {
        calls,
        passing: 0,
        point,
    }
}

fn slices() -> Calls {
    Calls::writes("imagetagslices")
}

fn repository() -> Calls {
    Calls::status_writes("imagerepositories")
}

fn policy() -> Calls {
    Calls::status_writes("imagepolicies")
}

/// Holds the step, lets `work` bring it about, kills the process there and starts it again.
async fn die(site: &mut Site, victim: Victim, step: Step, work: impl AsyncFnOnce(&Site)) {
    let hold = site.proxy.hold(step.calls.clone(), step.point);
    let hold = hold.after(step.passing);
    work(site).await;
    let hold = site.until_held(step.calls, hold).await;
    site.kill(victim);
    hold.abandoned().await;
    drop(hold);
    site.restart(victim).await;
}

/// The scanner dies at this step of the first scan, which takes so many scans in all.
async fn first_scan(step: Step, scans: usize) {
    let mut site = Site::start().await;
    die(&mut site, Victim::Scanner, step, Site::create_repository).await;
    site.until_scanned(&[]).await;
    site.create_policy().await;
    site.until_chosen("1.14.99").await;
    let slices = site.slice_count().await;
    assert!(slices > 1, "steps lie between slices");
    let expected = Written {
        slices,
        repository: 1,
        policy: 1,
    };
    assert_eq!(site.settle().await, expected);
    assert_eq!(site.scans(), scans);
}

/// One of them dies at this step of the way of a new tag, which takes so many scans in all.
async fn new_tag(victim: Victim, step: Step, scans: usize) {
    let mut site = Site::at_rest().await;
    die(&mut site, victim, step, Site::push_new_tag).await;
    site.until_right().await;
    assert_eq!(site.settle().await, ONE_TAG);
    assert_eq!(site.scans(), scans);
}

#[tokio::test]
async fn the_scanner_dies_before_its_first_slice() {
    first_scan(step(slices(), Point::Before), 2).await;
}

#[tokio::test]
async fn the_scanner_dies_with_its_first_slice_written() {
    first_scan(step(slices(), Point::After), 2).await;
}

#[tokio::test]
async fn the_scanner_dies_between_two_slices() {
    let between = Step {
        passing: 1,
        ..step(slices(), Point::Before)
    };
    first_scan(between, 2).await;
}

#[tokio::test]
async fn the_scanner_dies_between_its_slices_and_its_first_status() {
    first_scan(step(repository(), Point::Before), 2).await;
}

#[tokio::test]
async fn the_scanner_dies_with_its_first_status_written() {
    first_scan(step(repository(), Point::After), 1).await;
}

#[tokio::test]
async fn the_scanner_dies_before_the_slice_of_a_new_tag() {
    new_tag(Victim::Scanner, step(slices(), Point::Before), 2).await;
}

#[tokio::test]
async fn the_scanner_dies_with_the_slice_of_a_new_tag_written() {
    new_tag(Victim::Scanner, step(slices(), Point::After), 2).await;
}

#[tokio::test]
async fn the_scanner_dies_between_the_slice_and_the_status_of_a_new_tag() {
    new_tag(Victim::Scanner, step(repository(), Point::Before), 2).await;
}

#[tokio::test]
async fn the_scanner_dies_with_the_status_of_a_new_tag_written() {
    new_tag(Victim::Scanner, step(repository(), Point::After), 1).await;
}

#[tokio::test]
async fn the_evaluator_dies_before_its_choice_is_written() {
    new_tag(Victim::Evaluator, step(policy(), Point::Before), 1).await;
}

#[tokio::test]
async fn the_evaluator_dies_with_its_choice_written() {
    new_tag(Victim::Evaluator, step(policy(), Point::After), 1).await;
}

#[tokio::test]
async fn both_die_with_the_status_of_a_new_tag_written() {
    let mut site = Site::at_rest().await;
    site.kill(Victim::Evaluator);
    let step = step(repository(), Point::After);
    die(&mut site, Victim::Scanner, step, Site::push_new_tag).await;
    site.restart(Victim::Evaluator).await;
    site.until_right().await;
    assert_eq!(site.settle().await, ONE_TAG);
    assert_eq!(site.scans(), 1);
}
