//! Git servers that are dead, hang, refuse, or ask for other credentials; and then do not.

use kube::ResourceExt as _;
use serde_json::json;
use test_support::git_http::Fault;

use crate::setup::{PACK, PUSH, Setup, message, status};

/// As often as nobody ever asks.
const ALWAYS: usize = 10_000;

#[tokio::test]
async fn a_server_that_fails_is_asked_again() {
    let setup = Setup::start().await;
    setup.git.fault(PUSH, 3, Fault::Status(503));
    let name = setup.make(1, "2.0.0").await;
    setup.until_pushed(&name).await;
    setup.one_commit("2.0.0");
    assert_eq!(setup.logged("503"), 3);
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_after_the_timeout() {
    let setup = Setup::start().await;
    setup.apply_source(&json!({ "timeout": "1s" })).await;
    setup.git.fault(PACK, 1, Fault::Hang);
    let name = setup.make(1, "2.0.0").await;
    setup.until_pushed(&name).await;
    setup.one_commit("2.0.0");
    assert_eq!(setup.logged("not done within 1s"), 1);
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_pack_makes_no_second_commit() {
    let setup = Setup::start().await;
    setup.git.fault(PACK, 1, Fault::CloseAfter(0));
    let name = setup.make(1, "2.0.0").await;
    setup.until_pushed(&name).await;
    setup.one_commit("2.0.0");
}

#[tokio::test]
async fn a_dead_server_that_comes_to_life_gets_the_commit() {
    let setup = Setup::start().await;
    let port = test_support::process::free_port();
    let dead = format!("http://127.0.0.1:{port}/fleet.git");
    setup.apply_source(&json!({ "url": dead })).await;
    let name = setup.make(1, "2.0.0").await;
    let plan = setup.until_pending(&name, "failed to push to remote").await;
    assert!(message(&plan).contains(&dead), "{}", message(&plan));
    setup.apply_source(&json!({})).await;
    setup.until_pushed(&name).await;
    setup.one_commit("2.0.0");
}

#[tokio::test]
async fn a_hook_that_refuses_is_quoted_and_asked_again() {
    let setup = Setup::start().await;
    let flag = setup.repo.path().join("closed");
    std::fs::write(&flag, "").unwrap();
    let script = format!(
        "#!/bin/sh\nif [ -e {} ]; then echo 'closed for the weekend' >&2; exit 1; fi\n",
        flag.display()
    );
    setup.repo.hook("pre-receive", &script);
    let name = setup.make(1, "2.0.0").await;
    let plan = setup.until_pending(&name, "closed for the weekend").await;
    assert!(message(&plan).contains("pre-receive hook declined"));
    assert_eq!(status(&plan).prepared, None, "nothing of it may land");
    std::fs::remove_file(&flag).unwrap();
    setup.until_pushed(&name).await;
    setup.one_commit("2.0.0");
}

#[tokio::test]
async fn what_fails_in_the_same_way_is_written_once() {
    let setup = Setup::start().await;
    setup.git.fault(PUSH, ALWAYS, Fault::Status(503));
    let name = setup.make(1, "2.0.0").await;
    let first = setup.until_pending(&name, "503").await;
    let passes = setup.passes(&name).await;
    test_support::cluster::eventually("three more passes", async || {
        (setup.passes(&name).await >= passes + 3).then_some(())
    })
    .await;
    let later = setup.get(&name).await;
    assert_eq!(first.resource_version(), later.resource_version());
}

#[tokio::test]
async fn revoked_credentials_hold_a_plan_until_they_are_restored() {
    let setup = Setup::with(&[], |server| server.basic("bot", "right")).await;
    let reference = json!({ "secretRef": { "name": "git" } });
    setup.apply_source(&reference).await;
    let name = setup.make(1, "2.0.0").await;
    setup
        .until_pending(&name, "failed to get auth secret")
        .await;
    let wrong = json!({ "username": "bot", "password": "wr0ng" });
    setup.apply_secret("git", &wrong).await;
    let plan = setup.until_pending(&name, "failed to push to remote").await;
    assert!(!message(&plan).contains("wr0ng"), "{}", message(&plan));
    let right = json!({ "username": "bot", "password": "right" });
    setup.apply_secret("git", &right).await;
    setup.until_pushed(&name).await;
    setup.one_commit("2.0.0");
    let output = setup.writer.output();
    assert!(
        !output.contains("wr0ng") && !output.contains("right\""),
        "{output}"
    );
}

#[tokio::test]
async fn references_to_other_namespaces_can_be_forbidden() {
    let setup = Setup::with(&["--no-cross-namespace-refs"], |server| server).await;
    let elsewhere = json!({ "sourceRef": { "namespace": "elsewhere" } });
    setup.apply_automation("fleet", &elsewhere).await;
    let name = setup.make(1, "2.0.0").await;
    let refused = "can't access 'GitRepository/elsewhere/fleet', cross-namespace references have been blocked";
    let plan = setup.until_pending(&name, refused).await;
    assert_eq!(message(&plan), refused);
}

#[tokio::test]
async fn the_secret_for_pushes_is_the_one_that_pushes() {
    let setup = Setup::with(&[], |server| server.basic("writer", "right")).await;
    let reading = json!({ "username": "reader", "password": "other" });
    setup.apply_secret("read", &reading).await;
    let writing = json!({ "username": "writer", "password": "right" });
    setup.apply_secret("write", &writing).await;
    setup
        .apply_source(&json!({ "secretRef": { "name": "read" } }))
        .await;
    let push = json!({ "git": { "push": { "secretRef": { "name": "write" } } } });
    setup.apply_automation("fleet", &push).await;
    let name = setup.make(1, "2.0.0").await;
    setup.until_pushed(&name).await;
    setup.one_commit("2.0.0");
}

#[tokio::test]
async fn a_cache_that_is_deleted_costs_nothing_but_a_fetch() {
    let setup = Setup::start().await;
    let first = setup.make(1, "2.0.0").await;
    setup.until_pushed(&first).await;
    setup.delete_cache();
    let second = setup.make(2, "3.0.0").await;
    setup.until_pushed(&second).await;
    assert_eq!(setup.repo.count("main"), 3);
}
