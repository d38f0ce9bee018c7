use api::image::v1::{ImageRepositorySpec, LocalObjectReference};
use image_ref::ImageName;
use kube::core::ObjectMeta;

use super::*;
use crate::validate::AccessSpec;

fn repository(name: &str, uid: &str) -> ImageRepository {
    ImageRepository {
        metadata: ObjectMeta {
            namespace: Some("default".to_owned()),
            name: Some(name.to_owned()),
            uid: Some(uid.to_owned()),
            ..ObjectMeta::default()
        },
        ..ImageRepository::default()
    }
}

fn valid(image: &str, interval: u64, secret: &str) -> Valid {
    let reference = LocalObjectReference {
        name: secret.to_owned(),
    };
    Valid {
        image: ImageName::parse(image).unwrap(),
        interval: Duration::from_secs(interval),
        timeout: Duration::from_secs(60),
        exclusions: Vec::new(),
        asks_for: AccessSpec::of(&ImageRepositorySpec {
            secret_ref: Some(reference),
            ..ImageRepositorySpec::default()
        }),
    }
}

#[tokio::test]
async fn the_users_of_a_secret_are_those_that_name_it_in_its_namespace() {
    let memory = Memory::new();
    for (name, secret) in [("one", "mine"), ("two", "mine"), ("three", "other")] {
        memory.meet(
            &repository(name, name),
            &valid("ghcr.io/org/app", 60, secret),
        );
    }
    let mut users: Vec<String> = memory
        .users_of("default", "mine")
        .into_iter()
        .map(|user| user.name)
        .collect();
    users.sort();
    assert_eq!(users, ["one", "two"]);
    assert!(memory.users_of("elsewhere", "mine").is_empty());
    memory.forget(&Reference::from(&repository("one", "one")));
    assert_eq!(memory.users_of("default", "mine").len(), 1);
}

#[tokio::test]
async fn an_object_that_was_created_anew_begins_anew() {
    let memory = Memory::new();
    let valid = valid("ghcr.io/org/app", 60, "mine");
    memory.scanned(&repository("one", "u1"), ScannedWith::default());
    let recalled = |uid| memory.recall(&repository("one", uid), &valid, &Sources::default());
    assert!(recalled("u1").is_some());
    assert!(recalled("u2").is_none());
}

#[tokio::test]
async fn a_request_is_owed_until_a_scan() {
    let memory = Memory::new();
    let one = repository("one", "u1");
    assert!(!memory.owes(&one, None));
    assert!(memory.owes(&one, Some("now")));
    assert!(memory.owes(&one, None), "the pass has failed");
    memory.scanned(&one, ScannedWith::default());
    assert!(!memory.owes(&one, None));
}

#[tokio::test]
async fn an_object_is_at_rest_unless_its_slices_are_being_written() {
    let memory = Memory::new();
    let one = repository("one", "u1");
    let reference = Reference::from(&one);
    assert!(!memory.is_at_rest(&reference), "nobody knows it");
    let writing = memory.writing(&one);
    assert!(!memory.is_at_rest(&reference));
    drop(writing);
    assert!(memory.is_at_rest(&reference));
}

#[tokio::test(start_paused = true)]
async fn scans_due_at_the_start_are_spread_over_a_tenth_of_the_interval_and_five_minutes_at_most() {
    let memory = Memory::new();
    let holds = |interval| -> Vec<Duration> {
        let image = |n| format!("ghcr.io/org/app{n}");
        (0..200)
            .map(|n| memory.hold(&valid(&image(n), interval, "mine")))
            .collect()
    };
    for (interval, window) in [(600, 60), (86_400, 300)] {
        let holds = holds(interval);
        let quarter = Duration::from_secs(window) / 4;
        assert!(holds.iter().all(|hold| *hold < quarter * 4));
        for part in 0..4 {
            let within = |hold: &&Duration| (quarter * part..quarter * (part + 1)).contains(*hold);
            assert!(holds.iter().filter(within).count() > 20, "{holds:?}");
        }
    }
    assert_eq!(holds(600), holds(600));
    tokio::time::advance(Duration::from_secs(60)).await;
    assert!(holds(600).iter().all(Duration::is_zero));
}
