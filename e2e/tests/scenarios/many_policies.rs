//! Many policies on one repository: one new tag is one evaluation of each, and a write where the choice changes.

use e2e::objects::{image_policy, image_repository};
use e2e::stage::{EVALUATOR, SCANNER, Stage};
use test_support::registry::Registry;

const POLICIES: usize = 40;

#[tokio::test]
async fn a_new_tag_is_written_where_the_choice_changes() {
    let registry = Registry::start().await;
    registry.set_tags("app", ["1.0.0", "2.0.0"]);
    let stage = Stage::start().await;
    let scanner = stage.controller(SCANNER, &[]).await;
    let evaluator = stage.controller(EVALUATOR, &[]).await;
    stage
        .create(&image_repository("app", &registry.image("app")))
        .await;
    for (name, range, _) in policies() {
        stage.create(&image_policy(&name, "app", range)).await;
    }
    for (name, _, tag) in policies() {
        stage.until_selected(&name, tag).await;
    }
    let before = evaluator.passes("ImagePolicy").await;
    scanner.forget_writes();
    evaluator.forget_writes();

    registry.push_tag("app", "2.1.0");
    stage.request("app").await;
    for (name, ..) in policies() {
        evaluator
            .until_passed("ImagePolicy", &name, before[&name] + 1)
            .await;
    }
    let moved = policies().filter(|(_, _, tag)| *tag == "2.0.0");
    let mut expected: Vec<_> = moved
        .map(|(name, ..)| format!("Patch imagepolicies/{name}/status"))
        .collect();
    for (name, _, tag) in policies() {
        let tag = if tag == "2.0.0" { "2.1.0" } else { tag };
        stage.until_selected(&name, tag).await;
    }
    expected.sort();
    let mut written = evaluator.writes();
    written.sort();
    assert_eq!(written, expected);
    let after = evaluator.passes("ImagePolicy").await;
    for (name, ..) in policies() {
        assert_eq!(after[&name], before[&name] + 1, "passes of {name}");
    }
    assert_eq!(
        scanner.writes().len(),
        2,
        "one slice and one status: {:?}",
        scanner.writes()
    );
    stage.finish([scanner, evaluator]).await;
}

/// Name, range and selected tag of each policy; every other one moves.
fn policies() -> impl Iterator<Item = (String, &'static str, &'static str)> {
    (0..POLICIES).map(|number| {
        let (range, tag) = match number % 2 {
            0 => ("1.x", "1.0.0"),
            _ => ("2.x", "2.0.0"),
        };
        (format!("policy-{number}"), range, tag)
    })
}
