use std::pin::pin;

use api::Time;
use api::repin::v1alpha1::ImageUpdatePlanSpec;
use futures_util::{FutureExt as _, StreamExt as _};
use k8s_openapi::jiff::Timestamp;

use super::*;

fn plan(name: &str, created: i64) -> ImageUpdatePlan {
    let mut plan = ImageUpdatePlan::new(name, ImageUpdatePlanSpec::default());
    plan.metadata.namespace = Some("ns".to_owned());
    let created = Timestamp::from_second(created).unwrap();
    plan.metadata.creation_timestamp = Some(Time(created));
    plan
}

fn lane(branch: &str) -> Lane {
    Lane {
        repository: "https://git.example/fleet".to_owned(),
        branch: branch.to_owned(),
    }
}

fn reference(name: &str) -> PlanRef {
    ObjectRef::new(name).within("ns")
}

/// Turns, and what gives the plans that were called since it was asked last.
fn turns() -> (Turns, impl FnMut() -> Vec<String>) {
    let triggers = Triggers::new();
    let mut called = Box::pin(triggers.objects());
    let next = move || {
        let mut names = Vec::new();
        while let Some(Some(plan)) = pin!(called.next()).now_or_never() {
            names.push(plan.name);
        }
        names
    };
    (Turns::new(triggers), next)
}

#[test]
fn one_at_a_time_per_branch_and_older_ones_first() {
    let (turns, mut called) = turns();
    let turn = turns.take(lane("main"), &plan("c", 3)).unwrap();
    assert_eq!(
        turns.take(lane("main"), &plan("b", 2)).unwrap_err().behind,
        "ns/c"
    );
    turns.take(lane("main"), &plan("a", 1)).unwrap_err();
    assert!(turns.take(lane("other"), &plan("d", 4)).is_ok());
    assert!(called().is_empty());
    drop(turn);
    assert_eq!(called(), ["a"]);
    assert_eq!(
        turns.take(lane("main"), &plan("b", 2)).unwrap_err().behind,
        "ns/a"
    );
    assert_eq!(called(), ["a"]);
    let turn = turns.take(lane("main"), &plan("a", 1)).unwrap();
    drop(turn);
    assert_eq!(called(), ["b"]);
    assert!(turns.take(lane("main"), &plan("b", 2)).is_ok());
    assert!(turns.lanes.lock().is_empty());
}

#[test]
fn who_leaves_holds_nobody_up() {
    let (turns, mut called) = turns();
    let turn = turns.take(lane("main"), &plan("a", 1)).unwrap();
    turns.take(lane("main"), &plan("b", 2)).unwrap_err();
    turns.take(lane("main"), &plan("c", 3)).unwrap_err();
    turns.leave(&reference("b"));
    drop(turn);
    assert_eq!(called(), ["c"]);
    turns.take(lane("main"), &plan("d", 4)).unwrap_err();
    assert_eq!(called(), ["c"]);
    turns.leave(&reference("c"));
    assert_eq!(called(), ["d"]);
    turns.leave(&reference("d"));
    assert!(turns.lanes.lock().is_empty());
}

#[test]
fn who_goes_to_another_branch_holds_nobody_up() {
    let (turns, mut called) = turns();
    let turn = turns.take(lane("old"), &plan("a", 1)).unwrap();
    turns.take(lane("old"), &plan("b", 2)).unwrap_err();
    turns.take(lane("old"), &plan("c", 3)).unwrap_err();
    let new = turns.take(lane("new"), &plan("b", 2)).unwrap();
    drop(turn);
    assert_eq!(called(), ["c"]);
    assert!(turns.take(lane("old"), &plan("c", 3)).is_ok());
    drop(new);
    assert!(turns.lanes.lock().is_empty());
}

#[test]
fn a_pass_that_breaks_down_holds_nobody_up() {
    let (turns, mut called) = turns();
    let turn = turns.take(lane("main"), &plan("a", 1)).unwrap();
    for (name, created) in [("b", 2), ("c", 3)] {
        let place = turns.place(reference(name));
        turns.take(lane("main"), &plan(name, created)).unwrap_err();
        place.keep();
    }
    drop(turn);
    assert_eq!(called(), ["b"]);
    let place = turns.place(reference("b"));
    drop(place);
    assert_eq!(called(), ["c"]);
}
