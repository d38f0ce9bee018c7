use std::cell::Cell;

use api::image::v1::ScanResult;
use api::repin::v1alpha1::ImageTagSlice;
use image_ref::Tags;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::core::ObjectMeta;
use tag_slices::{SliceIndex, cut, revision};

use super::*;

/// A list of so many tags, and its slices.
fn large(uid: &str, count: usize) -> (ListId, SliceSet) {
    let tags = Tags::from_unsorted((0..count).map(|number| format!("{uid}-{number}"))).unwrap();
    let list = ListId {
        uid: uid.into(),
        image: "reg.io/app".into(),
        result: Arc::new(ScanResult {
            revision: Some(revision(&tags)),
            tag_count: i64::try_from(count).unwrap(),
            ..ScanResult::default()
        }),
    };
    let mut index = SliceIndex::new();
    for slice in cut("app", &TagHistory::first(tags)) {
        let owner = OwnerReference {
            api_version: "image.toolkit.fluxcd.io/v1".to_owned(),
            kind: "ImageRepository".to_owned(),
            name: "app".to_owned(),
            uid: uid.to_owned(),
            ..OwnerReference::default()
        };
        index.apply(&ImageTagSlice {
            metadata: ObjectMeta {
                name: Some(slice.name.clone()),
                namespace: Some("apps".to_owned()),
                resource_version: Some("1".to_owned()),
                owner_references: Some(vec![owner]),
                ..ObjectMeta::default()
            },
            spec: slice.spec(),
        });
    }
    (list, index.set(uid).unwrap().clone())
}

#[tokio::test]
async fn a_large_list_is_put_together_once() {
    let (list, slices) = large("a", LARGE + 1);
    let (lists, asked) = (Lists::default(), Cell::new(0));
    for _ in 0..3 {
        let ask = || {
            asked.set(asked.get() + 1);
            slices.clone()
        };
        let history = lists.get((&list, 0), ask).await.unwrap().unwrap();
        assert_eq!(history.tags().len(), LARGE + 1);
    }
    assert_eq!(asked.get(), 1);
}

#[tokio::test]
async fn slices_that_are_another_list_give_none_and_are_not_kept() {
    for count in [LARGE + 1, 10] {
        let (list, slices) = large("a", count);
        let (_, others) = large("b", count);
        let lists = Lists::default();
        assert_eq!(lists.get((&list, 0), || others).await.unwrap(), None);
        let history = lists.get((&list, 0), || slices).await.unwrap();
        assert_eq!(history.unwrap().tags().len(), count);
    }
}

#[tokio::test]
async fn what_is_kept_is_bounded() {
    let lists = Lists::default();
    let uids: Vec<String> = (0..KEPT + 3).map(|number| number.to_string()).collect();
    for uid in &uids {
        let (list, slices) = large(uid, LARGE + 1);
        lists.get((&list, 0), || slices).await.unwrap().unwrap();
    }
    let kept: Vec<String> = lists
        .kept
        .lock()
        .iter()
        .map(|((list, _), _)| list.uid.to_string())
        .collect();
    assert_eq!(kept, uids[3..]);
    // A newer list of a repository takes the place of the older one.
    let (newer, slices) = large(&uids[3], LARGE + 2);
    lists.get((&newer, 0), || slices).await.unwrap().unwrap();
    let kept = lists.kept.lock();
    assert_eq!(kept.len(), KEPT);
    assert_eq!(kept.last().unwrap().0, (newer, 0));
}

#[tokio::test]
async fn the_same_tags_with_other_times_are_put_together_anew() {
    let (list, slices) = large("a", LARGE + 1);
    let (lists, asked) = (Lists::default(), Cell::new(0));
    for version in [1, 1, 2] {
        let ask = || {
            asked.set(asked.get() + 1);
            slices.clone()
        };
        lists.get((&list, version), ask).await.unwrap().unwrap();
    }
    assert_eq!((asked.get(), lists.kept.lock().len()), (2, 1));
}
