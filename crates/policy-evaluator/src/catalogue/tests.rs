use api::image::v1::{ImageRepositoryStatus, ScanResult};
use image_ref::Tags;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::core::ObjectMeta;
use tag_slices::{TagHistory, cut, revision};

use super::*;

const IMAGE: &str = "reg.io/team/app";

fn policy() -> PolicyRef {
    ObjectRef::new("policy").within("apps")
}

fn repository_ref() -> RepositoryRef {
    ObjectRef::new("app").within("apps")
}

fn tags(tags: &[&str]) -> Tags {
    Tags::from_unsorted(tags).unwrap()
}

/// The repository `app`, which was scanned with these tags as an image of this name.
fn repository(image: &str, scanned: Option<(&str, &[&str])>) -> ImageRepository {
    let text = serde_json::json!({
        "apiVersion": "image.toolkit.fluxcd.io/v1",
        "kind": "ImageRepository",
        "metadata": {"name": "app", "namespace": "apps", "uid": "u1"},
        "spec": {"image": image, "interval": "1m"},
    });
    let mut repository: ImageRepository = serde_json::from_value(text).unwrap();
    repository.status = scanned.map(|(canonical, found)| ImageRepositoryStatus {
        canonical_image_name: Some(canonical.to_owned()),
        last_scan_result: Some(ScanResult {
            revision: Some(revision(&tags(found))),
            tag_count: i64::try_from(found.len()).unwrap(),
            ..ScanResult::default()
        }),
        ..ImageRepositoryStatus::default()
    });
    repository
}

/// The only slice of the repository.
fn slice(found: &[&str], version: u32) -> ImageTagSlice {
    let slice = cut("app", &TagHistory::first(tags(found))).remove(0);
    ImageTagSlice {
        metadata: ObjectMeta {
            name: Some(slice.name.clone()),
            namespace: Some("apps".to_owned()),
            resource_version: Some(version.to_string()),
            owner_references: Some(vec![OwnerReference {
                api_version: "image.toolkit.fluxcd.io/v1".to_owned(),
                kind: "ImageRepository".to_owned(),
                name: "app".to_owned(),
                uid: "u1".to_owned(),
                ..OwnerReference::default()
            }]),
            ..ObjectMeta::default()
        },
        spec: slice.spec(),
    }
}

/// A catalogue with a scanned repository, and the policy evaluated with it.
fn scanned(found: &[&str]) -> Catalogue {
    let catalogue = Catalogue::default();
    let scanned = repository(IMAGE, Some((IMAGE, found)));
    catalogue.repository_event(&Event::Apply(scanned));
    catalogue.slice_event(&Event::Apply(slice(found, 1)));
    assert!(look(&catalogue).list.is_some());
    catalogue
}

fn look(catalogue: &Catalogue) -> Snapshot {
    catalogue.look(&policy(), &repository_ref())
}

fn list_events<K>(objects: Vec<K>) -> Vec<Event<K>> {
    let objects = objects.into_iter().map(Event::InitApply);
    std::iter::once(Event::Init)
        .chain(objects)
        .chain([Event::InitDone])
        .collect()
}

#[test]
fn a_new_tag_concerns_the_policy_once_whichever_comes_first() {
    let (before, after) = (["1.0.0"], ["1.0.0", "1.1.0"]);
    let status = || Event::Apply(repository(IMAGE, Some((IMAGE, &after))));
    let slices = || Event::Apply(slice(&after, 2));

    let catalogue = scanned(&before);
    assert_eq!(catalogue.slice_event(&slices()), []);
    assert_eq!(catalogue.repository_event(&status()), [policy()]);
    look(&catalogue);
    assert_eq!(catalogue.repository_event(&status()), []);
    assert_eq!(catalogue.slice_event(&slices()), []);

    let catalogue = scanned(&before);
    assert_eq!(catalogue.repository_event(&status()), []);
    assert_eq!(catalogue.slice_event(&slices()), [policy()]);
}

#[test]
fn a_pass_under_way_is_not_asked_for_again() {
    let catalogue = scanned(&["1.0.0"]);
    let changed = Event::Apply(repository(IMAGE, Some((IMAGE, &["1.1.0"]))));
    assert_eq!(catalogue.repository_event(&changed), [policy()]);
    let seen = look(&catalogue);
    assert_eq!(catalogue.repository_event(&changed), []);
    // What it saw was the old slice: the count is the same, the revision is not. It looks again, and then waits.
    assert!(catalogue.not_evaluated(&policy(), &seen));
    let seen = look(&catalogue);
    assert!(!catalogue.not_evaluated(&policy(), &seen));
    let written = Event::Apply(slice(&["1.1.0"], 2));
    assert_eq!(catalogue.slice_event(&written), [policy()]);
}

#[test]
fn a_list_of_another_image_is_none() {
    let found = ["1.0.0"];
    let catalogue = scanned(&found);
    let renamed = "reg.io/team/other";
    let edited = repository(renamed, Some((IMAGE, &found)));
    assert_eq!(
        catalogue.repository_event(&Event::Apply(edited)),
        [policy()]
    );
    let seen = look(&catalogue);
    assert_eq!(seen.list, None);
    assert!(!catalogue.not_evaluated(&policy(), &seen));
    // The new image has the same tags, so the revision does not change.
    let scanned = repository(renamed, Some((renamed, &found)));
    assert_eq!(
        catalogue.repository_event(&Event::Apply(scanned)),
        [policy()]
    );
    assert_eq!(&*look(&catalogue).list.unwrap().image, renamed);
}

#[test]
fn a_repository_that_comes_goes_or_admits_others_concerns_its_policies() {
    let found = ["1.0.0"];
    let catalogue = Catalogue::default();
    assert!(look(&catalogue).repository.is_none());
    let object = repository(IMAGE, Some((IMAGE, &found)));
    let appears = Event::Apply(object.clone());
    assert_eq!(catalogue.repository_event(&appears), [policy()]);
    assert_eq!(catalogue.repository_event(&appears), []);
    let mut open = object.clone();
    open.spec.access_from = Some(api::image::v1::AccessFrom::default());
    assert_eq!(
        catalogue.repository_event(&Event::Apply(open.clone())),
        [policy()]
    );
    let mut slower = open.clone();
    slower.spec.interval = api::Duration::from_secs(7200);
    slower.spec.exclusion_list = vec!["x".to_owned()];
    slower.spec.suspend = true;
    assert_eq!(catalogue.repository_event(&Event::Apply(slower)), []);
    assert_eq!(catalogue.repository_event(&Event::Delete(open)), [policy()]);
    assert!(look(&catalogue).repository.is_none());
}

#[test]
fn a_new_listing_tells_what_has_changed_since() {
    let found = ["1.0.0"];
    let catalogue = scanned(&found);
    let told = |objects| -> Vec<PolicyRef> {
        let events = list_events(objects).into_iter();
        events
            .flat_map(|event| catalogue.repository_event(&event))
            .collect()
    };
    let object = repository(IMAGE, Some((IMAGE, &found)));
    assert_eq!(told(vec![object]), []);
    assert_eq!(told(vec![]), [policy()], "it is gone");

    let catalogue = scanned(&found);
    let events = list_events::<ImageTagSlice>(vec![]);
    for event in events {
        assert_eq!(catalogue.slice_event(&event), [], "nothing is complete");
    }
    let seen = look(&catalogue);
    assert_eq!(seen.list, None);
    assert!(!catalogue.not_evaluated(&policy(), &seen));
    let events = list_events(vec![slice(&found, 2)]).into_iter();
    let told: Vec<_> = events
        .flat_map(|event| catalogue.slice_event(&event))
        .collect();
    assert_eq!(told, [policy()]);
}

#[test]
fn a_policy_that_refers_elsewhere_or_is_gone_is_not_named_any_more() {
    let catalogue = scanned(&["1.0.0"]);
    let other = ObjectRef::new("other").within("apps");
    catalogue.look(&policy(), &other);
    let changed = Event::Apply(repository("reg.io/x/y", None));
    assert_eq!(catalogue.repository_event(&changed), []);
    look(&catalogue);
    catalogue.forget(&policy());
    let changed = Event::Apply(repository(IMAGE, None));
    assert_eq!(catalogue.repository_event(&changed), []);
    let state = catalogue.state.lock();
    assert!(state.dependents.is_empty() && state.references.is_empty());
}

#[test]
fn a_list_of_no_tags_needs_no_slice() {
    let catalogue = Catalogue::default();
    let empty = repository(IMAGE, Some((IMAGE, &[])));
    catalogue.repository_event(&Event::Apply(empty));
    assert!(look(&catalogue).list.is_some());
}

#[test]
fn a_trace_is_continued_where_the_list_is_new() {
    let catalogue = scanned(&["1.0.0"]);
    let after = ["1.0.0", "1.1.0"];
    let mut traced = slice(&after, 2);
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned();
    let annotations = [(TRACEPARENT.to_owned(), trace.clone())];
    traced.metadata.annotations = Some(annotations.into());
    catalogue.slice_event(&Event::Apply(traced));
    catalogue.repository_event(&Event::Apply(repository(IMAGE, Some((IMAGE, &after)))));
    assert_eq!(catalogue.trace(&policy()), Some(trace));
    look(&catalogue);
    assert_eq!(catalogue.trace(&policy()), None);
}
