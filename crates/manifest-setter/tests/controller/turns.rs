//! Automations of one repository take turns, and keep those of others from nothing meanwhile.

use api::repin::v1alpha1::ImageUpdatePlan;
use kube::api::ListParams;
use serde_json::json;
use test_support::cluster::eventually;
use test_support::git_http::{GitHttp, Hold};
use test_support::git_repo::TempRepo;

use crate::setup::Setup;

impl Setup {
    /// An automation over the GitRepository of this name, as `fleet` is over its own.
    async fn apply_another(&self, name: &str, source: &str) {
        let automation = json!({
            "apiVersion": "image.toolkit.fluxcd.io/v1",
            "kind": "ImageUpdateAutomation",
            "metadata": { "name": name },
            "spec": {
                "interval": "1h",
                "sourceRef": { "kind": "GitRepository", "name": source },
                "git": { "commit": { "author": { "email": "bot@example.com" } } },
            },
        });
        self.namespace.apply(&automation.to_string()).await;
    }

    /// Waits until the automation of this name has a plan.
    async fn planned(&self, automation: &str) {
        eventually(&format!("a plan of {automation}"), async || {
            let api = self.namespace.api::<ImageUpdatePlan>();
            let plans = api.list(&ListParams::default()).await.unwrap();
            let mut names = plans.iter().map(|plan| &plan.spec.automation_ref.name);
            names.any(|name| name == automation).then_some(())
        })
        .await;
    }
}

async fn reached(hold: Hold) -> Hold {
    let waiting = tokio::task::spawn_blocking(move || {
        hold.wait_until_reached();
        hold
    });
    waiting.await.unwrap()
}

#[tokio::test]
async fn a_slow_repository_keeps_no_other_from_being_read() {
    let setup = Setup::with_args(&["--concurrent=2"]).await;
    let other = TempRepo::named("fleet.git");
    let file = setup.marked("app", "1.0.0");
    other.commit("main").file("apps/app.yaml", file).done();
    let fast = GitHttp::start(other.root());
    setup.apply_policy("app").await;
    setup.choose("app", "1.1.0").await;
    let source = json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": { "name": "fast" },
        "spec": { "url": fast.url("fleet.git"), "interval": "1h", "ref": { "branch": "main" } },
    });
    setup.namespace.apply(&source.to_string()).await;
    setup.apply_source(&json!({})).await;
    let hold = setup.git.hold("git-upload-pack");
    setup.apply_another("slow-0", "fleet").await;
    let hold = reached(hold).await;
    // More of them than there are slots.
    for name in ["slow-1", "slow-2", "slow-3"] {
        setup.apply_another(name, "fleet").await;
    }
    setup.apply_another("other", "fast").await;
    setup.planned("other").await;
    assert_eq!(setup.plans().await.len(), 1);
    hold.release();
    for name in ["slow-0", "slow-1", "slow-2", "slow-3"] {
        setup.planned(name).await;
    }
}
