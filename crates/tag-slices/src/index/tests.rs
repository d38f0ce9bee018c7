use image_ref::Tags;
use kube::core::ObjectMeta;

use super::*;
use crate::{Slice, TagHistory};

fn object(name: &str, version: &str, owner: &str, tags: &[&str]) -> ImageTagSlice {
    let history = TagHistory::first(Tags::from_unsorted(tags).unwrap());
    let slice = Slice {
        name: name.to_owned(),
        history,
    };
    let reference = OwnerReference {
        api_version: "image.toolkit.fluxcd.io/v1".to_owned(),
        kind: "ImageRepository".to_owned(),
        name: "app".to_owned(),
        uid: owner.to_owned(),
        ..OwnerReference::default()
    };
    ImageTagSlice {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some("default".to_owned()),
            resource_version: Some(version.to_owned()),
            owner_references: Some(vec![reference]),
            ..ObjectMeta::default()
        },
        spec: slice.spec(),
    }
}

fn tags(index: &SliceIndex, owner: &str) -> Vec<String> {
    let history = index.set(owner).map(|set| set.assemble().unwrap());
    let tags = history.unwrap_or_default().into_tags();
    tags.iter().map(str::to_owned).collect()
}

fn app(uid: &str) -> Owner {
    Owner {
        namespace: "default".to_owned(),
        name: "app".to_owned(),
        uid: uid.to_owned(),
    }
}

#[test]
fn an_older_version_never_replaces_a_newer_one() {
    let mut index = SliceIndex::new();
    assert_eq!(
        index.apply(&object("one", "10", "u1", &["a"])),
        Some(app("u1"))
    );
    assert_eq!(index.apply(&object("one", "9", "u1", &["b"])), None);
    assert_eq!(
        index.apply(&object("one", "10", "u1", &["a"])),
        None,
        "an echo"
    );
    assert_eq!(tags(&index, "u1"), ["a"]);
    assert_eq!(
        index.apply(&object("one", "11", "u1", &["c"])),
        Some(app("u1"))
    );
    assert_eq!(tags(&index, "u1"), ["c"]);
}

#[test]
fn slices_of_another_owner_do_not_count() {
    let mut index = SliceIndex::new();
    index.apply(&object("one", "1", "u1", &["a"]));
    index.apply(&object("two", "2", "u2", &["b"]));
    let mut orphan = object("three", "3", "u1", &["c"]);
    orphan.metadata.owner_references = None;
    assert_eq!(index.apply(&orphan), None);
    assert_eq!(
        (tags(&index, "u1"), tags(&index, "u2")),
        (vec!["a".to_owned()], vec!["b".to_owned()])
    );

    orphan.metadata.name = Some("one".to_owned());
    orphan.metadata.resource_version = Some("4".to_owned());
    assert_eq!(index.apply(&orphan), Some(app("u1")), "it has lost a slice");
    assert!(index.set("u1").is_none());
}

#[test]
fn a_slice_that_moves_to_a_new_owner_leaves_the_old_one() {
    let mut index = SliceIndex::new();
    index.apply(&object("one", "1", "u1", &["a"]));
    assert_eq!(
        index.apply(&object("one", "2", "u2", &["a"])),
        Some(app("u2"))
    );
    assert!(index.set("u1").is_none());
    assert_eq!(tags(&index, "u2"), ["a"]);
}

#[test]
fn what_this_process_deleted_does_not_come_back_with_a_late_event() {
    let mut index = SliceIndex::new();
    index.apply(&object("one", "5", "u1", &["a"]));
    index.deleted("default", "one", "5");
    assert_eq!(index.apply(&object("one", "4", "u1", &["a"])), None);
    assert_eq!(index.apply(&object("one", "5", "u1", &["a"])), None);
    assert!(index.set("u1").is_none());

    assert_eq!(
        index.apply(&object("one", "8", "u1", &["b"])),
        Some(app("u1")),
        "created anew"
    );
    assert_eq!(
        index.delete(&object("one", "6", "u1", &["a"])),
        None,
        "the deletion is older"
    );
    assert_eq!(tags(&index, "u1"), ["b"]);
    assert_eq!(
        index.delete(&object("one", "9", "u1", &["b"])),
        Some(app("u1"))
    );
}

#[test]
fn a_deletion_that_the_watch_has_seen_first_leaves_nothing_behind() {
    let mut index = SliceIndex::new();
    index.apply(&object("one", "5", "u1", &["a"]));
    index.delete(&object("one", "6", "u1", &["a"]));
    index.deleted("default", "one", "5");
    assert!(index.deleted.is_empty());

    index.apply(&object("one", "9", "u1", &["b"]));
    index.deleted("default", "one", "5");
    assert_eq!(tags(&index, "u1"), ["b"], "created anew in the meantime");
}

#[test]
fn what_was_deleted_during_a_listing_does_not_come_back_behind_it() {
    let mut index = SliceIndex::new();
    index.apply(&object("one", "5", "u1", &["a"]));
    index.apply(&object("two", "6", "u1", &["b"]));
    index.deleted("default", "two", "6");
    index.begin();
    index.deleted("default", "one", "5");
    assert_eq!(index.apply(&object("one", "5", "u1", &["a"])), None);
    assert!(index.finish().is_empty());
    assert_eq!(index.apply(&object("one", "5", "u1", &["a"])), None);
    index.delete(&object("one", "7", "u1", &["a"]));
    assert!(index.deleted.is_empty(), "what is seen is forgotten");
}

#[test]
fn a_listing_drops_what_it_does_not_name_and_keeps_what_is_written_meanwhile() {
    let mut index = SliceIndex::new();
    index.apply(&object("gone", "5", "u1", &["a"]));
    index.apply(&object("kept", "6", "u2", &["b"]));
    index.apply(&object("restored", "90", "u4", &["x"]));
    index.begin();
    index.apply(&object("written", "9", "u3", &["c"]));
    assert_eq!(index.apply(&object("kept", "6", "u2", &["b"])), None);
    index.apply(&object("restored", "7", "u4", &["y"]));
    assert!(!index.is_listed());
    assert_eq!(index.finish(), [app("u1")]);
    assert!(index.is_listed());
    assert!(index.set("u1").is_none());
    assert_eq!(tags(&index, "u2"), ["b"]);
    assert_eq!(tags(&index, "u3"), ["c"]);
    assert_eq!(
        tags(&index, "u4"),
        ["y"],
        "a restored cluster counts from an earlier number"
    );
}

#[test]
fn a_slice_left_from_a_repository_of_the_same_name_is_replaced() {
    let mut index = SliceIndex::new();
    index.apply(&object("app-1", "5", "u1", &["a"]));
    let mut orphan = object("app-2", "6", "", &["b"]);
    orphan.metadata.owner_references = None;
    index.apply(&orphan);
    assert!(index.set("").is_none());
    let slice = |name: &str| Slice {
        name: name.to_owned(),
        history: TagHistory::default(),
    };
    let changes = index.changes(
        &app("u2"),
        vec![slice("app-1"), slice("app-2"), slice("app-3")],
    );
    let replace = |name: &str, version: &str| Change::Replace {
        slice: slice(name),
        resource_version: version.to_owned(),
    };
    let expected = [
        replace("app-1", "5"),
        replace("app-2", "6"),
        Change::Create(slice("app-3")),
    ];
    assert_eq!(changes, expected);
}
