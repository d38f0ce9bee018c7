use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn tags(tags: &[&str]) -> Tags {
    Tags::from_unsorted(tags).unwrap()
}

#[test]
fn tags_are_listed_once_in_byte_order() {
    let tags = tags(&["v2", "V1", "v10", "v2", "_", "1.0"]);
    assert_eq!(
        tags.iter().collect::<Vec<_>>(),
        ["1.0", "V1", "_", "v10", "v2"]
    );
    assert_eq!(tags.iter().next_back(), Some("v2"));
    assert_eq!(tags.iter().len(), 5);
    assert_eq!(
        (tags.get(0), tags.get(4), tags.get(5)),
        (Some("1.0"), Some("v2"), None)
    );
    assert!(tags.contains("_") && !tags.contains("v1"));
}

#[test]
fn an_empty_list_is_empty() {
    let tags = tags(&[]);
    assert!(tags.is_empty() && tags.iter().next().is_none() && !tags.contains(""));
    assert_eq!(tags, Tags::default());
    assert_eq!(tags.checksum_input().count(), 0);
}

#[test]
fn pages_in_order_and_out_of_order_make_the_same_list() {
    let mut ascending = TagsBuilder::new();
    let mut descending = TagsBuilder::new();
    for number in 0..1000 {
        ascending.push(&format!("{number:04}")).unwrap();
        descending.push(&format!("{:04}", 999 - number)).unwrap();
    }
    assert_eq!(ascending.finish(), descending.finish());
}

#[test]
fn retaining_keeps_the_order() {
    let tags = tags(&["a", "b-sig", "c", "d-sig"]).retain(|tag| !tag.ends_with("-sig"));
    assert_eq!(tags.iter().collect::<Vec<_>>(), ["a", "c"]);
}

#[test]
fn the_checksum_input_ends_each_tag_with_a_newline() {
    assert_eq!(
        tags(&["b", "a"])
            .checksum_input()
            .collect::<Vec<_>>()
            .concat(),
        b"b\na\n"
    );
}

#[test]
fn a_list_that_outgrows_its_bound_is_refused() {
    let mut builder = TagsBuilder::new();
    builder.push(&"a".repeat(MAX_TAG_BYTES)).unwrap();
    assert_eq!(builder.push("b"), Err(TagsTooLarge));
    assert_eq!(
        TagsTooLarge.to_string(),
        "too many tags: together they exceed 67108864 bytes"
    );
}

#[test]
fn tags_print_as_a_list() {
    assert_eq!(format!("{:?}", tags(&["b", "a"])), r#"["a", "b"]"#);
}

proptest! {
    #[test]
    fn the_list_is_the_sorted_set(input in prop::collection::vec("[ab\\PC]{0,3}", 0..40), probe in "[ab]{0,2}") {
        let tags = Tags::from_unsorted(&input).unwrap();
        let set: BTreeSet<&str> = input.iter().map(String::as_str).collect();
        prop_assert!(tags.iter().eq(set.iter().copied()));
        prop_assert!(tags.iter().rev().eq(set.iter().rev().copied()));
        prop_assert_eq!(tags.contains(&probe), set.contains(probe.as_str()));
        prop_assert_eq!(Tags::from_unsorted(&tags).unwrap(), tags);
    }
}
