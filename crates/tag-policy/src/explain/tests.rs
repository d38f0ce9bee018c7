use proptest::prelude::*;

use super::*;
use crate::{Constraint, Filter, Order, Policy};

fn selector(policy: Policy, filter: Option<(&str, &str)>) -> Selector {
    let filter = filter.map(|(pattern, extract)| Filter::new(pattern, extract).unwrap());
    Selector { policy, filter }
}

fn semver(range: &str) -> Policy {
    Policy::Semver(Constraint::parse(range).unwrap())
}

fn candidate(key: &str) -> Verdict<'_> {
    Verdict::Candidate { key: key.into() }
}

fn selected(key: &str) -> Verdict<'_> {
    Verdict::Selected { key: key.into() }
}

#[test]
fn every_tag_has_a_verdict() {
    let tags = [
        "v1.1.0",
        "1.2.0",
        "v1.2.0",
        "latest",
        "1.3.0-rc.1",
        "2.0.0",
        "1.0.0",
        "x-1.2.0",
        "1.0.0",
    ];
    let explanation = selector(semver("1.x"), Some(("^v?(.*)$", "$1"))).explain(tags, 5);
    assert_eq!(
        explanation,
        Explanation {
            outcome: Ok("v1.2.0"),
            dropped: vec![
                (Rule::NotAVersion, 2),
                (Rule::PreRelease, 1),
                (Rule::OutOfRange, 1),
                (Rule::SameExtract, 1),
            ],
            runners_up: vec!["v1.1.0", "1.0.0"],
            verdicts: vec![
                ("1.0.0", candidate("1.0.0")),
                ("1.2.0", Verdict::SameExtract { kept: "v1.2.0" }),
                ("1.3.0-rc.1", Verdict::Dropped(Rule::PreRelease)),
                ("2.0.0", Verdict::Dropped(Rule::OutOfRange)),
                ("latest", Verdict::Dropped(Rule::NotAVersion)),
                ("v1.1.0", candidate("1.1.0")),
                ("v1.2.0", selected("1.2.0")),
                ("x-1.2.0", Verdict::Dropped(Rule::NotAVersion)),
            ],
            total: 8,
        }
    );
}

#[test]
fn composed_texts_are_shown() {
    let policy = Policy::Numerical(Order::Descending);
    let explanation = selector(policy, Some(("^(.)-(.)$", "$2$1"))).explain(["1-2", "2-1", "x"], 1);
    assert_eq!(explanation.outcome, Ok("2-1"));
    assert_eq!(explanation.dropped, [(Rule::FilterPattern, 1)]);
    assert_eq!(
        explanation.verdicts,
        [
            ("1-2", candidate("21")),
            ("2-1", selected("12")),
            ("x", Verdict::Dropped(Rule::FilterPattern))
        ]
    );
}

#[test]
fn a_failed_selection_has_no_runners_up() {
    let explanation = selector(Policy::Numerical(Order::Ascending), None).explain(["1", "x"], 5);
    assert_eq!(
        explanation.outcome,
        Err(SelectError::NotANumber {
            value: "x".to_owned()
        })
    );
    assert!(explanation.runners_up.is_empty());
    assert_eq!(
        explanation.verdicts,
        [
            ("1", candidate("1")),
            ("x", Verdict::Dropped(Rule::NotANumber))
        ]
    );
}

#[test]
fn runners_up_come_best_first_and_no_more_than_asked_for() {
    let tags = ["1", "3", "2.0", "2", "nan"];
    let selector = selector(Policy::Numerical(Order::Ascending), None);
    assert_eq!(
        selector.explain(tags, 9).runners_up,
        ["2.0", "2", "1", "nan"]
    );
    assert_eq!(selector.explain(tags, 2).runners_up, ["2.0", "2"]);
    assert_eq!(selector.explain(tags, 0).runners_up, [""; 0]);
}

#[test]
fn verdicts_name_their_rule() {
    assert_eq!(candidate("1").rule(), None);
    assert_eq!(selected("1").rule(), None);
    assert_eq!(
        Verdict::SameExtract { kept: "a" }.rule(),
        Some(Rule::SameExtract)
    );
    assert_eq!(
        Verdict::Dropped(Rule::PreRelease).rule(),
        Some(Rule::PreRelease)
    );
}

fn any_selector() -> impl Strategy<Value = Selector> {
    let policies = vec![
        semver("*"),
        semver(">=1.0.0-0 <2"),
        semver("~0.1 || 2.x"),
        Policy::Alphabetical(Order::Ascending),
        Policy::Alphabetical(Order::Descending),
        Policy::Numerical(Order::Ascending),
        Policy::Numerical(Order::Descending),
    ];
    let filters = vec![
        None,
        Some(("", "")),
        Some(("[0-9]", "")),
        Some(("^v?([0-9.]+)", "$1")),
        Some(("^v?([0-9]+)\\.?([0-9]*)", "$2.$1.0")),
        Some(("^(?P<n>[0-9]+)$", "$n")),
        Some(("(a)?", "$1")),
        Some(("(.)(.*)", "$2$2$2$2$2$2$2$2")),
    ];
    let filters = filters
        .into_iter()
        .map(|filter| filter.map(|(pattern, extract)| Filter::new(pattern, extract).unwrap()));
    (
        prop::sample::select(policies),
        prop::sample::select(filters.collect::<Vec<_>>()),
    )
        .prop_map(|(policy, filter)| Selector { policy, filter })
}

fn any_tags() -> impl Strategy<Value = Vec<String>> {
    let tag = prop_oneof![
        4 => "v?[0-2]\\.[0-2]\\.[0-2](-rc\\.[0-2])?",
        2 => "[0-9]{1,3}(\\.0)?",
        1 => "nan|-?inf|0x1p3|-0|1_0|latest|a{200}",
        1 => "\\PC{0,3}",
    ];
    prop::collection::vec(tag, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_explained_outcome_is_the_selected_tag(selector in any_selector(), tags in any_tags()) {
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let selected = selector.select(tags.iter().copied());
        let explanation = selector.explain(tags.iter().copied(), usize::MAX);
        prop_assert_eq!(&explanation.outcome, &selected);

        let chosen: Vec<_> = explanation
            .verdicts
            .iter()
            .filter(|(_, verdict)| matches!(verdict, Verdict::Selected { .. }))
            .map(|(tag, _)| *tag)
            .collect();
        prop_assert_eq!(chosen, selected.iter().copied().collect::<Vec<_>>());
        if let Ok(selected) = selected {
            prop_assert!(tags.contains(&selected));
            let dropped: usize = explanation.dropped.iter().map(|(_, count)| count).sum();
            prop_assert_eq!(1 + explanation.runners_up.len() + dropped, explanation.total);
        }
    }

    #[test]
    fn the_order_of_the_tags_and_repetitions_do_not_matter(
        selector in any_selector(),
        (tags, shuffled) in any_tags().prop_flat_map(|tags| (Just(tags.clone()), Just(tags).prop_shuffle())),
    ) {
        let tags = tags.iter().map(String::as_str);
        let shuffled = shuffled.iter().map(String::as_str);
        prop_assert_eq!(selector.select(tags.clone()), selector.select(shuffled.clone()));
        let repeated = shuffled.clone().chain(tags.clone());
        prop_assert_eq!(selector.explain(tags, 3), selector.explain(repeated, 3));
    }

    #[test]
    fn the_first_runner_up_is_what_is_selected_without_the_selected_tag(
        selector in any_selector(),
        tags in any_tags(),
    ) {
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let explanation = selector.explain(tags.iter().copied(), 1);
        // A tag of the same text would step in.
        let shadowed = explanation.dropped.iter().any(|(rule, _)| *rule == Rule::SameExtract);
        if let (Ok(selected), [next], false) = (&explanation.outcome, &explanation.runners_up[..], shadowed) {
            let rest = tags.iter().copied().filter(|tag| tag != selected);
            prop_assert_eq!(selector.select(rest), Ok(*next));
        }
    }
}
