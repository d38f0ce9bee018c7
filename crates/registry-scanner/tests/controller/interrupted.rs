//! Passes that something interrupts: edits, conflicts, the end of the process.

use api::labels::IMAGE_REPOSITORY;
use api::repin::v1alpha1::ImageTagSlice;
use kube::api::{DeleteParams, ListParams};
use serde_json::json;
use test_support::api_proxy::{Calls, Effect, Point};
use test_support::cluster::eventually;
use test_support::registry::Endpoint;

use crate::setup::{Setup, is_ready, result, slice_writes, status_writes, versions};

#[tokio::test]
async fn an_object_that_is_edited_while_its_scan_runs_is_scanned_again() {
    let setup = Setup::start().await;
    setup.registry.set_tags("app", ["1.0.0"]);
    setup.registry.set_tags("other", ["2.0.0", "3.0.0"]);
    let hold = setup.registry.hold(Endpoint::Tags);
    setup.apply(&json!({ "interval": "1h" })).await;
    setup.registry.until_held(1).await;
    setup
        .patch(&json!({ "spec": { "image": setup.registry.image("other") } }))
        .await;
    drop(hold);
    setup
        .until("the list of the new image", |repository| {
            is_ready(repository) && result(repository).tag_count == 2
        })
        .await;
    assert_eq!(
        setup.tags().await.into_keys().collect::<Vec<_>>(),
        ["2.0.0", "3.0.0"]
    );
}

#[tokio::test]
async fn a_crash_between_slices_and_status_loses_no_age() {
    let mut setup = Setup::start().await;
    setup.registry.set_tags("app", versions(1500));
    setup.apply(&json!({ "interval": "1h" })).await;
    setup.ready().await;
    setup.registry.push_tag("app", "2.0.0");

    let hold = setup.proxy.hold(status_writes(), Point::Before);
    setup.request("now").await;
    hold.reached().await;
    let seen = setup.tags().await["2.0.0"].clone();
    assert!(seen.is_some());
    setup.scanner.kill9();
    hold.abandoned().await;
    drop(hold);

    setup.proxy.forget();
    setup.registry.push_tag("app", "3.0.0");
    setup.scanner.restart();
    let repository = setup
        .until("both new tags", |repository| {
            is_ready(repository) && result(repository).tag_count == 1502
        })
        .await;
    let tags = setup.tags().await;
    assert_eq!(tags["2.0.0"], seen);
    assert_eq!(tags["3.0.0"], result(&repository).scan_time);
    assert_eq!(tags["1.0.0"], None);
    assert_eq!(setup.proxy.count(&slice_writes()), 1, "the slice of 3.0.0");
}

#[tokio::test]
async fn a_crash_between_two_slices_is_made_good() {
    let mut setup = Setup::start().await;
    setup.registry.set_tags("app", versions(3000));
    let hold = setup.proxy.hold(slice_writes(), Point::Before).after(2);
    setup.apply(&json!({ "interval": "1h" })).await;
    hold.reached().await;
    setup.scanner.kill9();
    hold.abandoned().await;
    drop(hold);
    setup.scanner.restart();
    let repository = setup.ready().await;
    assert_eq!(result(&repository).tag_count, 3000);
    let tags = setup.tags().await;
    assert_eq!(tags.len(), 3000);
    assert!(
        tags.values().all(Option::is_none),
        "all are of the first complete scan"
    );
}

#[tokio::test]
async fn a_crash_after_the_last_slice_went_makes_no_new_tag_old() {
    let mut setup = Setup::start().await;
    setup.registry.set_tags("app", ["1.0.0"]);
    setup.apply(&json!({ "interval": "1h" })).await;
    setup.ready().await;
    setup.registry.set_tags("app", [] as [&str; 0]);
    let hold = setup.proxy.hold(status_writes(), Point::Before);
    setup.request("now").await;
    hold.reached().await;
    assert!(setup.slices().await.is_empty());
    setup.scanner.kill9();
    hold.abandoned().await;
    drop(hold);

    setup.registry.set_tags("app", ["2.0.0"]);
    setup.scanner.restart();
    let repository = setup
        .until("the new tag", |repository| {
            is_ready(repository) && result(repository).latest_tags == ["2.0.0"]
        })
        .await;
    assert_eq!(setup.tags().await["2.0.0"], result(&repository).scan_time);
}

#[tokio::test]
async fn a_request_whose_pass_fails_before_its_scan_is_owed() {
    let setup = Setup::start().await;
    setup.registry.set_tags("app", ["1.0.0"]);
    setup.apply_secret("right", &json!({})).await;
    setup
        .apply(&json!({ "interval": "1h", "secretRef": { "name": "registry" } }))
        .await;
    setup.ready().await;
    setup.registry.push_tag("app", "2.0.0");
    setup
        .proxy
        .fail_always(Calls::to("secrets"), Effect::Status(403));
    setup.reconcile("now").await;
    setup.not_ready("AuthenticationFailed").await;
    setup.proxy.heal();
    let repository = setup.ready().await;
    assert_eq!(result(&repository).tag_count, 2);
}

#[tokio::test]
async fn slices_beside_one_that_is_refused_lead_to_no_pass() {
    let setup = Setup::without_retries().await;
    setup.registry.set_tags("app", versions(30_000));
    setup
        .apply(&json!({ "interval": "1h", "timeout": "50s" }))
        .await;
    setup.ready().await;
    let names = setup.slices().await.into_iter();
    let names: Vec<String> = names.filter_map(|slice| slice.metadata.name).collect();

    for n in 0..300 {
        setup.registry.push_tag("app", &format!("1.{n}.0-new"));
    }
    setup.registry.forget_requests();
    let refused = slice_writes().named(&names[0]);
    setup.proxy.fail_always(refused, Effect::Status(403));
    setup.request("now").await;
    setup.not_ready("ReadOperationFailed").await;
    setup.reconcile("again").await;
    setup.proxy.heal();
    setup.reconcile("once more").await;
    setup.ready().await;
    assert_eq!(setup.lists(), 3 * 31, "three scans of 31 pages");
}

#[tokio::test]
async fn a_slice_that_cannot_be_written_holds_the_status_back() {
    let setup = Setup::start().await;
    setup.registry.set_tags("app", ["1.0.0"]);
    setup.apply(&json!({ "interval": "1h" })).await;
    let before = setup.ready().await;
    setup.registry.push_tag("app", "2.0.0");
    setup.proxy.fail_always(slice_writes(), Effect::Status(409));
    setup.request("now").await;
    let failed = setup.not_ready("ReadOperationFailed").await;
    let beginning = format!(
        "scan failed: failed to set tags for {:?}: ",
        setup.registry.image("app")
    );
    let text = crate::setup::message(&failed);
    assert!(text.starts_with(&beginning), "{text}");
    assert_eq!(result(&failed), result(&before));
    setup.proxy.heal();
    let repository = setup.ready().await;
    assert_eq!(
        (result(&repository).tag_count, setup.tags().await.len()),
        (2, 2)
    );
}

#[tokio::test]
async fn slices_that_somebody_deletes_while_others_are_written_come_back() {
    let setup = Setup::start().await;
    setup.registry.set_tags("app", versions(3000));
    setup.registry.set_tags("two", ["1.0.0"]);
    setup.apply(&json!({ "interval": "1h" })).await;
    let two = setup.registry.image("two");
    setup
        .apply_named("two", &two, &json!({ "interval": "1h" }))
        .await;
    setup.ready().await;
    setup.until_named("two", "it is ready", is_ready).await;
    let slices = setup.namespace.api::<ImageTagSlice>();
    let of_two = ListParams::default().labels(&format!("{IMAGE_REPOSITORY}=two"));
    let of_two = slices.list(&of_two).await.unwrap().items.remove(0);
    let first = setup.slices().await.remove(0);

    setup.registry.push_tag("app", "9.0.0");
    let hold = setup.proxy.hold(slice_writes(), Point::After);
    setup.request("now").await;
    hold.reached().await;
    let lists = setup.lists();
    for slice in [first, of_two] {
        let name = slice.metadata.name.unwrap();
        drop(
            slices
                .delete(&name, &DeleteParams::default())
                .await
                .unwrap(),
        );
    }
    eventually("the watch has shown both", async || {
        (setup.lists() > lists).then_some(())
    })
    .await;
    drop(hold);
    eventually("the slice is back", async || {
        (setup.tags().await.len() == 3001).then_some(())
    })
    .await;
    setup.ready().await;
}

#[tokio::test]
async fn an_answer_that_gets_lost_is_found_out() {
    let setup = Setup::start().await;
    setup.registry.set_tags("app", ["1.0.0"]);
    setup.proxy.fail(slice_writes(), 1, Effect::LoseAnswer);
    setup.apply(&json!({ "interval": "1h" })).await;
    let repository = setup.ready().await;
    assert_eq!(
        (result(&repository).tag_count, setup.tags().await.len()),
        (1, 1)
    );
}

#[tokio::test]
async fn another_object_of_the_same_name_takes_its_slices_over() {
    let setup = Setup::start().await;
    setup.registry.set_tags("app", ["1.0.0"]);
    setup.apply(&json!({ "interval": "1h" })).await;
    let first = setup.ready().await;
    let api = setup.namespace.api::<api::image::v1::ImageRepository>();
    drop(
        api.delete("app", &kube::api::DeleteParams::default())
            .await
            .unwrap(),
    );
    eventually("the object is gone", async || {
        api.get_opt("app").await.unwrap().is_none().then_some(())
    })
    .await;
    setup.apply(&json!({ "interval": "1h" })).await;
    let second = setup.ready().await;
    assert_ne!(first.metadata.uid, second.metadata.uid);
    eventually("its own slice", async || {
        let slices = setup.slices().await;
        let owner = slices
            .first()?
            .metadata
            .owner_references
            .as_ref()?
            .first()?;
        (slices.len() == 1 && Some(&owner.uid) == second.metadata.uid.as_ref()).then_some(())
    })
    .await;
}
