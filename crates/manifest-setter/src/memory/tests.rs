use std::sync::Arc;

use api::image::v1::ImageUpdateAutomation;
use kube::runtime::reflector::ObjectRef;

use super::*;
use crate::catalogue::KnownPlan;

fn commit(digit: char) -> ObjectId {
    ObjectId::from_hex(digit.to_string().repeat(40).as_bytes()).unwrap()
}

fn target(push_branch: &str) -> Target {
    let text = format!(
        r#"{{"apiVersion": "image.toolkit.fluxcd.io/v1", "kind": "ImageUpdateAutomation", "metadata": {{"name": "a"}},
            "spec": {{"interval": "1m", "sourceRef": {{"kind": "GitRepository", "name": "r"}},
                      "git": {{"commit": {{"author": {{"email": "a@b.c"}}}}, "push": {{"branch": "{push_branch}"}}}}}}}}"#
    );
    let source = r#"{"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": {"name": "r"},
        "spec": {"url": "https://example.com/r.git", "ref": {"branch": "main"}}}"#;
    let automation: ImageUpdateAutomation = serde_json::from_str(&text).unwrap();
    Target::resolve(&automation, &serde_json::from_str(source).unwrap()).unwrap()
}

fn ended(sequence: i64, phase: Phase, base: char, pushed: Option<char>) -> KnownPlan {
    KnownPlan {
        uid: Some(sequence.to_string()),
        sequence,
        phase,
        base: commit(base).to_string(),
        commit: pushed.map(|digit| commit(digit).to_string()),
        ..KnownPlan::sample("a")
    }
}

/// The heads `1` (and, on a branch of its own, `2`) after these plans.
fn after(push_branch: &str, plans: Vec<KnownPlan>) -> Option<(ObjectId, Option<ObjectId>)> {
    let known = Known {
        heads: Heads {
            checkout: commit('1'),
            tag: None,
            push: Some(commit(if push_branch == "main" { '1' } else { '2' })),
        },
        asked: Instant::now(),
        version: version(1),
        heeded: vec![Some("1".to_owned())],
    };
    let plans = Plans::new(plans.into_iter().map(Arc::new).collect());
    let heads = known.after(&plans, &target(push_branch))?;
    Some((heads.checkout, heads.push))
}

fn version(generation: i64) -> Version {
    Version {
        automation: (Some("u".to_owned()), Some(generation)),
        source: (Some("s".to_owned()), Some(1)),
    }
}

#[test]
fn a_push_moves_the_branch_that_it_went_to() {
    let one = (commit('1'), Some(commit('1')));
    assert_eq!(after("main", vec![]), Some(one));
    let pushed = || ended(2, Phase::Pushed, '1', Some('a'));
    let moved = (commit('a'), Some(commit('a')));
    assert_eq!(after("main", vec![pushed()]), Some(moved));
    let next = ended(3, Phase::Pushed, 'a', Some('b'));
    let moved = (commit('b'), Some(commit('b')));
    assert_eq!(after("main", vec![pushed(), next]), Some(moved));
    let other = ended(2, Phase::Pushed, '2', Some('a'));
    assert_eq!(
        after("updates", vec![other]),
        Some((commit('1'), Some(commit('a'))))
    );
}

#[test]
fn what_was_heeded_and_what_is_under_way_moves_nothing() {
    let one = Some((commit('1'), Some(commit('1'))));
    assert_eq!(
        after("main", vec![ended(1, Phase::Superseded, '1', None)]),
        one
    );
    assert_eq!(after("main", vec![ended(2, Phase::Failed, '1', None)]), one);
    assert_eq!(
        after("main", vec![ended(2, Phase::Pending, '1', None)]),
        one
    );
}

/// Its push had begun, and the newer one needed none.
#[test]
fn a_plan_that_ends_after_a_newer_one_is_heeded() {
    let late = ended(0, Phase::Pushed, '1', Some('a'));
    let moved = (commit('a'), Some(commit('a')));
    let heeded = ended(1, Phase::Failed, '1', None);
    assert_eq!(after("main", vec![late, heeded]), Some(moved));
}

#[test]
fn what_nobody_here_knows_is_asked_for() {
    assert_eq!(
        after("main", vec![ended(2, Phase::Superseded, '1', None)]),
        None
    );
    // Made on another commit than the one that is known.
    assert_eq!(
        after("main", vec![ended(2, Phase::Pushed, '9', Some('a'))]),
        None
    );
    assert_eq!(
        after("main", vec![ended(2, Phase::Pushed, '1', None)]),
        None
    );
    // Known already, because the server told.
    let seen = ended(2, Phase::Pushed, '9', Some('1'));
    assert_eq!(
        after("main", vec![seen]),
        Some((commit('1'), Some(commit('1'))))
    );
}

#[tokio::test(start_paused = true)]
async fn heads_serve_for_an_interval_and_for_the_specs_they_are_of() {
    let (memory, automation, target) = (Memory::default(), ObjectRef::new("a"), target("main"));
    let heads = Heads {
        checkout: commit('1'),
        tag: None,
        push: None,
    };
    let plans = Plans::default();
    let known = |version: &Version, interval| {
        memory.heads(&automation, (version, &target), (&plans, interval))
    };
    let minute = Duration::from_secs(60);
    assert_eq!(known(&version(1), None), None);
    memory.learn(&automation, version(1), (&heads, true), &plans);
    assert_eq!(known(&version(1), Some(minute)), Some(heads.clone()));
    assert_eq!(known(&version(2), Some(minute)), None);
    tokio::time::advance(minute / 2).await;
    // A pass that did not ask does not prolong it.
    memory.learn(&automation, version(1), (&heads, false), &plans);
    assert_eq!(memory.asked_ago(&automation), Some(minute / 2));
    tokio::time::advance(minute / 2).await;
    assert_eq!(known(&version(1), Some(minute)), None);
    assert_eq!(known(&version(1), None), Some(heads));
    memory.forget(&automation);
    assert_eq!(known(&version(1), None), None);
}
