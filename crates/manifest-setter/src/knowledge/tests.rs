use yaml_setter::LatestImage;

use super::*;

fn id(number: usize) -> ObjectId {
    let mut bytes = [0; 20];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    ObjectId::try_from(bytes.as_slice()).unwrap()
}

fn children(count: usize) -> Arc<[Child]> {
    let child = |number| Child {
        name: format!("child-{number:04}.yaml").into(),
        id: id(number),
        kind: ChildKind::Manifest,
    };
    (0..count).map(child).collect()
}

fn setters(tag: &str) -> Setters {
    let mut setters = Setters::new();
    for name in ["app", "other"] {
        let image = LatestImage {
            name: "reg.io/app",
            tag: if name == "app" { tag } else { "9" },
            digest: None,
        };
        setters.policy("ns", name, &image);
    }
    setters
}

#[test]
fn what_a_file_says_holds_as_long_as_its_own_setters_do() {
    let content = b"a: reg.io/app:1 # {\"$imagepolicy\": \"ns:app\"}\nb: x # {\"$imagepolicy\": \"ns:none\"}\n";
    let knowledge = Knowledge::default();
    let before = setters("1");
    assert!(knowledge.file(id(1), &before).is_none());
    let reading = Reading::new(yaml_setter::edit(content, &before), &before);
    assert_eq!(
        (
            reading.found.markers,
            reading.found.findings.len(),
            reading.found.edits.len()
        ),
        (2, 1, 0)
    );
    knowledge.learn_file(id(1), Arc::new(reading));

    let mut another = setters("1");
    let image = LatestImage {
        name: "reg.io/other",
        tag: "10",
        digest: None,
    };
    another.policy("ns", "other", &image);
    assert!(
        knowledge.file(id(1), &another).is_some(),
        "a policy that it does not name"
    );
    assert!(
        knowledge.file(id(1), &setters("2")).is_none(),
        "another tag"
    );
    another.policy("ns", "none", &image);
    assert!(
        knowledge.file(id(1), &another).is_none(),
        "a policy that there was not before"
    );
}

#[test]
fn what_is_used_is_kept_and_the_rest_forgotten_at_the_bound() {
    let mut recent = Recent::new(100_000);
    recent.insert(id(0), children(1));
    let mut forgotten = 0;
    for number in 1..2_000 {
        recent.insert(id(number), children(20));
        assert!(recent.get(&id(0)).is_some(), "after {number}");
        let held: usize = recent
            .young
            .values()
            .chain(recent.old.values())
            .map(|value| ENTRY + value.weight())
            .sum();
        assert!(held < 210_000, "{held}");
        forgotten = number + 1 - recent.young.len() - recent.old.len();
    }
    assert!(forgotten > 1_700, "{forgotten}");
    assert!(recent.get(&id(1)).is_none());
}

#[test]
fn what_is_learned_twice_counts_once() {
    let mut recent = Recent::new(100_000);
    for _ in 0..1_000 {
        recent.insert(id(1), children(20));
    }
    assert_eq!(recent.weight, ENTRY + children(20).weight());
    assert!(recent.old.is_empty());
}
