//! Which lists are evaluated, and how often.

use api::image::v1::ImagePolicy;
use kube::api::{DeleteParams, ListParams};
use serde_json::json;
use tag_slices::{TagHistory, cut};
use test_support::api_proxy::{Calls, Effect};
use test_support::cluster::eventually;

use crate::setup::{ANY_VERSION, IMAGE, Setup, chosen, message, now, status, tags};

/// So many versions of one major number, and these.
fn many(count: usize, more: &[&str]) -> Vec<String> {
    let versions = (0..count).map(|n| format!("1.{}.{}", n / 100, n % 100));
    versions
        .chain(more.iter().map(|&tag| tag.to_owned()))
        .collect()
}

fn history(found: &[String]) -> TagHistory {
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    TagHistory::first(tags(&found))
}

#[tokio::test]
async fn one_new_tag_is_one_evaluation_and_one_write() {
    let setup = Setup::start().await;
    setup.apply_repository(IMAGE).await;
    setup.scanned(IMAGE, &["1.0.0"]).await;
    setup.apply_policy(ANY_VERSION).await;
    setup.chooses("1.0.0").await;
    let evaluations = setup.evaluations().await;
    setup.proxy.forget();

    setup.scanned(IMAGE, &["1.0.0", "1.1.0"]).await;
    setup.chooses("1.1.0").await;
    assert_eq!(setup.evaluations().await, evaluations + 1);
    assert_eq!(setup.status_writes(), 1);

    // A tag that is not chosen is looked at, and nothing is written.
    setup.scanned(IMAGE, &["1.0.0", "1.0.1", "1.1.0"]).await;
    eventually("the evaluation", async || {
        (setup.evaluations().await == evaluations + 2).then_some(())
    })
    .await;
    // A scan that finds the same is no reason to look.
    let same = tags(&["1.0.0", "1.0.1", "1.1.0"]);
    setup.write_status(IMAGE, &same).await;
    setup.scanned(IMAGE, &["1.0.0", "1.1.0", "1.2.0"]).await;
    setup.chooses("1.2.0").await;
    assert_eq!(setup.evaluations().await, evaluations + 3);
    assert_eq!(setup.status_writes(), 2);
}

#[tokio::test]
async fn a_choice_is_counted_once_however_often_it_takes_to_write_it() {
    let setup = Setup::start().await;
    let calls = Calls::status_writes("imagepolicies");
    setup.proxy.fail(calls, 2, Effect::Status(500));
    setup.apply_repository(IMAGE).await;
    setup.scanned(IMAGE, &["1.0.0"]).await;
    setup.apply_policy(ANY_VERSION).await;
    setup.chooses("1.0.0").await;
    let counted = async || setup.counted("repin_policy_choices_changed_total").await;
    eventually("the choice is counted", async || {
        (counted().await > 0).then_some(())
    })
    .await;
    assert_eq!(counted().await, 1);
    assert!(setup.evaluations().await > 2);
}

#[tokio::test]
async fn a_part_of_a_list_is_never_chosen_from() {
    let setup = Setup::start().await;
    setup.apply_repository(IMAGE).await;
    let old = history(&many(3000, &["2.0.0"]));
    setup.scanned_history(IMAGE, &old).await;
    setup.apply_policy(ANY_VERSION).await;
    let before = setup.chooses("2.0.0").await;
    let evaluations = setup.evaluations().await;

    // The status first, then the slices one by one: at no moment but the last do they belong together.
    let new = history(&many(3000, &["0.1.0", "2.1.0", "3.0.0"]));
    setup.write_status(IMAGE, new.tags()).await;
    let slices = cut("app", &new);
    assert!(slices.len() > 2);
    for (count, slice) in slices.iter().enumerate() {
        setup.write_slice(slice).await;
        if count + 1 < slices.len() {
            let policy = setup.reconcile(&format!("{count}")).await;
            let (mut policy, mut before) = (status(&policy), status(&before));
            policy.last_handled_reconcile_at = None;
            before.last_handled_reconcile_at = None;
            assert_eq!(policy, before, "nothing is chosen, and nothing is said");
        }
    }
    setup.write_slices(&slices).await;
    setup.chooses("3.0.0").await;
    assert_eq!(setup.evaluations().await, evaluations + 1);
}

#[tokio::test]
async fn slices_of_the_same_count_and_another_content_are_waited_for() {
    let setup = Setup::start().await;
    setup.apply_repository(IMAGE).await;
    setup.scanned(IMAGE, &["1.0.0", "1.1.0"]).await;
    setup.apply_policy(ANY_VERSION).await;
    setup.chooses("1.1.0").await;
    let evaluations = setup.evaluations().await;
    let after = ["1.0.0", "1.2.0"];
    setup.write_status(IMAGE, &tags(&after)).await;
    let policy = setup.reconcile("now").await;
    assert_eq!(chosen(&policy).as_deref(), Some("1.1.0"));
    assert_eq!(setup.evaluations().await, evaluations);
    setup
        .write_slices(&cut("app", &TagHistory::first(tags(&after))))
        .await;
    setup.chooses("1.2.0").await;
    assert_eq!(setup.evaluations().await, evaluations + 1);
}

#[tokio::test]
async fn a_new_image_is_never_named_with_tags_of_the_old_one() {
    let setup = Setup::start().await;
    setup.apply_repository(IMAGE).await;
    setup.scanned(IMAGE, &["1.0.0"]).await;
    setup.apply_policy(ANY_VERSION).await;
    let before = setup.chooses("1.0.0").await;
    let other = "reg.example/team/other";
    setup.apply_repository(other).await;
    let policy = setup.reconcile("now").await;
    assert_eq!(status(&policy).latest_ref, status(&before).latest_ref);
    // It says that it waits, and not that the choice is one of the other image.
    assert_eq!(
        message(&policy),
        "retrying in 30s error: no tags in database"
    );
    // The other image has the same tags, and so the same revision.
    setup.scanned(other, &["1.0.0"]).await;
    let policy = setup
        .until("the new name", |policy| {
            status(policy)
                .latest_ref
                .is_some_and(|latest| latest.name == other)
        })
        .await;
    let text = "Latest image tag for reg.example/team/other resolved to 1.0.0 (previously reg.example/team/app:1.0.0)";
    assert_eq!(message(&policy), text);
}

#[tokio::test]
async fn a_repository_that_is_deleted_and_comes_back() {
    let setup = Setup::start().await;
    setup.apply_repository(IMAGE).await;
    setup.scanned(IMAGE, &["1.0.0"]).await;
    setup.apply_policy(ANY_VERSION).await;
    setup.chooses("1.0.0").await;
    setup.delete_repository().await;
    let text = "failed to get the referred ImageRepository: referenced ImageRepository does not exist: \
                ImageRepository.image.toolkit.fluxcd.io \"app\" not found";
    let policy = setup.says("False", "DependencyNotReady", text).await;
    assert_eq!(
        chosen(&policy).as_deref(),
        Some("1.0.0"),
        "the choice stays"
    );
    // Slices of the repository that was are none of the new one, though they may still be there.
    setup.apply_repository(IMAGE).await;
    setup.write_status(IMAGE, &tags(&["1.0.0"])).await;
    let text = "retrying in 30s error: no tags in database";
    setup.says("False", "DependencyNotReady", text).await;
    setup.scanned(IMAGE, &["1.0.0", "1.1.0"]).await;
    setup.chooses("1.1.0").await;
}

#[tokio::test]
async fn many_policies_of_one_large_repository_share_its_list() {
    let setup = Setup::start().await;
    setup.apply_repository(IMAGE).await;
    setup
        .scanned_history(IMAGE, &history(&many(9000, &["2.0.0"])))
        .await;
    for number in 0..5 {
        let name = format!("policy-{number}");
        setup
            .apply_policy_named(&name, ANY_VERSION, &json!({}))
            .await;
    }
    let api = setup.namespace.api::<ImagePolicy>();
    let all_choose = async |tag: &str| {
        eventually("all choices", async || {
            let policies = api.list(&ListParams::default()).await.unwrap();
            let mut chosen = policies.iter().map(chosen);
            (policies.items.len() == 5 && chosen.all(|chosen| chosen.as_deref() == Some(tag)))
                .then_some(())
        })
        .await;
    };
    all_choose("2.0.0").await;
    assert_eq!(setup.evaluations().await, 5);
    setup
        .scanned_history(IMAGE, &history(&many(9000, &["2.0.0", "3.0.0"])))
        .await;
    all_choose("3.0.0").await;
    assert_eq!(setup.evaluations().await, 10);
    assert_eq!(
        setup.counted("repin_policy_choices_changed_total").await,
        10
    );
    drop(
        api.delete("policy-0", &DeleteParams::default())
            .await
            .unwrap(),
    );
    let next = history(&many(9000, &["4.0.0"])).next(
        history(&many(9000, &["4.0.0", "5.0.0"])).into_tags(),
        &now(),
    );
    setup.scanned_history(IMAGE, &next).await;
    eventually("the choices of the others", async || {
        (setup.evaluations().await == 14).then_some(())
    })
    .await;
}
