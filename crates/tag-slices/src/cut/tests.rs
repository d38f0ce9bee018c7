use std::collections::HashSet;

use super::*;
use crate::SliceSet;
use crate::set::Held;

/// Versions with gaps, `count` of them.
fn versions(count: u32) -> Vec<String> {
    (0..count)
        .map(|n| format!("{}.{}.{}", n / 100, n % 100, n * 7 % 10))
        .collect()
}

fn history(tags: &[String]) -> TagHistory {
    TagHistory::first(Tags::from_unsorted(tags).unwrap())
}

fn set(slices: Vec<Slice>) -> SliceSet {
    let mut set = SliceSet::default();
    for slice in slices {
        set.insert(slice.name.clone(), Held::read(&slice.spec(), "1", 0));
    }
    set
}

#[test]
fn up_to_a_thousand_tags_are_one_slice_and_none_are_no_slice() {
    assert_eq!(cut("app", &history(&versions(1000))).len(), 1);
    assert!(cut("app", &history(&versions(1001))).len() > 1);
    assert!(cut("app", &TagHistory::default()).is_empty());
}

#[test]
fn slices_add_up_to_the_list_and_none_is_too_long() {
    for count in [1, 999, 1001, 1700, 6000] {
        let history = history(&versions(count));
        let slices = cut("app", &history);
        assert!(
            slices
                .iter()
                .all(|slice| slice.history.tags().len() <= MAX_TAGS),
            "{count}"
        );
        let names: HashSet<_> = slices.iter().map(|slice| &slice.name).collect();
        assert_eq!(names.len(), slices.len(), "{count}");
        assert_eq!(set(slices).assemble(), Ok(history), "{count}");
    }
}

#[test]
fn a_run_without_boundaries_is_cut_by_its_hashes() {
    let hashes: Vec<u64> = (0..5000).map(|n| n * 7919 % 5000 + 1).collect();
    let mut ranges = Vec::new();
    split(0..hashes.len(), &hashes, &mut ranges);
    assert!(
        ranges
            .iter()
            .all(|range| (250..=MAX_TAGS).contains(&range.len())),
        "{ranges:?}"
    );
    assert!(ranges.windows(2).all(|two| two[0].end == two[1].start));
    assert_eq!((ranges[0].start, ranges.last().unwrap().end), (0, 5000));
}

#[test]
fn a_new_tag_rewrites_one_slice_and_adds_one_where_it_splits() {
    let mut tags = versions(6000);
    let mut before = cut("app", &history(&tags));
    let mut moved = 0;
    for n in 0_u32..60 {
        tags.push(format!("{}.{}.9-rc{n}", n * 13 % 60, n * 29 % 100));
        let after = cut("app", &history(&tags));
        let splits = after.len().saturating_sub(before.len());
        let changes = set(before).changes(after.clone()).len();
        assert!((1..=4).contains(&changes), "{changes} changes for one tag");
        moved += usize::from(changes > 1 + splits);
        before = after;
    }
    assert!(
        moved <= 1,
        "a long run is cut elsewhere once in hundreds of tags, here {moved} times"
    );
}

#[test]
fn the_hash_stays_what_it_is() {
    let hashes = ["", "1.0.0", "latest"].map(hash);
    let expected = [
        0xf52a_15e9_a9b5_e89b,
        0x895b_a74d_3d54_78c1,
        0x304f_684d_1ea0_0da1,
    ];
    assert_eq!(hashes, expected);
}
