//! `minimumAge` and `downgradePolicy`.

use proptest::prelude::*;

use super::*;

const HOUR: i64 = 3600;
const AGED: &str = r#""policy": {"semver": {"range": "*"}}, "minimumAge": "1h""#;

/// What was decided: the message, and the second at which time changes it.
fn decide(
    evaluator: &Evaluator,
    tags: &[(&str, Option<i64>)],
    (current, now): (Option<&str>, i64),
) -> (Result<String, String>, Option<i64>) {
    let (history, current) = (history(tags), current.map(reference));
    let facts = Facts {
        image: IMAGE,
        history: &history,
        current: current.as_ref(),
        now: &at(now),
    };
    let second = |time: Option<Time>| time.map(|time| time.0.as_second() - at(0).0.as_second());
    match evaluator.decide(&facts) {
        Ok(decision) => {
            let message = decision.message(&decision.latest, None);
            let told = message.strip_prefix("Latest image tag for reg.io/app resolved to ");
            (Ok(told.unwrap().to_owned()), second(decision.wake))
        }
        Err(error) => {
            let wake = match &error {
                EvaluateError::TooYoung { wake, .. } => second(wake.clone()),
                EvaluateError::NoTags | EvaluateError::Select(_) => None,
            };
            (Err(error.to_string()), wake)
        }
    }
}

#[test]
fn a_tag_becomes_a_candidate_at_its_age() {
    let evaluator = evaluator(AGED);
    let tags = [("1.0.0", None), ("1.1.0", Some(60))];
    let check = |now, expected: &str, wake| {
        let decided = decide(&evaluator, &tags, (Some("1.0.0"), now));
        assert_eq!(decided, (Ok(expected.to_owned()), wake), "{now}");
    };
    let waits = "1.0.0; 1.1.0 waits for minimumAge 1h0m0s until 2026-01-01T01:01:00Z";
    check(60, waits, Some(HOUR + 60));
    check(HOUR + 59, waits, Some(HOUR + 60));
    check(HOUR + 60, "1.1.0", None);
}

#[test]
fn only_what_would_be_chosen_is_waited_for() {
    let evaluator = evaluator(AGED);
    // Lower than the choice, or no version at all; then two better ones.
    let tags = [
        ("1.0.0", None),
        ("0.9.0", Some(1)),
        ("latest", Some(2)),
        ("1.1.0", Some(30)),
        ("1.2.0", Some(40)),
    ];
    assert_eq!(
        decide(&evaluator, &tags[..3], (None, 3)),
        (Ok("1.0.0".to_owned()), None)
    );
    let (told, wake) = decide(&evaluator, &tags, (None, 50));
    assert_eq!(
        told.unwrap(),
        "1.0.0; 1.2.0 waits for minimumAge 1h0m0s until 2026-01-01T01:00:40Z"
    );
    assert_eq!(wake, Some(HOUR + 30), "1.1.0 is chosen in the meantime");
}

#[test]
fn nothing_to_choose_says_what_is_waited_for() {
    let evaluator = evaluator(AGED);
    let tags = [("1.0.0", Some(10)), ("1.1.0", Some(20))];
    let told = "no tag is old enough: 1.1.0 waits for minimumAge 1h0m0s until 2026-01-01T01:00:20Z";
    assert_eq!(
        decide(&evaluator, &tags, (None, 30)),
        (Err(told.to_owned()), Some(HOUR + 10))
    );
    // Where no age would help, the words are those of Flux.
    let told = "unable to determine latest version from provided list";
    let nothing = decide(&evaluator, &[("latest", Some(1))], (None, 2));
    assert_eq!(nothing, (Err(told.to_owned()), None));
}

#[test]
fn a_choice_is_not_taken_back_because_it_is_young() {
    let evaluator = evaluator(AGED);
    let tags = [("1.0.0", None), ("1.1.0", Some(10))];
    let kept = decide(&evaluator, &tags, (Some("1.1.0"), 20));
    assert_eq!(kept, (Ok("1.1.0".to_owned()), None));
    // Only an existing one stays, and only one of this image.
    let gone = decide(&evaluator, &tags[..1], (Some("1.1.0"), 20));
    assert_eq!(gone, (Ok("1.0.0".to_owned()), None));
    let history = history(&tags);
    let other = ImageRef {
        name: "reg.io/other".to_owned(),
        ..reference("1.1.0")
    };
    let facts = Facts {
        image: IMAGE,
        history: &history,
        current: Some(&other),
        now: &at(20),
    };
    assert_eq!(evaluator.decide(&facts).unwrap().latest, reference("1.0.0"));
}

#[test]
fn an_age_beyond_the_end_of_time_is_never_reached() {
    let evaluator = evaluator(r#""policy": {"semver": {"range": "*"}}, "minimumAge": "2562047h""#);
    let far = Time("9998-01-01T00:00:00Z".parse().unwrap());
    let observations = [Observation {
        first_seen: Some(far.clone()),
        tags: vec!["1.0.0".to_owned()],
    }];
    let history = TagHistory::from_observations(&observations).unwrap();
    let facts = Facts {
        image: IMAGE,
        history: &history,
        current: None,
        now: &far,
    };
    assert_eq!(
        evaluator.decide(&facts).unwrap_err().to_string(),
        "no tag is old enough: 1.0.0 never reaches minimumAge 2562047h0m0s"
    );
}

#[test]
fn a_number_that_is_none_fails_once_it_counts() {
    let evaluator = evaluator(r#""policy": {"numerical": {}}, "minimumAge": "1h""#);
    let tags = [("1", None), ("two", Some(10))];
    assert_eq!(
        decide(&evaluator, &tags, (None, 20)),
        (Ok("1".to_owned()), Some(HOUR + 10))
    );
    let told = "failed to parse invalid numeric value 'two'";
    assert_eq!(
        decide(&evaluator, &tags, (None, HOUR + 10)),
        (Err(told.to_owned()), None)
    );
}

#[test]
fn refuse_keeps_the_choice_where_the_new_one_is_lower() {
    let check = |range: &str, tags: &[&str], current: &str, expected: &str| {
        let evaluator = evaluator(&format!(
            r#""policy": {{"semver": {{"range": "{range}"}}}}, "downgradePolicy": "Refuse""#
        ));
        let tags: Vec<_> = tags.iter().map(|&tag| (tag, None)).collect();
        let (told, _) = decide(&evaluator, &tags, (Some(current), 0));
        assert_eq!(told.unwrap(), expected, "{range} {tags:?} {current}");
    };
    check("*", &["1.0.0", "1.1.0"], "1.0.0", "1.1.0");
    check(
        "*",
        &["1.0.0", "1.1.0"],
        "1.2.0",
        "1.2.0; downgradePolicy Refuse keeps it: the tag is no longer listed and the policy now selects the lower 1.1.0",
    );
    check(
        "1.x",
        &["1.0.0", "2.0.0"],
        "2.0.0",
        "2.0.0; downgradePolicy Refuse keeps it: the policy no longer accepts the tag and now selects the lower 1.0.0",
    );
    check(
        "1.x",
        &["1.0.0", "latest"],
        "latest",
        "latest; downgradePolicy Refuse keeps it: the policy now selects 1.0.0 and cannot tell which of them is lower",
    );
    // Out of range or gone, but lower than the new choice; and another spelling of the same version.
    check("2.x", &["1.0.0", "2.0.0"], "1.0.0", "2.0.0");
    check("2.x", &["2.0.0"], "1.9.0", "2.0.0");
    check("*", &["1.0.0"], "v1.0.0", "1.0.0");
}

#[test]
fn another_image_is_no_downgrade_and_allow_is_the_default() {
    let tags = history(&[("1.0.0", None)]);
    let chosen = |spec: &str, current: &ImageRef| {
        let facts = Facts {
            image: IMAGE,
            history: &tags,
            current: Some(current),
            now: &at(0),
        };
        let decision = evaluator(spec).decide(&facts).unwrap();
        (decision.latest.tag, decision.refused)
    };
    let other = ImageRef {
        name: "reg.io/other".to_owned(),
        ..reference("2.0.0")
    };
    let refuse = r#""policy": {"semver": {"range": "*"}}, "downgradePolicy": "Refuse""#;
    assert_eq!(chosen(refuse, &other), ("1.0.0".to_owned(), None));
    let allow = r#""policy": {"semver": {"range": "*"}}"#;
    assert_eq!(
        chosen(allow, &reference("2.0.0")),
        ("1.0.0".to_owned(), None)
    );
}

#[test]
fn both_say_what_they_hold_back() {
    let evaluator = evaluator(&format!(r#"{AGED}, "downgradePolicy": "Refuse""#));
    let tags = [("1.0.0", None), ("1.1.0", Some(10)), ("1.3.0", Some(20))];
    let (told, wake) = decide(&evaluator, &tags, (Some("1.2.0"), 30));
    assert_eq!(
        told.unwrap(),
        "1.2.0; downgradePolicy Refuse keeps it: the tag is no longer listed and the policy now selects the lower 1.0.0; \
         1.3.0 waits for minimumAge 1h0m0s until 2026-01-01T01:00:20Z"
    );
    assert_eq!(wake, Some(HOUR + 20), "1.1.0 would be refused as well");
}

#[test]
fn a_policy_says_what_memory_it_needs() {
    let needs = |more: &str| {
        evaluator(&format!(r#""policy": {{"alphabetical": {{}}}}{more}"#)).memory_needed()
    };
    assert_eq!(needs(""), None);
    assert_eq!(
        needs(r#", "minimumAge": "0s", "downgradePolicy": "Allow""#),
        None
    );
    assert_eq!(needs(r#", "minimumAge": "1s""#), Some("minimumAge"));
    assert_eq!(
        needs(r#", "downgradePolicy": "Refuse""#),
        Some("downgradePolicy")
    );
}

#[test]
fn the_reasons_are_those_of_the_decision() {
    let evaluator = evaluator(AGED);
    let history = history(&[
        ("1.0.0", None),
        ("1.1.0", Some(10)),
        ("1.2.0", Some(11)),
        ("old", None),
        ("young", Some(10)),
    ]);
    let facts = Facts {
        image: IMAGE,
        history: &history,
        current: None,
        now: &at(20),
    };
    let explained = evaluator.explain(&facts, 1);
    assert_eq!(explained.decision.unwrap().latest.tag, "1.0.0");
    assert_eq!(explained.explanation.outcome, Ok("1.0.0"));
    assert_eq!(explained.explanation.total, 2);
    assert_eq!(explained.too_young, 3);
    assert_eq!(explained.best_too_young, [("1.2.0", Some(at(HOUR + 11)))]);
}

/// Tags of few versions, some from the first scan, some seen within the last hour.
fn any_tags() -> impl Strategy<Value = Vec<(String, Option<i64>)>> {
    let tag = "[0-1]\\.[0-3]\\.0";
    let seen = prop_oneof![Just(None), (0..6_i64).prop_map(|step| Some(step * 600))];
    prop::collection::btree_map(tag, seen, 1..8).prop_map(|tags| tags.into_iter().collect())
}

proptest! {
    /// Until the time to wake up the choice stays, and at that time it changes.
    #[test]
    fn the_policy_wakes_when_its_choice_changes_and_not_before(
        tags in any_tags(),
        current in prop::option::of("[0-1]\\.[0-3]\\.0"),
        refuse in any::<bool>(),
    ) {
        let refusing = if refuse { r#", "downgradePolicy": "Refuse""# } else { "" };
        let evaluator = evaluator(&format!("{AGED}{refusing}"));
        let tags: Vec<(&str, Option<i64>)> = tags.iter().map(|(tag, seen)| (tag.as_str(), *seen)).collect();
        let history = history(&tags);
        let mut current = current.as_deref().map(reference);
        let choose = |second, current: &Option<ImageRef>| {
            let now = at(second);
            let facts = Facts { image: IMAGE, history: &history, current: current.as_ref(), now: &now };
            match evaluator.decide(&facts) {
                Ok(decision) => (Some(decision.latest), decision.wake),
                Err(EvaluateError::TooYoung { wake, .. }) => (None, wake),
                Err(EvaluateError::NoTags | EvaluateError::Select(_)) => (None, None),
            }
        };
        let start = 3000;
        let (mut latest, mut wake) = choose(start, &current);
        for second in (start..=3 * HOUR).step_by(100) {
            current = latest.clone().or(current);
            let (chosen, next) = choose(second, &current);
            let woken = wake.as_ref().is_some_and(|wake| *wake <= at(second));
            prop_assert_eq!(chosen != latest, woken, "at {}: {:?} to {:?}", second, &latest, &chosen);
            (latest, wake) = (chosen, next);
        }
        prop_assert_eq!(wake, None, "nothing is too young for ever");
    }

    /// With Refuse the choice never becomes lower, whatever the registry holds.
    #[test]
    fn refuse_never_goes_down(lists in prop::collection::vec(any_tags(), 1..6)) {
        let evaluator = evaluator(r#""policy": {"semver": {"range": "*"}}, "downgradePolicy": "Refuse""#);
        let mut current: Option<ImageRef> = None;
        for tags in &lists {
            let tags: Vec<(&str, Option<i64>)> = tags.iter().map(|(tag, seen)| (tag.as_str(), *seen)).collect();
            let history = history(&tags);
            let facts = Facts { image: IMAGE, history: &history, current: current.as_ref(), now: &at(0) };
            let latest = evaluator.decide(&facts).unwrap().latest;
            if let Some(current) = &current {
                prop_assert!(latest.tag >= current.tag);
            }
            current = Some(latest);
        }
    }
}
