use kube::core::ObjectMeta;

use super::*;

fn secret(name: &str, version: &str) -> PartialObjectMeta<Secret> {
    PartialObjectMeta {
        metadata: ObjectMeta {
            namespace: Some("default".to_owned()),
            name: Some(name.to_owned()),
            resource_version: Some(version.to_owned()),
            ..ObjectMeta::default()
        },
        ..PartialObjectMeta::default()
    }
}

fn names(changed: Vec<Name>) -> Vec<String> {
    let mut names: Vec<String> = changed.into_iter().map(|(_, name)| name).collect();
    names.sort();
    names
}

#[test]
fn a_secret_is_news_when_its_version_is_new_or_it_goes() {
    let mut secrets = Secrets::default();
    assert_eq!(
        names(secrets.take_in(&Event::Apply(secret("one", "1")))),
        ["one"]
    );
    assert!(
        secrets
            .take_in(&Event::Apply(secret("one", "1")))
            .is_empty()
    );
    assert_eq!(
        names(secrets.take_in(&Event::Apply(secret("one", "2")))),
        ["one"]
    );
    assert_eq!(
        names(secrets.take_in(&Event::Delete(secret("one", "3")))),
        ["one"]
    );
}

#[test]
fn a_new_listing_tells_what_has_changed_while_the_watch_was_cut() {
    let mut secrets = Secrets::default();
    for name in ["same", "changed", "gone"] {
        secrets.take_in(&Event::Apply(secret(name, "1")));
    }
    assert!(secrets.take_in(&Event::Init).is_empty());
    assert!(
        secrets
            .take_in(&Event::InitApply(secret("same", "1")))
            .is_empty()
    );
    assert_eq!(
        names(secrets.take_in(&Event::InitApply(secret("changed", "2")))),
        ["changed"]
    );
    assert_eq!(
        names(secrets.take_in(&Event::InitApply(secret("new", "1")))),
        ["new"]
    );
    assert_eq!(names(secrets.take_in(&Event::InitDone)), ["gone"]);
    assert!(secrets.take_in(&Event::Init).is_empty());
    let again = names(secrets.take_in(&Event::InitDone));
    assert_eq!(again, ["changed", "new", "same"]);
}
