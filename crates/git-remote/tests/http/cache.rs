//! A cache may vanish, be damaged, or be in use, at any time.

use std::{fs, path::PathBuf, time::Duration};

use git_remote::{Cache, CacheLimits, Error, ObjectId, Options, Remote, Repository};

use crate::{Credentials, Site, edit, update};

/// All files of a kind below a repository's objects.
fn files(repository: &Repository, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(repository.dir().join("objects/pack")).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect()
}

/// Reads, edits and pushes, whatever the state of the cache.
fn works(site: &Site) {
    let (repository, tip) = site.fetched();
    let entries = repository.files(tip, "").unwrap();
    let blobs: Vec<ObjectId> = entries.iter().map(|file| file.blob).collect();
    site.session().fetch_blobs(&repository, &blobs).unwrap();
    assert!(repository.blob(blobs[0]).unwrap().is_some());
    let content = format!("# {}\n", site.repo.count("main"));
    let commit = edit(&repository, tip, &[("README.md", &content)]);
    let report = site
        .push(&commit, &[update("refs/heads/main", Some(tip), commit.id)])
        .unwrap();
    assert!(report.is_ok());
    site.repo.fsck();
}

#[test]
fn a_cache_that_was_deleted_comes_back() {
    let site = Site::new();
    works(&site);
    fs::remove_dir_all(site.cache.path()).unwrap();
    works(&site);
}

#[test]
fn a_cache_that_vanishes_in_use_is_an_error_and_then_comes_back() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let blob = site.id("main:README.md");
    let mut session = site.session();
    fs::remove_dir_all(site.cache.path()).unwrap();
    let error = session.fetch_blobs(&repository, &[blob]).unwrap_err();
    assert!(matches!(error, Error::Cache { .. }), "{error:?}");
    let _may_fail = repository.files(tip, "");
    drop(repository);
    works(&site);
}

#[test]
fn objects_that_are_gone_are_fetched_again() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    drop(repository);
    site.repo
        .commit("main")
        .file("apps/new.yaml", "a: 1\n")
        .done();
    let repository = site.repository();
    for kind in ["pack", "idx"] {
        for path in files(&repository, kind) {
            fs::remove_file(path).unwrap();
        }
    }
    drop(repository);
    let repository = site.repository();
    let error = repository.files(tip, "").unwrap_err();
    assert!(matches!(error, Error::Missing { .. }), "{error:?}");
    drop(repository);
    works(&site);
}

#[test]
fn a_commit_that_was_never_fetched_does_no_harm() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    site.repo.commit("main").file("README.md", "# Two\n").done();
    let error = repository.files(site.id("main"), "").unwrap_err();
    assert!(matches!(error, Error::Missing { .. }), "{error:?}");
    drop(repository);
    assert!(site.repository().has_commit(tip));
}

#[test]
fn damaged_packs_are_fetched_again() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    for pack in files(&repository, "pack") {
        let mut bytes = fs::read(&pack).unwrap();
        let end = bytes.len() - 20;
        bytes[12..end].fill(0xff);
        let mut permissions = fs::metadata(&pack).unwrap().permissions();
        #[expect(
            clippy::permissions_set_readonly_false,
            reason = "it is removed with the test"
        )]
        permissions.set_readonly(false);
        fs::set_permissions(&pack, permissions).unwrap();
        fs::write(&pack, bytes).unwrap();
    }
    drop(repository);
    let repository = site.repository();
    let mut session = site.session();
    let read = session
        .fetch_commit(&repository, tip)
        .and_then(|()| repository.files(tip, "").map(|_| ()));
    assert!(read.is_err());
    drop(repository);
    works(&site);
}

#[test]
fn a_moved_branch_on_a_damaged_cache_is_fetched_in_the_end() {
    let site = Site::empty();
    site.repo
        .commit("main")
        .file("README.md", "# Demo\n")
        .files((0..300).map(|i| (format!("d/{i}.yaml"), format!("{i}\n"))))
        .done();
    let (repository, tip) = site.fetched();
    // The commit is there, and nothing that it refers to.
    let commit = site.repo.raw_commit(&tip.to_string());
    for kind in ["pack", "idx"] {
        for path in files(&repository, kind) {
            fs::remove_file(path).unwrap();
        }
    }
    let loose = test_support::git_repo::git_command(repository.dir())
        .args(["hash-object", "-t", "commit", "-w", "--stdin"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .map(|mut child| {
            use std::io::Write as _;
            child
                .stdin
                .take()
                .unwrap()
                .write_all(commit.as_bytes())
                .unwrap();
            child.wait().unwrap()
        });
    assert!(loose.unwrap().success());
    drop(repository);
    site.repo.commit("main").file("d/7.yaml", "new\n").done();
    let mut attempts = 0;
    loop {
        attempts += 1;
        assert!(attempts < 4, "the cache does not heal");
        let repository = site.repository();
        let mut session = site.session();
        let tip = session.find_ref("refs/heads/main").unwrap().commit();
        let read = session
            .fetch_commit(&repository, tip)
            .and_then(|()| repository.files(tip, ""));
        if read.is_ok_and(|files| files.len() == 301) {
            break;
        }
    }
    works(&site);
}

#[test]
fn a_file_in_the_way_is_replaced() {
    let site = Site::new();
    let (repository, _) = site.fetched();
    let dir = repository.dir().to_owned();
    drop(repository);
    fs::remove_dir_all(&dir).unwrap();
    fs::write(&dir, "not a repository").unwrap();
    works(&site);
}

#[test]
fn a_repository_in_use_is_waited_for() {
    let site = Site::new();
    let (repository, _) = site.fetched();
    let cache = Cache::open(site.cache.path(), CacheLimits::default()).unwrap();
    let options = Options {
        timeout: Duration::from_millis(50),
        ..Options::default()
    };
    let impatient = Remote::new(&site.url(), Credentials::Anonymous, options).unwrap();
    let error = cache.repository(&impatient).err().unwrap();
    assert!(
        error.to_string().starts_with("cannot lock the Git cache"),
        "{error}"
    );
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| cache.repository(&site.remote()).is_ok());
        drop(repository);
        assert!(waiting.join().unwrap());
    });
}

#[test]
fn too_many_packs_start_anew_and_side_files_stay() {
    let site = Site::new();
    let limits = CacheLimits {
        packs: 2,
        ..CacheLimits::default()
    };
    for round in 0..5 {
        site.repo
            .commit("main")
            .file("README.md", format!("# {round}\n"))
            .done();
        let repository = site.repository_with(limits);
        assert!(files(&repository, "pack").len() <= 2);
        let known = repository.dir().join("known.bin");
        assert_eq!(known.exists(), round > 0, "the caller's file stays");
        fs::write(&known, "x").unwrap();
        let tip = site.id("main");
        site.session().fetch_commit(&repository, tip).unwrap();
        assert_eq!(repository.files(tip, "").unwrap().len(), 3);
    }
}

#[test]
fn the_oldest_repositories_leave_a_full_cache() {
    let site = Site::new();
    let other = Site::new();
    let limits = CacheLimits {
        total_bytes: 1,
        ..CacheLimits::default()
    };
    let (repository, _) = site.fetched();
    let dir = repository.dir().to_owned();
    fs::remove_file(site.cache.path().join("trimmed")).unwrap();
    let cache = Cache::open(site.cache.path(), limits).unwrap();
    let held = cache.repository(&other.remote()).unwrap();
    assert!(dir.exists(), "it is in use");
    drop((repository, held));
    fs::remove_file(site.cache.path().join("trimmed")).unwrap();
    let held = cache.repository(&other.remote()).unwrap();
    assert!(!dir.exists(), "nobody uses it");
    drop(held);
    works(&site);
}

#[test]
fn different_remotes_have_different_repositories() {
    let site = Site::new();
    let other = Site::new();
    let cache = Cache::open(site.cache.path(), CacheLimits::default()).unwrap();
    let (ours, theirs) = (
        cache.repository(&site.remote()).unwrap(),
        cache.repository(&other.remote()).unwrap(),
    );
    assert_ne!(ours.dir(), theirs.dir());
    let name = ours.dir().file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("127-0-0-1-"), "{name}");
}

#[test]
fn what_one_scope_fetched_is_not_there_for_another() {
    let site = Site::new();
    let cache = Cache::open(site.cache.path(), CacheLimits::default()).unwrap();
    let remote = |scope: &str| {
        let options = Options {
            scope: scope.to_owned(),
            ..Options::default()
        };
        site.remote_with(Credentials::Anonymous, options)
    };
    let tip = site.id("main");
    let ours = cache.repository(&remote("team-a")).unwrap();
    let mut session = remote("team-a").connect().unwrap();
    session.fetch_commit(&ours, tip).unwrap();
    drop(ours);
    for (scope, has) in [("team-a", true), ("team-b", false), ("", false)] {
        let repository = cache.repository(&remote(scope)).unwrap();
        assert_eq!(repository.has_commit(tip), has, "{scope}");
    }
}

#[test]
fn a_folder_that_is_not_ours_survives_the_trimming() {
    let site = Site::new();
    let foreign = site.cache.path().join("photos");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("one.jpg"), [0; 4096]).unwrap();
    let limits = CacheLimits {
        total_bytes: 0,
        ..CacheLimits::default()
    };
    let cache = Cache::open(site.cache.path(), limits).unwrap();
    drop(cache.repository(&site.remote()).unwrap());
    assert!(foreign.join("one.jpg").exists());
}
