//! Large files, many files, and what a commit costs.

use std::time::{Duration, Instant};

use git_remote::{Credentials, Options, Remote};
use git_writer::NoJournal;
use test_support::ssh_keys::{KeyKind, SshKey};
use test_support::sshd::Sshd;

use crate::stage::{CONTENT, SECONDS, Stage};

#[test]
fn a_warm_cache_asks_for_nothing_but_the_push() {
    let stage = Stage::new();
    stage.write(&stage.plan("main")).unwrap();
    stage
        .repository
        .commit("side")
        .file("apps/app.yaml", CONTENT)
        .done();
    // The commit that was just pushed is the base of the next plan, and its file is in the cache.
    let mut plan = stage.plan("main");
    let edit = &mut plan.spec.files[0].edits[0];
    (edit.old, edit.new) = ("app:2.0.0".to_owned(), "app:3.0.0".to_owned());
    stage.git.forget();
    stage.write(&plan).unwrap();
    assert_eq!(
        stage.requests(),
        ["info/refs?service=git-receive-pack", "git-receive-pack"]
    );
}

#[test]
fn a_file_of_fifty_megabytes_is_changed() {
    let stage = Stage::new();
    let path = "apps/large.yaml";
    let lines = (50 << 20) / 64 - 1;
    let body = "# 0123456789012345678901234567890123456789012345678901234567890\n".repeat(lines);
    let content = format!("{CONTENT}{body}");
    stage.repository.commit("main").file(path, &content).done();
    let mut plan = stage.plan_for("main", &[path]);
    // One edit at each end of the file.
    let file = &mut plan.spec.files[0];
    let mut last = file.edits[0].clone();
    last.offset = i64::try_from(content.len() - 4).unwrap();
    (last.old, last.new) = ("890\n".to_owned(), "890 end\n".to_owned());
    file.edits.push(last);
    stage.write(&plan).unwrap();
    let written = stage.repository.show("main", path);
    assert_eq!(written.len(), content.len() + 4);
    assert!(written.starts_with(b"a: 1\r\nimage: app:2.0.0"));
    assert!(written.ends_with(b"890 end\n"));
    stage.repository.fsck();
}

/// Twenty thousand files, of which forty-eight change: only the trees on the way to them are read and made.
#[test]
fn many_files_cost_what_changes() {
    let stage = Stage::new();
    let path = |number: usize| format!("teams/{}/apps/{number}.yaml", number / 100);
    let all = (0..20_000).map(|number| (path(number), format!("{CONTENT}# {number}\n")));
    stage.repository.commit("main").files(all).done();
    stage.repository.repack();
    let changed: Vec<String> = (0..48).map(|number| path(number * 400 + 7)).collect();
    let changed: Vec<&str> = changed.iter().map(String::as_str).collect();
    let plan = stage.plan_for("main", &changed);
    let started = Instant::now();
    stage.write(&plan).unwrap();
    println!("cold: {:?}", started.elapsed());
    let sent = stage.git.exchanges();
    let pushed = sent
        .iter()
        .find(|exchange| exchange.target.ends_with("/git-receive-pack"))
        .unwrap();
    println!("pushed: {pushed:?}");
    assert_eq!(stage.repository.changed_paths("main^", "main").len(), 48);
    stage.repository.fsck();
}

#[test]
fn a_commit_goes_over_ssh() {
    let stage = Stage::new();
    let key = SshKey::generate(KeyKind::Ed25519);
    let server = Sshd::builder().authorize(&key).start();
    let secret = [
        ("identity".to_owned(), key.private_key().into_bytes()),
        ("known_hosts".to_owned(), server.known_hosts().into_bytes()),
    ];
    let url = server.url(stage.repository.path());
    let credentials = Credentials::from_secret(&url, &secret.into()).unwrap().0;
    let remote = Remote::new(&url, credentials, Options::default()).unwrap();
    let plan = stage.plan("main");
    let cache = stage.cache();
    let write = || git_writer::write(&remote, &cache, &plan, None, SECONDS, &mut NoJournal);
    let written = write().unwrap();
    assert_eq!(
        stage.repository.rev_parse("main"),
        written.commit.to_string()
    );
}

/// What one plan after the other costs where nothing else moves; run with `--nocapture` to see it.
#[test]
fn the_time_of_a_small_commit() {
    let stage = Stage::new();
    let path = |number: usize| format!("apps/{number}.yaml");
    let all = (0..50).map(|number| (path(number), CONTENT));
    stage.repository.commit("main").files(all).done();
    stage.write(&stage.plan_for("main", &[&path(0)])).unwrap();
    let mut times = Vec::new();
    for version in 2..22 {
        let mut plan = stage.plan_for("main", &[&path(0)]);
        let edit = &mut plan.spec.files[0].edits[0];
        (edit.old, edit.new) = (
            format!("app:{version}.0.0"),
            format!("app:{}.0.0", version + 1),
        );
        let started = Instant::now();
        stage.write(&plan).unwrap();
        times.push(started.elapsed());
    }
    times.sort();
    println!("median {:?}, slowest {:?}", times[10], times[19]);
    assert!(times[10] < Duration::from_secs(2), "{times:?}");
}
