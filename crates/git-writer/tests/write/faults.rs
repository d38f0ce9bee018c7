//! A cache that fails, and a server that does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use git_remote::{Cache, CacheLimits, Class, Error};
use git_writer::{Fate, WriteError};
use test_support::git_http::Fault;

use crate::stage::{CONTENT, FILE, Ledger, SECONDS, Stage};

/// The one repository of the stage's cache.
fn cached(stage: &Stage) -> PathBuf {
    let entries = fs::read_dir(stage.folder.path().join("cache")).unwrap();
    let mut folders = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir());
    folders.next().unwrap()
}

/// A stage whose cache is warm: one plan was written, and the next one is on top of it.
fn warm() -> (Stage, api::repin::v1alpha1::ImageUpdatePlan) {
    let stage = Stage::new();
    stage
        .repository
        .commit("main")
        .file("apps/b.yaml", CONTENT)
        .done();
    stage.write(&stage.plan("main")).unwrap();
    let plan = stage.plan_for("main", &["apps/b.yaml"]);
    (stage, plan)
}

fn assert_written(stage: &Stage) {
    let text = stage.repository.show_text("main", "apps/b.yaml");
    assert_eq!(text, CONTENT.replace("1.0.0", "2.0.0"));
    stage.repository.fsck();
}

#[test]
fn a_cache_that_is_deleted_is_filled_again() {
    let (stage, plan) = warm();
    fs::remove_dir_all(stage.folder.path().join("cache")).unwrap();
    stage.write(&plan).unwrap();
    assert_written(&stage);
}

#[test]
fn a_cache_that_is_deleted_before_each_push_costs_nothing_but_time() {
    let (stage, plan) = warm();
    let folder = stage.folder.path().join("cache");
    stage.git.before_receive_pack(move || {
        fs::remove_dir_all(&folder).ok();
    });
    stage.write(&plan).unwrap();
    assert_written(&stage);
}

#[test]
fn damaged_objects_are_fetched_again() {
    for damage in [cut, empty, remove] {
        let (stage, plan) = warm();
        let packs: Vec<PathBuf> = fs::read_dir(cached(&stage).join("objects/pack"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|found| found == "pack"))
            .collect();
        assert!(!packs.is_empty());
        for pack in &packs {
            damage(pack);
        }
        let mut ledger = Ledger::default();
        // At the latest the second attempt finds the cache empty.
        if let Err(error) = stage.go_on(&plan, None, &mut ledger) {
            assert_eq!(error.fate(), Fate::Waits, "{error:?}");
            stage.go_on(&plan, None, &mut ledger).unwrap();
        }
        assert_written(&stage);
    }
}

fn cut(pack: &Path) {
    let bytes = fs::read(pack).unwrap();
    writable(pack);
    fs::write(pack, &bytes[..bytes.len() / 2]).unwrap();
}

fn empty(pack: &Path) {
    writable(pack);
    fs::write(pack, "").unwrap();
}

fn remove(pack: &Path) {
    fs::remove_file(pack).unwrap();
}

#[expect(
    clippy::permissions_set_readonly_false,
    reason = "the file is the test's own"
)]
fn writable(path: &Path) {
    let mut permissions = fs::metadata(path).unwrap().permissions();
    permissions.set_readonly(false);
    fs::set_permissions(path, permissions).unwrap();
}

#[test]
fn a_cache_that_cannot_be_written_is_named_and_waited_for() {
    let stage = Stage::new();
    let plan = stage.plan("main");
    let pack = {
        stage.cache().repository(stage.remote()).unwrap();
        cached(&stage).join("objects/pack")
    };
    fs::remove_dir(&pack).unwrap();
    fs::write(&pack, "a file where the folder was").unwrap();
    let error = stage.write(&plan).unwrap_err();
    assert_eq!(error.fate(), Fate::Waits);
    assert!(
        matches!(&error, WriteError::Read(Error::Cache { .. })),
        "{error:?}"
    );
    fs::remove_file(&pack).unwrap();
    stage.write(&plan).unwrap();
}

#[test]
fn a_full_disk_is_named_and_waited_for() {
    let disk = tempfile::tempdir().unwrap();
    let Some(mounted) = SmallDisk::mount(disk.path()) else {
        eprintln!("no right to mount a small disk: not tested");
        return;
    };
    let stage = Stage::new();
    // What does not fit is not compressible.
    let mut noise = 1_u64;
    let large: String = (0..400_000)
        .map(|_| {
            noise = noise
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            char::from(b'a' + u8::try_from(noise >> 60).unwrap())
        })
        .collect();
    let path = "apps/large.yaml";
    stage
        .repository
        .commit("main")
        .file(path, format!("{CONTENT}# {large}\n"))
        .done();
    let plan = stage.plan_for("main", &[path]);
    let filler = disk.path().join("filler");
    fs::write(&filler, vec![0; 900 << 10]).unwrap();
    let cache = Cache::open(&disk.path().join("cache"), CacheLimits::default()).unwrap();
    let mut ledger = Ledger::default();
    let mut write = || git_writer::write(stage.remote(), &cache, &plan, None, SECONDS, &mut ledger);
    let error = write().unwrap_err();
    assert_eq!(error.fate(), Fate::Waits);
    assert!(
        matches!(&error, WriteError::Read(Error::Cache { .. })),
        "{error:?}"
    );
    fs::remove_file(&filler).unwrap();
    write().unwrap();
    stage.repository.fsck();
    drop(mounted);
}

/// A file system of a megabyte.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mount(at: &'a Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
            .arg(at);
        let output = mount.output().ok()?;
        output.status.success().then_some(Self(at))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        // What keeps it from being unmounted is told by the temporary folder, which cannot be removed then.
        Command::new("umount").arg("-l").arg(self.0).output().ok();
    }
}

#[test]
fn a_server_that_is_ill_is_waited_for_and_nothing_is_lost() {
    let stage = Stage::new();
    let plan = stage.plan("main");
    let mut ledger = Ledger::default();
    for (part, fault) in [
        ("service=git-receive-pack", Fault::Status(503)),
        ("service=git-receive-pack", Fault::Status(401)),
        ("service=git-upload-pack", Fault::Status(503)),
        ("/git-upload-pack", Fault::CloseAfter(40)),
        ("/git-receive-pack", Fault::Status(500)),
        ("/git-receive-pack", Fault::Status(403)),
    ] {
        stage.git.fault(part, 1, fault.clone());
        let error = stage.go_on(&plan, None, &mut ledger).unwrap_err();
        assert_eq!(error.fate(), Fate::Waits, "{part} {fault:?}: {error:?}");
        assert_eq!(stage.repository.count("main"), 1);
    }
    let written = stage.go_on(&plan, None, &mut ledger).unwrap();
    assert_eq!(ledger.stored.len(), 1);
    assert_eq!(written.commit.to_string(), ledger.stored[0].commit);
    assert_eq!(
        stage.repository.show_text("main", FILE),
        CONTENT.replace("1.0.0", "2.0.0")
    );
}

const REFUSES: &str = "#!/bin/sh\necho 'protected' >&2\nexit 1\n";

#[test]
fn a_commit_that_was_refused_is_kept_no_longer() {
    let stage = Stage::new();
    stage.repository.hook("pre-receive", REFUSES);
    let plan = stage.plan("main");
    let mut ledger = Ledger::default();
    for _ in 0..2 {
        let error = stage.go_on(&plan, None, &mut ledger).unwrap_err();
        assert!(matches!(error, WriteError::Refused { .. }), "{error}");
        assert_eq!(ledger.stored, []);
    }
    stage.repository.hook("pre-receive", "#!/bin/sh\n");
    let written = stage.go_on(&plan, None, &mut ledger).unwrap();
    assert_eq!(ledger.stored[0].commit, written.commit.to_string());
}

#[test]
fn a_commit_that_was_sent_before_it_is_refused_may_be_under_way_and_is_kept() {
    let stage = Stage::new();
    let plan = stage.plan("main");
    let mut ledger = Ledger {
        dies_after: Some(1),
        ..Ledger::default()
    };
    stage.go_on(&plan, None, &mut ledger).unwrap_err();
    stage.repository.hook("pre-receive", REFUSES);
    let mut ledger = ledger.reborn();
    let error = stage.go_on(&plan, None, &mut ledger).unwrap_err();
    assert!(matches!(error, WriteError::Refused { .. }), "{error}");
    assert_eq!(ledger.stored.len(), 1);
    // On top of something else it cannot land any more.
    stage
        .repository
        .commit("main")
        .file("other.txt", "x\n")
        .done();
    stage.go_on(&plan, None, &mut ledger).unwrap_err();
    assert_eq!(ledger.stored, []);
}

#[test]
fn a_refusal_after_which_nobody_can_look_keeps_the_commit() {
    let stage = Stage::new();
    stage.repository.hook("pre-receive", REFUSES);
    let plan = stage.plan("main");
    let mut ledger = Ledger::default();
    let hold = stage.git.hold("fleet.git/git-receive-pack");
    let error = std::thread::scope(|threads| {
        let pushing = threads.spawn(|| stage.go_on(&plan, None, &mut ledger).unwrap_err());
        hold.wait_until_reached();
        stage
            .git
            .fault("service=git-upload-pack", 1, Fault::Status(503));
        hold.release();
        pushing.join().unwrap()
    });
    assert!(matches!(error, WriteError::Refused { .. }), "{error}");
    assert_eq!(ledger.stored.len(), 1);
}

#[test]
fn the_class_of_a_full_disk_is_passing() {
    let error = Error::Cache {
        action: "write to",
        path: PathBuf::from("/cache"),
        source: "no space left on device".into(),
    };
    assert_eq!(error.class(), Class::Transient);
}
