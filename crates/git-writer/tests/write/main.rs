//! Plans written to a real Git server, judged by the real git.

#![expect(clippy::unwrap_used, reason = "a test whose set-up fails has failed")]

mod crash;
mod faults;
mod large;
mod races;
mod refspec;
mod stage;

use git_remote::Signer;
use git_writer::WriteError;
use stage::{FILE, Stage};
use test_support::ssh_keys::{KeyKind, SshKey};

#[test]
fn a_plan_becomes_one_commit_with_its_bytes_message_author_and_date() {
    let stage = Stage::new();
    let base = stage.repository.rev_parse("main");
    let written = stage.write(&stage.plan("main")).unwrap();
    assert_eq!(
        stage.repository.rev_parse("main"),
        written.commit.to_string()
    );
    assert_eq!(written.parent.to_string(), base);
    assert_eq!(
        stage.repository.show_text("main", FILE),
        "a: 1\r\nimage: app:2.0.0 # keep\r\n"
    );
    assert_eq!(
        stage.repository.message("main"),
        "Update app\n\n\tto 2.0.0  "
    );
    assert_eq!(
        stage.repository.log("main", "%an <%ae> %at").lines().next(),
        Some("bot <bot@example.com> 1700000000")
    );
    stage.repository.fsck();
}

#[test]
fn the_same_plan_makes_the_same_commit() {
    let (one, two) = (Stage::new(), Stage::new());
    let first = one.write(&one.plan("main")).unwrap();
    assert_eq!(two.write(&two.plan("main")).unwrap().commit, first.commit);
}

#[test]
fn a_signed_commit_verifies() {
    let stage = Stage::new();
    let key = SshKey::generate(KeyKind::Ed25519);
    let signer = Signer::ssh(key.private_key().as_bytes(), None).unwrap();
    stage
        .write_signed(&stage.plan("main"), Some(&signer))
        .unwrap();
    let allowed = stage.folder.path().join("allowed");
    std::fs::write(&allowed, key.allowed_signers_line("bot@example.com")).unwrap();
    let verified = stage.repository.verify_ssh("main", &allowed);
    assert!(verified.good, "{}", verified.text);
}

#[test]
fn a_moved_branch_with_the_same_file_is_built_upon() {
    let stage = Stage::new();
    let plan = stage.plan("main");
    let foreign = stage
        .repository
        .commit("main")
        .file("other.txt", "x\n")
        .done();
    let written = stage.write(&plan).unwrap();
    assert_eq!(written.parent.to_string(), foreign);
    assert_eq!(stage.repository.show_text("main", "other.txt"), "x\n");
}

#[test]
fn a_rewritten_history_with_the_same_file_is_built_upon() {
    let stage = Stage::new();
    let plan = stage.plan("main");
    let rewritten = stage
        .repository
        .commit("main")
        .orphan()
        .file(FILE, stage::CONTENT)
        .done();
    let written = stage.write(&plan).unwrap();
    assert_eq!(written.parent.to_string(), rewritten);
    assert_eq!(stage.repository.count("main"), 2);
}

#[test]
fn a_changed_file_supersedes_the_plan() {
    let stage = Stage::new();
    let plan = stage.plan("main");
    let foreign = stage
        .repository
        .commit("main")
        .file(FILE, "image: app:9 # keep\n")
        .done();
    let error = stage.write(&plan).unwrap_err();
    assert!(
        matches!(&error, WriteError::Superseded { path, .. } if path == FILE),
        "{error}"
    );
    let gone = stage.repository.commit("main").remove(FILE).done();
    assert!(
        matches!(stage.write(&plan).unwrap_err(), WriteError::Superseded { found, .. } if found == "nothing")
    );
    assert_ne!(gone, foreign);
    assert_eq!(stage.repository.rev_parse("main"), gone);
}

#[test]
fn a_plan_whose_bytes_are_not_there_changes_nothing() {
    let stage = Stage::new();
    let before = stage.repository.references();
    for (offset, old) in [
        (14, "app:0.0.1"),
        (1_000_000, "app:1.0.0"),
        (-1, "app:1.0.0"),
    ] {
        let mut plan = stage.plan("main");
        plan.spec.files[0].edits[0].offset = offset;
        plan.spec.files[0].edits[0].old = old.to_owned();
        let error = stage.write(&plan).unwrap_err();
        assert!(
            matches!(
                error,
                WriteError::Splice { .. } | WriteError::Malformed { .. }
            ),
            "{error}"
        );
    }
    assert_eq!(stage.repository.references(), before);
}

#[test]
fn a_push_branch_of_its_own_is_created_on_the_base() {
    let stage = Stage::new();
    let base = stage.repository.rev_parse("main");
    let written = stage.write(&stage.plan("auto")).unwrap();
    assert_eq!(written.parent.to_string(), base);
    assert_eq!(stage.repository.rev_parse("auto^"), base);
    assert_eq!(stage.repository.rev_parse("main"), base);
}

#[test]
fn a_branch_that_was_deleted_is_not_brought_back() {
    let stage = Stage::new();
    let plan = stage.plan("main");
    stage.repository.branch("other", "main");
    stage.repository.delete("refs/heads/main");
    assert!(matches!(
        stage.write(&plan).unwrap_err(),
        WriteError::BranchGone { .. }
    ));
    assert_eq!(stage.repository.find("main"), None);
}

#[test]
fn push_options_reach_the_hooks_and_their_answers_come_back() {
    let stage = Stage::new();
    stage
        .repository
        .config("receive.advertisePushOptions", "true");
    stage.repository.hook(
        "pre-receive",
        "#!/bin/sh\necho \"option $GIT_PUSH_OPTION_0\" >&2\n",
    );
    let mut plan = stage.plan("main");
    plan.spec
        .push
        .options
        .insert("topic".to_owned(), "images".to_owned());
    let written = stage.write(&plan).unwrap();
    assert_eq!(written.messages, ["option topic=images"]);
}

#[test]
fn push_options_that_the_server_takes_not_are_told() {
    let stage = Stage::new();
    stage
        .repository
        .config("receive.advertisePushOptions", "false");
    let mut plan = stage.plan("main");
    plan.spec
        .push
        .options
        .insert("topic".to_owned(), "images".to_owned());
    let written = stage.write(&plan).unwrap();
    assert!(
        written
            .messages
            .iter()
            .any(|message| message.contains("takes no push options"))
    );
}

#[test]
fn a_refusal_is_quoted_and_nothing_is_retried() {
    let stage = Stage::new();
    stage
        .repository
        .config("receive.denyCurrentBranch", "refuse");
    stage
        .repository
        .hook("update", "#!/bin/sh\necho 'no robots' >&2\nexit 1\n");
    let error = stage.write(&stage.plan("main")).unwrap_err();
    let WriteError::Refused {
        reference,
        reason,
        messages,
    } = &error
    else {
        panic!("{error}")
    };
    assert_eq!(
        (reference.as_str(), reason.as_str()),
        ("refs/heads/main", "hook declined")
    );
    assert!(
        messages.iter().any(|message| message.contains("no robots")),
        "{messages:?}"
    );
    let pushes = stage
        .git
        .exchanges()
        .iter()
        .filter(|exchange| exchange.target.ends_with("/git-receive-pack"))
        .count();
    assert_eq!(pushes, 1);
}
