//! What a plan becomes on the server.

use api::repin::v1alpha1::Phase;
use k8s_openapi::api::events::v1::Event;
use kube::ResourceExt as _;
use kube::api::ListParams;
use serde_json::json;
use test_support::cluster::eventually;
use test_support::gnupg::{GnupgHome, KeySpec};
use test_support::ssh_keys::{KeyKind, SshKey};

use crate::plans::{FILE, content};
use crate::setup::{Setup, message, ready, status};

#[tokio::test]
async fn a_plan_becomes_one_commit_of_exactly_its_bytes() {
    let setup = Setup::start().await;
    let base = setup.repo.rev_parse("main");
    let name = setup.make(1, "2.0.0").await;
    let plan = setup.until_pushed(&name).await;

    setup.one_commit("2.0.0");
    assert_eq!(setup.repo.changed_paths(&base, "main"), [FILE]);
    assert_eq!(setup.repo.rev_parse("main^"), base);
    assert_eq!(setup.repo.message("main"), plan.spec.message);
    let created = plan.creation_timestamp().unwrap().0.as_second();
    let expected = format!("Bot|bot@example.com|{created}|Bot|bot@example.com|{created}");
    assert_eq!(
        setup.repo.log("main^!", "%an|%ae|%at|%cn|%ce|%ct"),
        expected
    );
    let ready = ready(&plan).unwrap();
    let short = &setup.repo.rev_parse("main")[..7];
    assert_eq!(
        (&*ready.status, &*ready.reason, &*ready.message),
        (
            "True",
            "Pushed",
            &*format!("pushed commit '{short}' to branch 'main'")
        )
    );
    let prepared = status(&plan).prepared.unwrap();
    assert_eq!(
        (Some(prepared.commit), prepared.parent, prepared.signature),
        (status(&plan).commit, base, None)
    );
    assert_eq!(setup.status_writes(), 2, "what was prepared, and the end");
    let metrics = setup.writer.metrics().await;
    for line in [
        "repin_pushes_total{result=\"Pushed\"} 1",
        "repin_push_duration_seconds_count{result=\"Pushed\"} 1",
    ] {
        assert!(
            metrics.lines().any(|found| found == line),
            "{line}: {metrics}"
        );
    }
}

#[tokio::test]
async fn the_end_of_a_plan_is_an_event() {
    let setup = Setup::start().await;
    let name = setup.make(1, "2.0.0").await;
    let plan = setup.until_pushed(&name).await;
    let event = eventually("the Event", async || {
        let events = setup.namespace.api::<Event>();
        let events = events.list(&ListParams::default()).await.unwrap();
        events.items.into_iter().find(|event| {
            event.regarding.as_ref().and_then(|on| on.uid.as_deref()) == plan.uid().as_deref()
        })
    })
    .await;
    assert_eq!(event.type_.as_deref(), Some("Normal"));
    assert_eq!(event.reason.as_deref(), Some("Pushed"));
    assert_eq!(event.note.as_deref(), Some(message(&plan)));
}

#[tokio::test]
async fn what_has_ended_is_left_alone() {
    let mut setup = Setup::start().await;
    let name = setup.make(1, "2.0.0").await;
    let before = setup.until_pushed(&name).await;
    setup.repo.commit("main").file("x", "x").done();
    setup.proxy.forget();
    setup.writer.restart();
    setup.writer.ready().await;
    setup.until_passed(&name).await;
    assert_eq!(setup.status_writes(), 0);
    let after = setup.get(&name).await;
    assert_eq!(after.resource_version(), before.resource_version());
}

#[tokio::test]
async fn one_plan_after_another() {
    let setup = Setup::start().await;
    for (sequence, tag) in [(1, "2.0.0"), (2, "3.0.0"), (3, "4.0.0")] {
        let name = setup.make(sequence, tag).await;
        setup.until_pushed(&name).await;
    }
    assert_eq!(setup.repo.count("main"), 4);
    assert_eq!(setup.repo.show_text("main", FILE), content("4.0.0"));
}

#[tokio::test]
async fn a_branch_that_moved_elsewhere_gets_the_commit_on_top() {
    let setup = Setup::start().await;
    let plan = setup.plan(1, "2.0.0").await;
    let foreign = setup.repo.commit("main").file("README.md", "new\n").done();
    let name = setup.create(&plan).await.name_any();
    let plan = setup.until_pushed(&name).await;
    assert_eq!(setup.repo.rev_parse("main^"), foreign);
    assert_eq!(status(&plan).prepared.unwrap().parent, foreign);
    assert_eq!(setup.repo.show_text("main", "README.md"), "new\n");
    assert_eq!(setup.repo.show_text("main", FILE), content("2.0.0"));
}

#[tokio::test]
async fn a_file_that_changed_supersedes_the_plan() {
    let setup = Setup::start().await;
    let plan = setup.plan(1, "2.0.0").await;
    let foreign = setup.repo.commit("main").file(FILE, "other\n").done();
    let name = setup.create(&plan).await.name_any();
    let plan = setup.until_in(&name, Phase::Superseded).await;
    assert!(message(&plan).contains("'apps/app.yaml' changed since the plan was made"));
    assert_eq!(setup.repo.rev_parse("main"), foreign);
    assert_eq!(status(&plan).commit, None);
}

#[tokio::test]
async fn a_push_branch_and_a_refspec() {
    let setup = Setup::start().await;
    let push = json!({ "branch": "auto", "refspec": "refs/heads/auto:refs/heads/copy" });
    let spec = json!({ "git": { "push": push } });
    setup.apply_automation("fleet", &spec).await;
    let name = setup.make(1, "2.0.0").await;
    let plan = setup.until_pushed(&name).await;
    assert_eq!(setup.repo.find("auto"), setup.repo.find("copy"));
    assert_eq!(setup.repo.count("main"), 1);
    assert!(
        message(&plan).ends_with("to branch 'auto' and 'refs/heads/copy'"),
        "{}",
        message(&plan)
    );
}

#[tokio::test]
async fn commits_are_signed_with_openpgp() {
    let setup = Setup::start().await;
    let home = GnupgHome::new();
    let key = KeySpec {
        passphrase: "s3cret",
        ..KeySpec::default()
    };
    let fingerprint = home.generate("Bot <bot@example.com>", key);
    let armored = home.export_secret(&[&fingerprint], "s3cret");
    let armored = String::from_utf8(armored).unwrap();
    let data = json!({ "git.asc": armored, "passphrase": "s3cret" });
    setup.apply_secret("signing", &data).await;
    let signing = json!({ "secretRef": { "name": "signing" }, "type": "gpg" });
    let spec = json!({ "git": { "commit": { "signingKey": signing } } });
    setup.apply_automation("fleet", &spec).await;
    let name = setup.make(1, "2.0.0").await;
    let plan = setup.until_pushed(&name).await;
    let verified = setup.repo.verify_openpgp("main", home.path());
    assert!(verified.good, "{}", verified.text);
    let signature = status(&plan).prepared.unwrap().signature.unwrap();
    assert!(signature.starts_with("-----BEGIN PGP SIGNATURE-----"));
}

#[tokio::test]
async fn commits_are_signed_with_ssh() {
    let setup = Setup::start().await;
    let key = SshKey::generate(KeyKind::Ed25519);
    let data = json!({ "identity": key.private_key() });
    let signing = json!({ "secretRef": { "name": "signing" }, "type": "ssh" });
    let spec = json!({ "git": { "commit": { "signingKey": signing } } });
    setup.apply_automation("fleet", &spec).await;
    let name = setup.make(1, "2.0.0").await;
    let missing = format!(
        "could not find signing key secret '{}/signing': secrets \"signing\" not found",
        setup.namespace.name()
    );
    setup.until_pending(&name, &missing).await;
    setup.apply_secret("signing", &data).await;
    setup.until_pushed(&name).await;
    let folder = tempfile::tempdir().unwrap();
    let allowed = folder.path().join("allowed");
    std::fs::write(&allowed, key.allowed_signers_line("bot@example.com")).unwrap();
    let verified = setup.repo.verify_ssh("main", &allowed);
    assert!(verified.good, "{}", verified.text);
}
