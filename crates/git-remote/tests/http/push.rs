//! Compare-and-swap, refusals, options, other references than the branch.

use git_remote::{Class, Error, Limits, Options, PushRequest};
use test_support::git_http::Fault;

use crate::{Credentials, Site, edit, id, short, try_edit, update};

#[test]
fn a_new_branch_and_other_references_are_created() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let commit = edit(&repository, tip, &[("README.md", "# New\n")]);
    for name in [
        "refs/heads/image-updates",
        "refs/for/main",
        "refs/heads/a/b",
    ] {
        let report = site
            .push(&commit, &[update(name, None, commit.id)])
            .unwrap();
        assert!(report.is_ok(), "{name}: {report:?}");
        assert_eq!(site.id(name), commit.id);
    }
    site.repo.fsck();
    assert_eq!(site.id("main"), tip, "the branch stays where it is");
}

#[test]
fn a_branch_that_moved_before_the_push_is_left_alone() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let commit = edit(&repository, tip, &[("README.md", "# Ours\n")]);
    site.repo
        .commit("main")
        .file("README.md", "# Theirs\n")
        .done();
    let theirs = site.id("main");
    site.server.forget();
    let error = site
        .push(&commit, &[update("refs/heads/main", Some(tip), commit.id)])
        .unwrap_err();
    assert_eq!(error.class(), Class::Moved);
    assert!(matches!(
        &error,
        Error::Moved { name, expected: Some(expected), found: Some(found), .. }
            if name == "refs/heads/main" && *expected == tip && *found == theirs
    ));
    assert_eq!(site.server.totals().requests, 1, "nothing was sent");
    assert_eq!(site.id("main"), theirs);
}

#[test]
fn a_branch_that_exists_is_not_created_again() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let commit = edit(&repository, tip, &[("README.md", "# Ours\n")]);
    let error = site
        .push(&commit, &[update("refs/heads/main", None, commit.id)])
        .unwrap_err();
    assert!(matches!(
        error,
        Error::Moved {
            expected: None,
            found: Some(_),
            ..
        }
    ));
    let error = site
        .push(&commit, &[update("refs/heads/gone", Some(tip), commit.id)])
        .unwrap_err();
    assert!(matches!(
        error,
        Error::Moved {
            expected: Some(_),
            found: None,
            ..
        }
    ));
}

#[test]
fn a_branch_that_moves_during_the_push_is_left_alone() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let commit = edit(&repository, tip, &[("README.md", "# Ours\n")]);
    let other = site.repo.clone();
    site.server.before_receive_pack(move || {
        other.commit("main").file("README.md", "# Theirs\n").done();
    });
    let report = site
        .push(&commit, &[update("refs/heads/main", Some(tip), commit.id)])
        .unwrap();
    assert!(!report.is_ok());
    let reason = report.refs[0].result.clone().unwrap_err();
    assert!(reason.contains("failed to update ref"), "{reason}");
    assert_eq!(site.repo.show_text("main", "README.md"), "# Theirs\n");
}

#[test]
fn a_hooks_words_are_repeated() {
    let site = Site::new();
    site.repo.hook(
        "pre-receive",
        "#!/bin/sh\necho 'no \u{1b}[31mMonday\u{1b}[0m commits' >&2\nexit 1\n",
    );
    let (repository, tip) = site.fetched();
    let commit = edit(&repository, tip, &[("README.md", "# Ours\n")]);
    let report = site
        .push(&commit, &[update("refs/heads/main", Some(tip), commit.id)])
        .unwrap();
    assert_eq!(
        report.refs[0].result,
        Err("pre-receive hook declined".to_owned())
    );
    assert_eq!(report.messages, ["no [31mMonday [0m commits"]);
    assert_eq!(site.id("main"), tip);
}

#[test]
fn one_reference_can_be_refused_and_another_set() {
    let site = Site::new();
    site.repo.hook(
        "update",
        "#!/bin/sh\nif [ \"$1\" = refs/heads/main ]; then echo protected; exit 1; fi\n",
    );
    let (repository, tip) = site.fetched();
    let commit = edit(&repository, tip, &[("README.md", "# Ours\n")]);
    let updates = [
        update("refs/heads/main", Some(tip), commit.id),
        update("refs/heads/other", None, commit.id),
    ];
    let report = site.push(&commit, &updates).unwrap();
    assert_eq!(report.refs[0].name, "refs/heads/main");
    assert_eq!(report.refs[0].result, Err("hook declined".to_owned()));
    assert_eq!(report.refs[1].result, Ok(()));
    assert!(
        report.messages.contains(&"protected".to_owned()),
        "{report:?}"
    );
    assert_eq!(site.id("other"), commit.id);

    let updates = [
        update("refs/heads/main", Some(tip), commit.id),
        update("refs/heads/third", None, commit.id),
    ];
    let request = PushRequest {
        updates: &updates,
        commit: &commit,
        options: &[],
        atomic: true,
    };
    let report = site.remote().push(&request).unwrap();
    assert!(
        report.refs.iter().all(|found| found.result.is_err()),
        "{report:?}"
    );
    assert_eq!(site.repo.find("refs/heads/third"), None);
}

#[test]
fn push_options_reach_the_hook_or_are_reported_as_ignored() {
    let site = Site::new();
    site.repo.hook(
        "post-receive",
        "#!/bin/sh\necho \"$GIT_PUSH_OPTION_COUNT $GIT_PUSH_OPTION_0 $GIT_PUSH_OPTION_1\"\n",
    );
    let (repository, tip) = site.fetched();
    let commit = edit(&repository, tip, &[("README.md", "# Ours\n")]);
    let options = [
        ("topic".to_owned(), "images".to_owned()),
        ("ci.skip".to_owned(), String::new()),
    ];
    let push = |name: &str| {
        let updates = [update(name, None, commit.id)];
        let request = PushRequest {
            updates: &updates,
            commit: &commit,
            options: &options,
            atomic: false,
        };
        site.remote().push(&request).unwrap()
    };
    let report = push("refs/heads/one");
    assert_eq!(report.messages, ["2 topic=images ci.skip="]);
    assert!(!report.options_ignored);

    site.repo.config("receive.advertisePushOptions", "false");
    let report = push("refs/heads/two");
    assert!(report.is_ok());
    assert!(report.options_ignored);
}

#[test]
fn a_secret_that_a_hook_repeats_is_not_shown() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let commit = edit(&repository, tip, &[("README.md", "# Ours\n")]);
    // A part of the reference's name too: the answer is about that reference all the same.
    let credentials = Credentials::Basic {
        username: "bot".into(),
        password: "main".into(),
    };
    let remote = site.remote_with(credentials, Options::default());
    let updates = [update("refs/heads/main", Some(tip), commit.id)];
    let request = PushRequest {
        updates: &updates,
        commit: &commit,
        options: &[],
        atomic: false,
    };
    site.repo.hook(
        "pre-receive",
        "#!/bin/sh\necho 'not with main (Ym90Om1haW4=)' >&2\nexit 1\n",
    );
    let report = remote.push(&request).unwrap();
    assert_eq!(report.messages, ["not with *** (***=)"]);
    assert_eq!(
        report.refs[0].result,
        Err("pre-receive hook declined".to_owned())
    );

    let line = "ng refs/heads/main not with main\n";
    let report = format!("000eunpack ok\n{:04x}{line}0000", line.len() + 4);
    let body = format!("{:04x}\u{1}{report}0000", report.len() + 5);
    let headers = vec![(
        "content-type",
        "application/x-git-receive-pack-result".into(),
    )];
    site.server.fault(
        "/git-receive-pack",
        1,
        Fault::Answer {
            status: 200,
            headers,
            body,
        },
    );
    let report = remote.push(&request).unwrap();
    assert_eq!(report.refs[0].result, Err("not with ***".to_owned()));

    site.repo.hook("pre-receive", "#!/bin/sh\nexit 0\n");
    assert!(remote.push(&request).unwrap().is_ok());
}

#[test]
fn a_lost_answer_leaves_the_outcome_open() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let commit = edit(&repository, tip, &[("README.md", "# Ours\n")]);
    site.server
        .fault("/git-receive-pack", 1, Fault::CloseAfter(10));
    let error = site
        .push(&commit, &[update("refs/heads/main", Some(tip), commit.id)])
        .unwrap_err();
    assert!(matches!(error, Error::UnknownOutcome { .. }), "{error:?}");
    assert_eq!(error.class(), Class::Transient);
}

#[test]
fn a_server_that_hangs_leaves_the_outcome_open() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let commit = edit(&repository, tip, &[("README.md", "# Ours\n")]);
    site.server.fault("/git-receive-pack", 1, Fault::Hang);
    let updates = [update("refs/heads/main", Some(tip), commit.id)];
    let request = PushRequest {
        updates: &updates,
        commit: &commit,
        options: &[],
        atomic: false,
    };
    let remote = site.remote_with(Credentials::Anonymous, short());
    let error = remote.push(&request).unwrap_err();
    assert!(
        matches!(&error, Error::UnknownOutcome { source, .. } if matches!(**source, Error::TimedOut { .. })),
        "{error:?}"
    );
}

#[test]
fn a_refused_request_is_no_open_outcome() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let commit = edit(&repository, tip, &[("README.md", "# Ours\n")]);
    for (status, open) in [(403, false), (413, false), (502, true)] {
        site.server
            .fault("/git-receive-pack", 1, Fault::Status(status));
        let error = site
            .push(&commit, &[update("refs/heads/main", Some(tip), commit.id)])
            .unwrap_err();
        let is_open = matches!(error, Error::UnknownOutcome { .. });
        assert_eq!(is_open, open, "{status}: {error:?}");
    }
    assert_eq!(site.id("main"), tip);
}

#[test]
fn paths_that_must_not_be_written_are_refused() {
    let site = Site::new();
    site.repo
        .commit("main")
        .symlink("link", "README.md")
        .submodule("sub", &"1".repeat(40))
        .done();
    let (repository, tip) = site.fetched();
    let error = |path: &str| try_edit(&repository, tip, &[(path, "x")]).unwrap_err();
    for path in [
        "../x",
        ".git/config",
        "a//b",
        "apps/.GIT/x",
        "/README.md",
        "",
        "git~1/x",
    ] {
        let error = error(path);
        assert!(
            matches!(error, Error::InvalidPath { .. }),
            "{path}: {error:?}"
        );
    }
    for path in ["missing.yaml", "apps/missing.yaml", "README.md/x", "link/x"] {
        let error = error(path);
        assert!(
            matches!(&error, Error::PathNotFound { path: found, .. } if found == path),
            "{path}: {error:?}"
        );
    }
    for (path, found) in [
        ("link", "symbolic link"),
        ("sub", "submodule"),
        ("apps", "directory"),
    ] {
        let error = error(path);
        assert!(matches!(error, Error::NotAFile { .. }), "{path}: {error:?}");
        assert!(error.to_string().contains(found), "{error}");
    }
}

#[test]
fn a_push_over_the_limit_is_not_sent() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let commit = edit(&repository, tip, &[("README.md", &"x".repeat(10_000))]);
    let limits = Limits {
        pack_bytes: 9_999,
        ..Limits::default()
    };
    let remote = site.remote_with(
        Credentials::Anonymous,
        Options {
            limits,
            ..Options::default()
        },
    );
    let updates = [update("refs/heads/main", Some(tip), commit.id)];
    let request = PushRequest {
        updates: &updates,
        commit: &commit,
        options: &[],
        atomic: false,
    };
    let error = remote.push(&request).unwrap_err();
    assert!(
        matches!(error, Error::Limit { limit: 9_999, .. }),
        "{error:?}"
    );
    assert_eq!(site.id("main"), tip);
}

#[test]
fn parallel_writers_lose_no_commit() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let commits: Vec<_> = (0..4)
        .map(|i| edit(&repository, tip, &[("README.md", &format!("# {i}\n"))]))
        .collect();
    let remote = site.remote();
    let landed: Vec<_> = std::thread::scope(|scope| {
        let pushes: Vec<_> = commits
            .iter()
            .map(|commit| {
                let remote = remote.clone();
                scope.spawn(move || {
                    let updates = [update("refs/heads/main", Some(tip), commit.id)];
                    let request = PushRequest {
                        updates: &updates,
                        commit,
                        options: &[],
                        atomic: false,
                    };
                    remote.push(&request).is_ok_and(|report| report.is_ok())
                })
            })
            .collect();
        pushes
            .into_iter()
            .map(|push| push.join().unwrap())
            .collect()
    });
    assert_eq!(
        landed.iter().filter(|landed| **landed).count(),
        1,
        "{landed:?}"
    );
    let winner = landed.iter().position(|landed| *landed).unwrap();
    assert_eq!(site.id("main"), commits[winner].id);
    assert_eq!(id(&site.repo.rev_parse("main~1")), tip);
}
