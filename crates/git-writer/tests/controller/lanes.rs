//! One push at a time per branch, in the order of the plans; branches do not wait for each other.

use api::repin::v1alpha1::Phase;
use kube::ResourceExt as _;
use serde_json::json;

use crate::plans::{FILE, content};
use crate::setup::{PACK, Setup, message, reached};

const OTHER: &str = "apps/other.yaml";

#[tokio::test]
async fn two_branches_are_pushed_to_at_once() {
    let setup = Setup::start().await;
    let push = json!({ "git": { "push": { "branch": "auto" } } });
    setup.apply_automation("second", &push).await;
    let first = setup.git.hold(PACK);
    let one = setup.make(1, "2.0.0").await;
    let first = reached(first).await;
    let plan = setup.plan_of("second", (1, FILE, "3.0.0")).await;
    let two = setup.create(&plan).await.name_any();
    setup.until_pushed(&two).await;
    assert_eq!(setup.repo.count("main"), 1);
    first.release();
    setup.until_pushed(&one).await;
    assert_eq!(setup.repo.show_text("main", FILE), content("2.0.0"));
    assert_eq!(setup.repo.show_text("auto", FILE), content("3.0.0"));
}

#[tokio::test]
async fn one_branch_is_pushed_to_by_one_plan_at_a_time() {
    let setup = Setup::start().await;
    setup.apply_automation("second", &json!({})).await;
    let hold = setup.git.hold(PACK);
    let one = setup.make(1, "2.0.0").await;
    let hold = reached(hold).await;
    let plan = setup.plan_of("second", (1, OTHER, "3.0.0")).await;
    let two = setup.create(&plan).await.name_any();
    let waits = format!("waits for plan '{}/{one}'", setup.namespace.name());
    setup.until_pending(&two, &waits).await;
    assert_eq!(setup.repo.count("main"), 1);
    hold.release();
    setup.until_pushed(&two).await;
    let first = setup.until_in(&one, Phase::Pushed).await;
    assert!(message(&first).starts_with("pushed commit"));
    assert_eq!(setup.repo.count("main"), 3);
    assert_eq!(setup.repo.show_text("main", FILE), content("2.0.0"));
    assert_eq!(setup.repo.show_text("main", OTHER), content("3.0.0"));
}

#[tokio::test]
async fn many_automations_on_one_branch_lose_no_update() {
    const FILES: usize = 6;
    let setup = Setup::start().await;
    let path = |n: usize| format!("apps/{n}.yaml");
    let files = (0..FILES).map(|n| (path(n), content("1.0.0")));
    setup.repo.commit("main").files(files).done();
    let mut names = Vec::new();
    for n in 0..FILES {
        let automation = format!("team-{n}");
        setup.apply_automation(&automation, &json!({})).await;
        let plan = setup.plan_of(&automation, (1, &path(n), "2.0.0")).await;
        names.push(setup.create(&plan).await.name_any());
    }
    for name in names {
        setup.until_in(&name, Phase::Pushed).await;
    }
    assert_eq!(setup.repo.count("main"), 2 + FILES);
    for n in 0..FILES {
        assert_eq!(setup.repo.show_text("main", &path(n)), content("2.0.0"));
    }
    setup.repo.fsck();
}
