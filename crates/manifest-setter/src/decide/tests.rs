use k8s_openapi::jiff::Timestamp;
use tokio::time::Instant;

use super::*;

const NOW: i64 = 1_700_000_000;
const WINDOW: Duration = Duration::from_secs(10);

fn time(seconds: i64) -> Time {
    Time(Timestamp::from_second(seconds).unwrap())
}

/// A plan that this process saw so long ago, and that ended so long ago.
fn plan(name: &str, sequence: i64, phase: Phase) -> KnownPlan {
    KnownPlan {
        sequence,
        phase,
        ..KnownPlan::sample(name)
    }
}

fn plans(plans: Vec<KnownPlan>) -> Plans {
    Plans::new(plans.into_iter().map(Arc::new).collect())
}

fn rules(now: &Time) -> Rules<'_> {
    Rules {
        window: WINDOW,
        interval: Some(Duration::from_secs(60)),
        requested: false,
        now,
    }
}

/// The step where the decision has this name, and the name's ended plan.
#[track_caller]
fn check(known: Vec<KnownPlan>, wanted: Option<&str>, expected: &str) {
    let (now, known) = (time(NOW), plans(known));
    let step = match next(&known, wanted, &rules(&now)) {
        Step::Nothing { withdraw } => {
            let names: Vec<&str> = withdraw.iter().map(|plan| plan.name.as_str()).collect();
            format!("nothing but {names:?}")
        }
        Step::Wait(plan) => format!("wait for {}", plan.name),
        Step::Refused(plan) => format!("refused {}", plan.name),
        Step::Hold(rest) => format!("hold {:?}", rest <= WINDOW),
        Step::Again(name) => format!("again after {name}"),
        Step::Create => "create".to_owned(),
    };
    assert_eq!(step, expected);
}

fn long_ago(plan: KnownPlan) -> KnownPlan {
    KnownPlan {
        seen: Instant::now() - WINDOW * 2,
        ended: plan.ended.map(|_| Instant::now() - WINDOW * 2),
        ..plan
    }
}

fn pushed_now(name: &str, sequence: i64) -> KnownPlan {
    KnownPlan {
        ended: Some(Instant::now()),
        ..plan(name, sequence, Phase::Pushed)
    }
}

#[tokio::test(start_paused = true)]
async fn a_decision_is_a_plan_once() {
    tokio::time::advance(WINDOW * 4).await;
    check(vec![], None, "nothing but []");
    check(vec![], Some("a"), "create");
    check(vec![plan("a", 1, Phase::Pending)], Some("a"), "wait for a");
    check(
        vec![plan("a", 1, Phase::AwaitingApproval)],
        Some("a"),
        "wait for a",
    );
}

#[tokio::test(start_paused = true)]
async fn what_follows_within_the_window_is_gathered() {
    tokio::time::advance(WINDOW * 4).await;
    let open = || plan("a", 1, Phase::Pending);
    check(vec![open()], Some("b"), "hold true");
    check(vec![long_ago(open())], Some("b"), "create");
    check(vec![pushed_now("a", 1)], Some("b"), "hold true");
    check(vec![long_ago(pushed_now("a", 1))], Some("b"), "create");
    // From before the process, nobody knows when.
    check(vec![plan("a", 1, Phase::Pushed)], Some("b"), "create");
    let failed = vec![KnownPlan {
        ended: Some(Instant::now()),
        ..plan("a", 1, Phase::Failed)
    }];
    check(failed, Some("b"), "create");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_comes_back_is_made_anew() {
    tokio::time::advance(WINDOW * 4).await;
    let superseded = || plan("a", 1, Phase::Superseded);
    check(vec![superseded()], Some("a"), "again after a");
    let open = long_ago(plan("b", 2, Phase::Pending));
    check(vec![superseded(), open], Some("a"), "again after a");
    let open = || long_ago(plan("b", 2, Phase::Pending));
    let failed = KnownPlan {
        phase_time: Some(time(NOW)),
        ..plan("a", 1, Phase::Failed)
    };
    check(vec![failed, open()], Some("a"), "again after a");
    let superseded_now = KnownPlan {
        ended: Some(Instant::now()),
        ..superseded()
    };
    check(vec![superseded_now, open()], Some("a"), "again after a");
    // The newer one would be written, and not what is decided now.
    let older = plan("a", 1, Phase::Pending);
    let newer = plan("b", 2, Phase::Pending);
    check(
        vec![older.clone(), newer.clone()],
        Some("a"),
        "again after b",
    );
    check(vec![older, newer], Some("b"), "wait for b");
}

#[tokio::test(start_paused = true)]
async fn a_decision_whose_plan_was_superseded_for_nothing_rests() {
    tokio::time::advance(WINDOW * 4).await;
    let superseded = |ended| KnownPlan {
        ended,
        ..plan("a", 1, Phase::Superseded)
    };
    let now = Instant::now();
    check(vec![superseded(Some(now))], Some("a"), "hold true");
    check(vec![superseded(Some(now))], Some("b"), "create");
    check(
        vec![superseded(Some(now - PAUSE))],
        Some("a"),
        "again after a",
    );
    let newer = plan("b", 2, Phase::Pushed);
    check(
        vec![superseded(Some(now)), newer],
        Some("a"),
        "again after b",
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_not_needed_any_more_is_taken_back_unless_its_push_has_begun() {
    let prepared = KnownPlan {
        prepared: true,
        ..plan("a", 1, Phase::Pending)
    };
    let waiting = plan("b", 2, Phase::AwaitingApproval);
    let ended = plan("c", 3, Phase::Pushed);
    check(vec![prepared, waiting, ended], None, "nothing but [\"b\"]");
}

#[test]
fn a_refused_decision_is_tried_again_after_the_interval_or_on_request() {
    let refused = |ended: i64| KnownPlan {
        after: Some("z".to_owned()),
        phase_time: Some(time(ended)),
        ..plan("a", 1, Phase::Failed)
    };
    let (now, known) = (time(NOW), plans(vec![refused(NOW - 59)]));
    assert_eq!(after(&known, &rules(&now)).as_deref(), Some("z"));
    let step = next(&known, Some("a"), &rules(&now));
    assert!(matches!(step, Step::Refused(_)), "{step:?}");
    let asked = Rules {
        requested: true,
        ..rules(&now)
    };
    assert_eq!(after(&known, &asked).as_deref(), Some("a"));
    let known = plans(vec![refused(NOW - 60)]);
    assert_eq!(after(&known, &rules(&now)).as_deref(), Some("a"));
}

#[test]
fn the_name_of_an_open_plan_stays() {
    let now = time(NOW);
    let open = KnownPlan {
        after: Some("a".to_owned()),
        ..plan("c", 3, Phase::Pending)
    };
    let (first, second) = (plan("a", 1, Phase::Pushed), plan("b", 2, Phase::Superseded));
    let known = plans(vec![second.clone(), open, first.clone()]);
    assert_eq!(after(&known, &rules(&now)).as_deref(), Some("a"));
    let known = plans(vec![second, first.clone()]);
    assert_eq!(after(&known, &rules(&now)), None);
    let known = plans(vec![first]);
    assert_eq!(after(&known, &rules(&now)).as_deref(), Some("a"));
    assert_eq!(after(&Plans::default(), &rules(&now)), None);
    assert_eq!(
        (known.next_sequence(), Plans::default().next_sequence()),
        (2, 1)
    );
}

#[test]
fn what_the_newest_plans_overtake_is_cleared_unless_its_push_has_begun() {
    let open = |name: &str, number| plan(name, number, Phase::Pending);
    let prepared = KnownPlan {
        prepared: true,
        ..open("b", 2)
    };
    let waits = plan("d", 4, Phase::AwaitingApproval);
    let ended = plan("e", 5, Phase::Superseded);
    let known = vec![open("a", 1), prepared, open("c", 3), waits, ended];
    let overtaken = |known: Vec<KnownPlan>| {
        let overtaken = plans(known).overtaken();
        let names: Vec<_> = overtaken.iter().map(|plan| plan.name.clone()).collect();
        names.join(" ")
    };
    assert_eq!(overtaken(known.clone()), "a");
    assert_eq!(overtaken([known, vec![open("f", 6)]].concat()), "c a");
    assert_eq!(overtaken(vec![open("a", 1), open("b", 2)]), "");
}

#[test]
fn the_newest_ended_plans_are_kept() {
    let open = plan("open", 1, Phase::Pending);
    let ended = (2..=14).map(|number| plan(&number.to_string(), number, Phase::Pushed));
    let known = plans([open].into_iter().chain(ended).collect());
    let beyond: Vec<i64> = known
        .beyond(HISTORY)
        .iter()
        .map(|plan| plan.sequence)
        .collect();
    assert_eq!(beyond, [2, 3, 4]);
    assert!(known.beyond(13).is_empty());
}
