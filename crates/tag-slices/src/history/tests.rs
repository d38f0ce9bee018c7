use proptest::collection::{btree_map, btree_set};
use proptest::option;
use proptest::prelude::*;

use super::*;

fn time(seconds: i64) -> Time {
    Time(Timestamp::from_second(seconds).unwrap())
}

fn tags(tags: impl IntoIterator<Item = impl AsRef<str>>) -> Tags {
    Tags::from_unsorted(tags).unwrap()
}

/// Any history: up to 40 tags, some without a time, times from a small range so that they coincide.
pub(crate) fn histories() -> impl Strategy<Value = TagHistory> {
    btree_map("[a-z0-9]{1,3}", option::of(0_i64..8), 0..40).prop_map(|entries| {
        let entries: Vec<_> = entries
            .into_iter()
            .map(|(tag, seconds)| (tag, seconds.map(time)))
            .collect();
        let entries = entries.iter().map(|(tag, time)| (&**tag, time.as_ref()));
        TagHistory::from_ascending(entries).unwrap()
    })
}

proptest! {
    #[test]
    fn observations_say_it_all(history in histories()) {
        let observations = history.observations();
        prop_assert!(observations.windows(2).all(|two| two[0].first_seen < two[1].first_seen));
        prop_assert_eq!(TagHistory::from_observations(&observations).unwrap(), history);
    }

    #[test]
    fn each_tag_is_known_with_its_time(history in histories(), other in "[a-z0-9]{1,3}") {
        let expected = history.iter().find(|(tag, _)| *tag == other).map(|(_, time)| time);
        prop_assert_eq!(history.first_seen(&other), expected);
        for (tag, time) in history.iter() {
            prop_assert_eq!(history.first_seen(tag), Some(time));
        }
    }

    #[test]
    fn the_next_scan_keeps_what_is_known_and_never_goes_back(
        history in histories(),
        listed in btree_set("[a-z0-9]{1,3}", 0..40),
        now in 0_i64..12,
    ) {
        let listed = tags(&listed);
        let next = history.next(listed.clone(), &time(now));
        prop_assert_eq!(next.tags(), &listed);
        let noted = history.iter().filter_map(|(_, time)| time).max().max(Some(&time(now))).cloned();
        for (tag, seen) in next.iter() {
            let expected = history.first_seen(tag).unwrap_or(noted.as_ref());
            prop_assert_eq!(seen, expected, "tag {}", tag);
        }
    }

    #[test]
    fn the_same_list_again_changes_nothing(history in histories(), now in 0_i64..12) {
        prop_assert_eq!(history.next(history.tags().clone(), &time(now)), history);
    }

    #[test]
    fn age_parts_the_list(history in histories(), age in 0_u64..12, now in 0_i64..12) {
        let aged = history.aged(Duration::from_secs(age), &time(now));
        let age = i64::try_from(age).unwrap();
        let reached = |time: &Time| time.0.as_second() + age;
        let mut next = None;
        for (tag, seen) in history.iter() {
            let young = seen.is_some_and(|seen| reached(seen) > now);
            prop_assert_eq!(aged.old_enough.contains(tag), !young);
            let at = seen.filter(|_| young).map(&reached);
            next = [next, at].into_iter().flatten().min();
        }
        prop_assert_eq!(aged.old_enough.len() + aged.too_young, history.tags().len());
        prop_assert_eq!(aged.next, next.map(time));
    }
}

#[test]
fn tags_of_the_first_scan_are_old_enough_for_every_age() {
    let aged = TagHistory::first(tags(["1.0.0"])).aged(Duration::MAX, &time(0));
    assert_eq!(
        (aged.old_enough.len(), aged.too_young, aged.next),
        (1, 0, None)
    );
}

#[test]
fn an_age_beyond_the_end_of_time_is_never_reached() {
    let history = TagHistory::first(Tags::default()).next(tags(["1.0.0"]), &time(5));
    let aged = history.aged(Duration::MAX, &time(1_000));
    assert_eq!(
        (aged.old_enough.len(), aged.too_young, aged.next),
        (0, 1, None)
    );
}

#[test]
fn times_are_whole_seconds() {
    let now = Time(Timestamp::from_millisecond(5_900).unwrap());
    let history = TagHistory::first(Tags::default()).next(tags(["1.0.0"]), &now);
    assert_eq!(history.first_seen("1.0.0"), Some(Some(&time(5))));
}

#[test]
fn of_two_observations_of_a_tag_the_earlier_counts() {
    let observation = |first_seen: Option<i64>, tags: &[&str]| Observation {
        first_seen: first_seen.map(time),
        tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
    };
    let observations = [
        observation(Some(9), &["c", "a", "b"]),
        observation(Some(3), &["b"]),
        observation(None, &["a"]),
    ];
    let history = TagHistory::from_observations(&observations).unwrap();
    assert_eq!(history.first_seen("a"), Some(None));
    assert_eq!(history.first_seen("b"), Some(Some(&time(3))));
    assert_eq!(history.first_seen("c"), Some(Some(&time(9))));
}
