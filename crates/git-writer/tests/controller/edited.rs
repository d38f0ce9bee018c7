//! The automation is edited when the commit of a plan has landed, or may have, and nobody knows.

use api::repin::v1alpha1::Phase;
use k8s_openapi::api::core::v1::Secret;
use kube::api::DeleteParams;
use serde_json::{Value, json};
use test_support::api_proxy::Point;
use test_support::git_http::GitHttp;
use test_support::git_repo::TempRepo;

use crate::plans::{FILE, content};
use crate::setup::{Setup, message, status};

/// Another author: the plan is not the automation's any more.
fn edit() -> Value {
    json!({ "spec": { "git": { "commit": { "author": { "email": "new@example.com" } } } } })
}

#[tokio::test]
async fn a_commit_that_landed_before_counts() {
    let refspec = json!({ "refspec": "refs/heads/main:refs/heads/copy" });
    for spec in [json!({}), json!({ "git": { "push": refspec } })] {
        let mut setup = Setup::start().await;
        setup.apply_automation("fleet", &spec).await;
        let plan = setup.plan(1, "2.0.0").await;
        let name = setup.killed_at(&plan, (1, Point::Before)).await;
        setup.patch_automation("fleet", &edit()).await;
        setup.writer.restart();
        let plan = setup.until_pushed(&name).await;
        setup.one_commit("2.0.0");
        let copy = message(&plan).contains("and 'refs/heads/copy'");
        assert_eq!(copy, plan.spec.push.refspec.is_some(), "{}", message(&plan));
    }
}

#[tokio::test]
async fn a_commit_that_landed_before_counts_where_commits_go_elsewhere_now() {
    let mut setup = Setup::start().await;
    let plan = setup.plan(1, "2.0.0").await;
    let name = setup.killed_at(&plan, (1, Point::Before)).await;
    let patch = json!({ "spec": { "git": { "push": { "branch": "auto" } } } });
    setup.patch_automation("fleet", &patch).await;
    setup.repo.commit("main").file("README.md", "new\n").done();
    setup.writer.restart();
    let plan = setup.until_in(&name, Phase::Pushed).await;
    assert_eq!(status(&plan).commit, Some(setup.repo.rev_parse("main^")));
    assert_eq!(setup.repo.find("auto"), None);
}

/// The Secret for pushes is gone: nothing is to be pushed.
#[tokio::test]
async fn a_commit_that_landed_before_is_looked_for_by_who_reads() {
    let right = |_: &str, _: &str, user: &str, _: &str| matches!(user, "reader" | "writer");
    let mut setup = Setup::with(&[], |server| server.basic_for(right)).await;
    for (name, user) in [("read", "reader"), ("write", "writer")] {
        let data = json!({ "username": user, "password": "p4ssword" });
        setup.apply_secret(name, &data).await;
    }
    let source = json!({ "secretRef": { "name": "read" } });
    setup.apply_source(&source).await;
    let push = json!({ "git": { "push": { "secretRef": { "name": "write" } } } });
    setup.apply_automation("fleet", &push).await;
    let plan = setup.plan(1, "2.0.0").await;
    let name = setup.killed_at(&plan, (1, Point::Before)).await;
    let secrets = setup.namespace.api::<Secret>();
    drop(
        secrets
            .delete("write", &DeleteParams::default())
            .await
            .unwrap(),
    );
    setup.patch_automation("fleet", &edit()).await;
    setup.writer.restart();
    setup.until_pushed(&name).await;
    setup.one_commit("2.0.0");
}

#[tokio::test]
async fn a_commit_that_did_not_land_is_not_pushed_any_more() {
    let mut setup = Setup::start().await;
    let plan = setup.plan(1, "2.0.0").await;
    let name = setup.killed_at(&plan, (0, Point::After)).await;
    setup.patch_automation("fleet", &edit()).await;
    setup.writer.restart();
    let plan = setup.until_in(&name, Phase::Superseded).await;
    let expected = "the automation has changed since the plan was made: \
         spec.author.email: expected 'new@example.com', found 'bot@example.com'";
    assert_eq!(message(&plan), expected);
    assert_eq!(setup.repo.count("main"), 1);
}

#[tokio::test]
async fn a_commit_that_is_not_on_the_refspec_gets_no_further() {
    let mut setup = Setup::start().await;
    let script =
        "#!/bin/sh\n[ \"$1\" != refs/heads/copy ] || { echo 'come back later'; exit 1; }\n";
    setup.repo.hook("update", script);
    let push = json!({ "refspec": "refs/heads/main:refs/heads/copy" });
    let spec = json!({ "git": { "push": push } });
    setup.apply_automation("fleet", &spec).await;
    let name = setup.make(1, "2.0.0").await;
    let plan = setup
        .until_pending(&name, "but not on 'refs/heads/copy'")
        .await;
    let commit = status(&plan).prepared.unwrap().commit;
    setup.writer.kill9();
    setup.repo.hook("update", "#!/bin/sh\nexit 0\n");
    setup.patch_automation("fleet", &edit()).await;
    setup.writer.restart();
    let plan = setup.until_in(&name, Phase::Superseded).await;
    let expected = format!(
        "commit {commit} is on 'main', but not on 'refs/heads/copy': the automation has changed since"
    );
    assert!(message(&plan).starts_with(&expected), "{}", message(&plan));
    assert_eq!(setup.repo.find("copy"), None);
}

#[tokio::test]
async fn a_commit_for_another_repository_is_not_known_of() {
    let mut setup = Setup::start().await;
    let other = TempRepo::named("fleet.git");
    other.commit("main").file(FILE, content("1.0.0")).done();
    let git = GitHttp::start(other.root());
    let plan = setup.plan(1, "2.0.0").await;
    let name = setup.killed_at(&plan, (1, Point::Before)).await;
    let commit = setup.repo.rev_parse("main");
    let source = json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": { "name": "other" },
        "spec": { "interval": "1h", "url": git.url("fleet.git") },
    });
    setup.namespace.apply(&source.to_string()).await;
    let patch = json!({ "spec": { "sourceRef": { "name": "other" } } });
    setup.patch_automation("fleet", &patch).await;
    setup.writer.restart();
    let plan = setup.until_in(&name, Phase::Superseded).await;
    let expected = format!(
        "the automation has changed since the plan was made: spec.sourceRef.name: expected 'other', found 'fleet'; \
         whether commit {commit} was pushed there before is not known"
    );
    assert_eq!(message(&plan), expected);
    assert_eq!(other.count("main"), 1);
}
