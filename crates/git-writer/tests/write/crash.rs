//! A process that ends at each point, and the one that goes on: one commit, whenever it was.

use git_remote::Signer;
use git_writer::{Fate, WriteError, Written};
use test_support::git_http::{Fault, GitHttp};
use test_support::gnupg::{GnupgHome, KeySpec};
use test_support::ssh_keys::{KeyKind, SshKey};

use crate::stage::{CONTENT, FILE, Ledger, SECONDS, Stage};

/// Ends when the commit is stored, before it is pushed. Gives the journal as the next process finds it.
fn ended(stage: &Stage, plan: &api::repin::v1alpha1::ImageUpdatePlan) -> Ledger {
    let mut ledger = Ledger {
        dies_after: Some(1),
        ..Ledger::default()
    };
    let error = stage.go_on(plan, None, &mut ledger).unwrap_err();
    assert!(matches!(error, WriteError::Journal(_)), "{error}");
    ledger.reborn()
}

/// The plan's commit is the only one that names its message.
fn assert_once(stage: &Stage, written: &Written) {
    let branch = &written.branch;
    let ours = stage.repository.log(branch, "%H %s");
    let ours: Vec<&str> = ours
        .lines()
        .filter(|line| line.ends_with("Update app"))
        .collect();
    assert_eq!(ours, [format!("{} Update app", written.commit)]);
    stage.repository.fsck();
}

#[test]
fn a_commit_that_cannot_be_recorded_is_not_pushed() {
    let stage = Stage::new();
    let plan = stage.plan("main");
    let before = stage.repository.references();
    let mut ledger = Ledger {
        dies_before: Some(0),
        ..Ledger::default()
    };
    let error = stage.go_on(&plan, None, &mut ledger).unwrap_err();
    assert_eq!(error.fate(), Fate::Waits);
    assert_eq!(stage.repository.references(), before);
    let written = stage.go_on(&plan, None, &mut ledger.reborn()).unwrap();
    assert_once(&stage, &written);
}

#[test]
fn a_commit_that_was_recorded_and_not_pushed_is_made_again() {
    let stage = Stage::new();
    let plan = stage.plan("main");
    let mut ledger = ended(&stage, &plan);
    let written = stage.go_on(&plan, None, &mut ledger).unwrap();
    assert_eq!(written.commit.to_string(), ledger.stored[0].commit);
    assert_eq!(ledger.stored.len(), 1, "what is stored is not stored again");
    assert_once(&stage, &written);
}

#[test]
fn a_signature_that_differs_each_time_is_used_again() {
    let stage = Stage::new();
    let plan = stage.plan("main");
    let key = SshKey::generate(KeyKind::Ecdsa(256));
    let signer = Signer::ssh(key.private_key().as_bytes(), None).unwrap();
    let mut ledger = Ledger {
        dies_after: Some(1),
        ..Ledger::default()
    };
    stage.go_on(&plan, Some(&signer), &mut ledger).unwrap_err();
    let mut ledger = ledger.reborn();
    assert!(ledger.stored[0].signature.is_some());
    let written = stage.go_on(&plan, Some(&signer), &mut ledger).unwrap();
    assert_eq!(written.commit.to_string(), ledger.stored[0].commit);
    let allowed = stage.folder.path().join("allowed");
    std::fs::write(&allowed, key.allowed_signers_line("bot@example.com")).unwrap();
    assert!(stage.repository.verify_ssh("main", &allowed).good);
}

#[test]
fn a_key_that_was_replaced_signs_no_more() {
    let stage = Stage::new();
    let plan = stage.plan("main");
    let [old, new] = [0, 1].map(|_| SshKey::generate(KeyKind::Ed25519));
    let sign = |key: &SshKey| Signer::ssh(key.private_key().as_bytes(), None).unwrap();
    let mut ledger = Ledger {
        dies_after: Some(1),
        ..Ledger::default()
    };
    let error = stage.go_on(&plan, Some(&sign(&old)), &mut ledger);
    assert_eq!(error.unwrap_err().fate(), Fate::Waits);
    let mut ledger = ledger.reborn();
    let written = stage.go_on(&plan, Some(&sign(&new)), &mut ledger).unwrap();
    assert_ne!(written.commit.to_string(), ledger.stored[0].commit);
    let allowed = stage.folder.path().join("allowed");
    std::fs::write(&allowed, new.allowed_signers_line("bot@example.com")).unwrap();
    assert!(stage.repository.verify_ssh("main", &allowed).good);
    assert_once(&stage, &written);
}

#[test]
fn a_key_that_is_younger_than_the_plan_signs_at_its_own_time() {
    let stage = Stage::new();
    let plan = stage.plan("main");
    let home = GnupgHome::new();
    let fingerprint = home.generate("Bot <bot@example.com>", KeySpec::default());
    let signer = Signer::openpgp(&home.export_secret(&[&fingerprint], ""), None).unwrap();
    let mut ledger = Ledger {
        dies_after: Some(1),
        ..Ledger::default()
    };
    stage.go_on(&plan, Some(&signer), &mut ledger).unwrap_err();
    assert!(ledger.stored[0].time.0.as_second() > SECONDS);
    let mut ledger = ledger.reborn();
    let written = stage.go_on(&plan, Some(&signer), &mut ledger).unwrap();
    assert_eq!(written.commit.to_string(), ledger.stored[0].commit);
    let verified = stage.repository.verify_openpgp("main", home.path());
    assert!(verified.good, "{}", verified.text);
    assert_once(&stage, &written);
}

#[test]
fn a_push_that_did_not_arrive_is_made_again() {
    let stage = Stage::new();
    let plan = stage.plan("main");
    let mut ledger = Ledger::default();
    stage.git.fault("/git-receive-pack", 1, Fault::Status(502));
    let error = stage.go_on(&plan, None, &mut ledger).unwrap_err();
    assert_eq!(error.fate(), Fate::Waits);
    assert_eq!(ledger.stored.len(), 1, "it may be under way");
    let written = stage.go_on(&plan, None, &mut ledger).unwrap();
    assert_eq!(written.commit.to_string(), ledger.stored[0].commit);
    assert_once(&stage, &written);
}

#[test]
fn a_commit_that_landed_is_found() {
    let stage = Stage::new();
    let plan = stage.plan("main");
    let mut ledger = Ledger::default();
    let first = stage.go_on(&plan, None, &mut ledger).unwrap();
    stage.git.forget();
    let second = stage.go_on(&plan, None, &mut ledger).unwrap();
    assert_eq!(second, first);
    assert_once(&stage, &second);
    assert_eq!(
        stage.requests(),
        ["info/refs?service=git-receive-pack"],
        "the head says it"
    );
}

#[test]
fn a_commit_that_landed_is_found_below_others() {
    let stage = Stage::new();
    let plan = stage.plan("main");
    let mut ledger = Ledger::default();
    let first = stage.go_on(&plan, None, &mut ledger).unwrap();
    for number in 0..3 {
        let path = format!("other-{number}.txt");
        stage.repository.commit("main").file(&path, "x\n").done();
    }
    // Somebody took it back: it landed all the same, and is not made again.
    stage
        .repository
        .commit("main")
        .file(FILE, CONTENT)
        .message("Revert")
        .done();
    let before = stage.repository.references();
    let second = stage.go_on(&plan, None, &mut ledger).unwrap();
    assert_eq!(second, first);
    assert_eq!(stage.repository.references(), before);
}

#[test]
fn a_commit_that_the_server_has_and_the_branch_has_not_did_not_land() {
    let stage = Stage::new();
    let plan = stage.plan("main");
    let other = stage.repository.clone();
    // The branch moves while the push is on its way: the server takes the objects and refuses the reference.
    let moved = std::sync::Once::new();
    stage.git.before_receive_pack(move || {
        moved.call_once(|| {
            other.commit("main").file("other.txt", "x\n").done();
        });
    });
    let mut ledger = Ledger {
        dies_before: Some(1),
        ..Ledger::default()
    };
    stage.go_on(&plan, None, &mut ledger).unwrap_err();
    let mut ledger = ledger.reborn();
    let refused = ledger.stored[0].commit.clone();
    stage.repository.git(&["cat-file", "-e", &refused]);

    let written = stage.go_on(&plan, None, &mut ledger).unwrap();
    assert_ne!(written.commit.to_string(), refused);
    assert_eq!(ledger.stored.len(), 2);
    assert_eq!(stage.repository.count("main"), 3);
    assert_once(&stage, &written);
}

#[test]
fn a_recorded_commit_is_made_anew_on_a_branch_that_moved() {
    let stage = Stage::new();
    let plan = stage.plan("main");
    let mut ledger = ended(&stage, &plan);
    let foreign = stage
        .repository
        .commit("main")
        .file("other.txt", "x\n")
        .done();
    let written = stage.go_on(&plan, None, &mut ledger).unwrap();
    assert_eq!(written.parent.to_string(), foreign);
    assert_eq!(ledger.stored.len(), 2);
    assert_once(&stage, &written);
}

#[test]
fn a_recorded_commit_whose_file_changed_is_superseded() {
    let stage = Stage::new();
    let plan = stage.plan("main");
    let mut ledger = ended(&stage, &plan);
    let foreign = stage.repository.commit("main").file(FILE, "a: 2\n").done();
    let error = stage.go_on(&plan, None, &mut ledger).unwrap_err();
    assert_eq!(error.fate(), Fate::Superseded);
    assert_eq!(stage.repository.rev_parse("main"), foreign);
}

#[test]
fn a_server_that_cannot_send_a_history_is_judged_by_the_files() {
    for landed in [true, false] {
        let stage = Stage::with(|root| GitHttp::builder(root).version_0_only());
        stage.repository.config("uploadpack.allowFilter", "false");
        let plan = stage.plan("main");
        let mut ledger = if landed {
            let mut ledger = Ledger::default();
            stage.go_on(&plan, None, &mut ledger).unwrap();
            ledger
        } else {
            ended(&stage, &plan)
        };
        let foreign = stage
            .repository
            .commit("main")
            .file("other.txt", "x\n")
            .done();
        // Where the plan's own file was changed on top, nothing can be told: it is planned anew.
        let written = stage.go_on(&plan, None, &mut ledger).unwrap();
        assert_eq!(stage.repository.rev_parse("main") == foreign, landed);
        assert_once(&stage, &written);
    }
}

#[test]
fn a_push_branch_that_was_created_is_not_created_again() {
    let stage = Stage::new();
    let plan = stage.plan("auto");
    let mut ledger = ended(&stage, &plan);
    let written = stage.go_on(&plan, None, &mut ledger).unwrap();
    let again = stage.go_on(&plan, None, &mut ledger).unwrap();
    assert_eq!(again, written);
    assert_eq!(stage.repository.count("auto"), 2);
}

#[test]
fn a_push_branch_that_was_merged_and_deleted_is_not_brought_back() {
    let stage = Stage::new();
    let plan = stage.plan("auto");
    let mut ledger = Ledger::default();
    let first = stage.go_on(&plan, None, &mut ledger).unwrap();
    // The process ended before it could say so.
    stage.repository.branch("main", "auto");
    stage.repository.delete("refs/heads/auto");
    let merged = stage
        .repository
        .commit("main")
        .file("other.txt", "x\n")
        .done();
    let second = stage.go_on(&plan, None, &mut ledger).unwrap();
    assert_eq!(second, first);
    assert_eq!(stage.repository.find("auto"), None);
    assert_eq!(stage.repository.rev_parse("main"), merged);
}

#[test]
fn an_answer_that_is_lost_is_looked_up() {
    let stage = Stage::new();
    stage
        .git
        .fault("/git-receive-pack", 1, Fault::CloseAfter(0));
    let written = stage.write(&stage.plan("main")).unwrap();
    assert_once(&stage, &written);
}

#[test]
fn an_answer_that_is_lost_is_found_below_a_commit_that_followed_at_once() {
    let stage = Stage::new();
    stage.write(&stage.plan("warm")).unwrap();
    let plan = stage.plan("main");
    let base = stage.repository.rev_parse("main");
    stage
        .git
        .fault("/git-receive-pack", 1, Fault::CloseAfter(0));
    // The cache is warm: the first word to this service is the look for the commit whose answer was lost.
    let look = stage.git.hold("service=git-upload-pack");
    let written = std::thread::scope(|scope| {
        let writer = scope.spawn(|| stage.write(&plan).unwrap());
        look.wait_until_reached();
        eventually(|| stage.repository.rev_parse("main") != base);
        stage
            .repository
            .commit("main")
            .file(FILE, "a: 2\n")
            .message("Foreign")
            .done();
        drop(look);
        writer.join().unwrap()
    });
    assert_eq!(
        stage.repository.rev_parse("main^"),
        written.commit.to_string()
    );
    assert_once(&stage, &written);
}

/// Asks again and again, for a minute.
fn eventually(condition: impl Fn() -> bool) {
    let started = std::time::Instant::now();
    while !condition() {
        assert!(started.elapsed().as_secs() < 60, "it never came true");
    }
}
