use api::Time;
use api::repin::v1alpha1::Observation;
use image_ref::Tags;
use k8s_openapi::jiff::Timestamp;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::*;
use crate::cut;

fn history(tags: &[&str]) -> TagHistory {
    TagHistory::first(Tags::from_unsorted(tags).unwrap())
}

fn slice(name: &str, tags: &[&str]) -> Slice {
    Slice {
        name: name.to_owned(),
        history: history(tags),
    }
}

fn set(slices: impl IntoIterator<Item = Slice>) -> SliceSet {
    let mut set = SliceSet::default();
    for slice in slices {
        write(&mut set, slice);
    }
    set
}

fn write(set: &mut SliceSet, slice: Slice) {
    let held = Held::read(&slice.spec(), "7", 0);
    set.insert(slice.name, held);
}

fn status(history: &TagHistory) -> ScanResult {
    ScanResult {
        revision: Some(revision(history.tags())),
        tag_count: i64::try_from(history.tags().len()).unwrap(),
        ..ScanResult::default()
    }
}

#[test]
fn equal_content_is_left_alone() {
    let set = set([
        slice("one", &["a", "b"]),
        slice("two", &["c"]),
        slice("three", &["d"]),
    ]);
    let changes = set.changes(vec![
        slice("one", &["a", "b"]),
        slice("two", &["c", "cc"]),
        slice("four", &["e"]),
    ]);
    let expected = [
        Change::Create(slice("four", &["e"])),
        Change::Replace {
            slice: slice("two", &["c", "cc"]),
            resource_version: "7".to_owned(),
        },
        Change::Delete {
            name: "three".to_owned(),
            resource_version: "7".to_owned(),
        },
    ];
    assert_eq!(changes, expected);
}

#[test]
fn a_slice_that_says_the_same_in_another_way_is_rewritten() {
    let time = |seconds| Some(Time(Timestamp::from_second(seconds).unwrap()));
    let observation = |seconds: Option<i64>, tags: &[&str]| Observation {
        first_seen: seconds.and_then(time),
        tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
    };
    let spec = |tag_count, observations: &[Observation]| ImageTagSliceSpec {
        tag_count,
        observations: observations.to_vec(),
    };
    let (old, new) = (observation(None, &["a", "b"]), observation(Some(5), &["c"]));
    let specs = [
        (0, spec(3, &[old.clone(), new.clone()])),
        (1, spec(2, &[old.clone(), new.clone()])),
        (1, spec(3, &[new.clone(), old.clone()])),
        (1, spec(3, &[observation(None, &["b", "a"]), new.clone()])),
        (
            1,
            spec(3, &[observation(None, &["a", "b", "b"]), new.clone()]),
        ),
        (
            1,
            spec(3, &[old.clone(), observation(Some(4), &[]), new.clone()]),
        ),
        (
            1,
            spec(
                3,
                &[observation(None, &["a"]), observation(None, &["b"]), new],
            ),
        ),
    ];
    let history = TagHistory::from_observations(&specs[0].1.observations).unwrap();
    for (changes, spec) in specs {
        let held = Held::read(&spec, "7", 0);
        assert_eq!(held.history.unpack(), history, "{spec:?}");
        let mut set = SliceSet::default();
        set.insert("one".to_owned(), held);
        let wanted = Slice {
            name: "one".to_owned(),
            history: history.clone(),
        };
        assert_eq!(set.changes(vec![wanted]).len(), changes, "{spec:?}");
    }
}

#[test]
fn slices_that_overlap_are_no_list() {
    let overlapping = set([slice("one", &["a", "c"]), slice("two", &["b", "d"])]);
    let error = overlapping.assemble().unwrap_err();
    assert_eq!(
        error.to_string(),
        "slices one and two overlap at tag \"b\": expected each tag in one slice"
    );
    assert_eq!(overlapping.remembered(), Ok(history(&["a", "b", "c", "d"])));
}

#[test]
fn only_the_list_of_the_status_is_complete() {
    let whole = history(&["a", "b", "c"]);
    let set = set([slice("one", &["a", "b"]), slice("two", &["c"])]);
    assert_eq!(set.complete(&status(&whole)), Some(whole));
    assert_eq!(
        set.complete(&status(&history(&["a", "b"]))),
        None,
        "one too many"
    );
    assert_eq!(
        set.complete(&status(&history(&["a", "b", "d"]))),
        None,
        "another one"
    );
    let empty = status(&TagHistory::default());
    assert_eq!(
        SliceSet::default().complete(&empty),
        Some(TagHistory::default())
    );
    let of_flux = ScanResult {
        revision: Some("18153657".to_owned()),
        ..empty
    };
    assert_eq!(SliceSet::default().complete(&of_flux), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Writing may end after any change: what the slices remember then still tells the time of every tag that stays.
    #[test]
    fn an_interrupted_write_forgets_no_time(
        old in btree_set(0_u32..3000, 0..2500),
        new in btree_set(0_u32..3000, 0..2500),
        scans in vec(1_i64..100, 1..3),
        done in any::<prop::sample::Index>(),
    ) {
        let tags = |numbers: &std::collections::BTreeSet<u32>| {
            Tags::from_unsorted(numbers.iter().map(|n| format!("v{n:x}"))).unwrap()
        };
        let mut before = TagHistory::first(Tags::default());
        for seconds in scans {
            before = before.next(tags(&old), &Time(Timestamp::from_second(seconds).unwrap()));
        }
        let after = before.next(tags(&new), &Time(Timestamp::from_second(500).unwrap()));
        let mut set = set(cut("app", &before));
        let changes = set.changes(cut("app", &after));
        let done = done.index(changes.len() + 1);
        for change in changes.into_iter().take(done) {
            match change {
                Change::Create(slice) | Change::Replace { slice, .. } => write(&mut set, slice),
                Change::Delete { name, .. } => set.remove(&name),
            }
        }
        let remembered = set.remembered().unwrap();
        for (tag, time) in before.iter().filter(|(tag, _)| after.tags().contains(tag)) {
            prop_assert_eq!(remembered.first_seen(tag), Some(time));
        }
    }
}
