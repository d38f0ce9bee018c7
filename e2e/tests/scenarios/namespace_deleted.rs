//! A namespace that is deleted with everything in it, while both controllers work there.

use e2e::objects::{image_policy, image_repository};
use e2e::stage::{EVALUATOR, SCANNER, Stage};
use test_support::registry::Registry;

#[tokio::test]
async fn a_namespace_goes_and_the_others_stay() {
    let registry = Registry::start().await;
    let stage = Stage::alone().await;
    let scanner = stage.controller(SCANNER, &[]).await;
    let evaluator = stage.controller(EVALUATOR, &[]).await;
    let doomed = stage.sibling().await;
    for place in [&stage, &doomed] {
        for name in ["one", "two"] {
            let image = registry.image(&format!("{name}-1500"));
            place.create(&image_repository(name, &image)).await;
            place.create(&image_policy(name, name, "1.x")).await;
        }
    }
    for place in [&stage, &doomed] {
        place.until_selected("one", "1.14.99").await;
        place.until_selected("two", "1.14.99").await;
    }

    doomed.delete_namespace().await;

    // What is left works, and nothing more is told of what is gone.
    registry.push_tag("one-1500", "1.15.0");
    stage.request("one").await;
    stage.until_selected("one", "1.15.0").await;
    for controller in [&scanner, &evaluator] {
        controller.until_forgotten(doomed.namespace()).await;
    }
    stage.finish([scanner, evaluator]).await;
}
