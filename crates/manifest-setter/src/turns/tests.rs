use futures_util::{FutureExt as _, StreamExt as _};
use kube::runtime::reflector::ObjectRef;

use super::*;

fn automation(name: &str) -> AutomationRef {
    ObjectRef::new(name).within("ns")
}

/// Turns, and what gives the automations that were called since it was asked last.
fn turns() -> (Turns, impl FnMut() -> Vec<String>) {
    let triggers = Triggers::new();
    let mut called = Box::pin(triggers.objects());
    let next = move || {
        let mut names = Vec::new();
        while let Some(Some(automation)) = called.next().now_or_never() {
            names.push(automation.name);
        }
        names
    };
    (Turns::new(triggers), next)
}

fn take(turns: &Turns, repository: &str, name: &str) -> Option<Turn> {
    turns.take(repository.to_owned(), &automation(name))
}

#[tokio::test(start_paused = true)]
async fn one_at_a_time_per_repository_and_in_order() {
    let (turns, mut called) = turns();
    let turn = take(&turns, "fleet", "a");
    assert!(turn.is_some());
    for name in ["b", "c", "b"] {
        assert!(take(&turns, "fleet", name).is_none());
    }
    assert!(take(&turns, "other", "d").is_some());
    assert!(called().is_empty());
    drop(turn);
    assert_eq!(called(), ["b"]);
    assert!(take(&turns, "fleet", "c").is_none(), "b came first");
    assert!(take(&turns, "fleet", "a").is_none(), "a comes last");
    drop(take(&turns, "fleet", "b"));
    assert_eq!(called(), ["c"]);
    drop(take(&turns, "fleet", "c"));
    assert_eq!(called(), ["a"]);
    assert!(take(&turns, "fleet", "a").is_some());
    assert!(turns.repositories.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_leaves_holds_nobody_up() {
    let (turns, mut called) = turns();
    let turn = take(&turns, "fleet", "a");
    for name in ["b", "c", "d"] {
        assert!(take(&turns, "fleet", name).is_none());
    }
    turns.leave(&automation("b"));
    drop(turn);
    assert_eq!(called(), ["c"]);
    // Its source is another one now.
    assert!(take(&turns, "other", "c").is_some());
    assert_eq!(called(), ["d"]);
    turns.leave(&automation("d"));
    assert!(turns.repositories.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_breaks_down_holds_nobody_up() {
    let (turns, mut called) = turns();
    let turn = take(&turns, "fleet", "a");
    for name in ["b", "c"] {
        let automation = automation(name);
        let place = turns.place(&automation);
        assert!(take(&turns, "fleet", name).is_none());
        place.keep();
    }
    drop(turn);
    assert_eq!(called(), ["b"]);
    drop(turns.place(&automation("b")));
    assert_eq!(called(), ["c"]);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_come_when_called_is_not_waited_for() {
    let (turns, mut called) = turns();
    let turn = take(&turns, "fleet", "a");
    for name in ["b", "c", "d"] {
        assert!(take(&turns, "fleet", name).is_none());
    }
    drop(turn);
    assert_eq!(called(), ["b"]);
    tokio::time::advance(PATIENCE).await;
    let turn = take(&turns, "fleet", "d");
    assert!(turn.is_some());
    drop(turn);
    assert_eq!(called(), ["c"], "it has not been called before");
    drop(take(&turns, "fleet", "c"));
    assert!(turns.repositories.lock().is_empty());
}
