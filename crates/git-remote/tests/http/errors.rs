//! What a person reads when something is wrong.

use git_remote::{Class, Error, Limits, Options, Remote, Tls};
use test_support::{
    git_http::{Fault, GitHttp},
    git_repo::TempRepo,
    tls::Authority,
};

use crate::{Credentials, Site, short};

fn basic(username: &str, password: &str) -> Credentials {
    Credentials::Basic {
        username: username.into(),
        password: password.into(),
    }
}

/// The error of connecting to a server that answers with a fault.
fn refused(fault: Fault) -> Error {
    let site = Site::new();
    site.server.fault("info/refs", 1, fault);
    site.remote().connect().err().unwrap()
}

/// An error and its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

#[test]
fn passwords_and_tokens_are_checked_by_the_server() {
    let repo = TempRepo::new();
    repo.commit("main").file("a", "1").done();
    let server = GitHttp::builder(repo.root()).basic("bot", "s3cret").start();
    let site = Site::with(repo, server);
    let connect = |credentials| site.remote_with(credentials, Options::default()).connect();
    assert!(connect(basic("bot", "s3cret")).is_ok());
    for credentials in [
        Credentials::Anonymous,
        basic("bot", "wr0ng"),
        Credentials::Bearer("t".into()),
    ] {
        let error = connect(credentials).err().unwrap();
        assert!(matches!(error, Error::Authentication { .. }), "{error:?}");
        assert_eq!(error.class(), Class::Authentication);
        assert!(!chain(&error).contains("wr0ng"), "{error}");
        assert!(
            error.to_string().contains("username and password"),
            "{error}"
        );
    }
}

#[test]
fn a_bearer_token_is_sent_with_every_request() {
    let repo = TempRepo::new();
    repo.commit("main").file("a", "1").done();
    let server = GitHttp::builder(repo.root()).bearer("t0ken").start();
    let site = Site::with(repo, server);
    let remote = site.remote_with(Credentials::Bearer("t0ken".into()), Options::default());
    let found = remote
        .connect()
        .unwrap()
        .find_ref("refs/heads/main")
        .unwrap();
    assert_eq!(found.commit(), site.id("main"));
}

#[test]
fn a_token_that_no_header_can_carry_is_named_but_not_shown() {
    let site = Site::new();
    let remote = site.remote_with(Credentials::Bearer("t0k\nen".into()), Options::default());
    let error = remote.connect().err().unwrap();
    assert!(
        chain(&error).contains("'bearerToken' holds characters"),
        "{error:?}"
    );
    assert!(!chain(&error).contains("t0k"), "{error:?}");
}

#[test]
fn the_urls_user_info_fills_gaps_and_is_never_shown() {
    let repo = TempRepo::new();
    repo.commit("main").file("a", "1").done();
    let server = GitHttp::builder(repo.root()).basic("bot", "p@ss").start();
    let site = Site::with(repo, server);
    let with = |info: &str| site.url().replace("://", &format!("://{info}@"));
    for (url, credentials) in [
        (with("bot:p%40ss"), Credentials::Anonymous),
        (with("bot"), basic("", "p@ss")),
        (with("other:p%40ss"), basic("bot", "")),
    ] {
        let remote = Remote::new(&url, credentials, Options::default()).unwrap();
        assert_eq!(remote.url().to_string(), site.url());
        assert!(remote.connect().is_ok());
        assert!(!format!("{remote:?}").contains("p@ss"));
    }
    let url = with("bot:wr0ng");
    let remote = Remote::new(&url, Credentials::Anonymous, Options::default()).unwrap();
    let error = remote.connect().err().unwrap();
    assert!(!chain(&error).contains("wr0ng"), "{error}");
    let error = Remote::new(&url, Credentials::Bearer("t".into()), Options::default()).unwrap_err();
    assert!(
        chain(&error).contains("basic auth and bearer token cannot be set at the same time"),
        "{error:?}"
    );
}

#[test]
fn each_status_has_its_error() {
    for (status, class, part) in [
        (403, Class::Authentication, "permission denied (HTTP 403)"),
        (404, Class::NotFound, "repository not found (HTTP 404)"),
        (400, Class::Terminal, "HTTP 400"),
        (429, Class::Transient, "HTTP 429"),
        (500, Class::Transient, "HTTP 500"),
        (503, Class::Transient, "HTTP 503"),
    ] {
        let error = refused(Fault::Status(status));
        assert_eq!(error.class(), class, "{error:?}");
        assert!(error.to_string().contains(part), "{error}");
        assert!(
            error
                .to_string()
                .starts_with("cannot connect to http://127.0.0.1"),
            "{error}"
        );
    }
}

#[test]
fn the_servers_words_are_repeated() {
    let error = refused(Fault::Answer {
        status: 403,
        headers: vec![("content-type", "text/plain".into())],
        body: "You are not\r\nallowed\u{7}".into(),
    });
    assert!(
        error
            .to_string()
            .ends_with("the server says: You are not allowed"),
        "{error}"
    );
}

/// Everything that a log may hold of an error.
fn printed(error: &Error) -> String {
    format!("{error} {error:?} {}", chain(error))
}

#[test]
fn a_secret_that_the_server_repeats_is_not_shown() {
    let site = Site::new();
    let remote = site.remote_with(basic("bot", "p@ssw0rd!"), Options::default());
    // The header's value is the Base64 of "bot:p@ssw0rd!".
    let words = "no p@ssw0rd! p%40ssw0rd%21 p%40ssw0rd! Basic Ym90OnBAc3N3MHJkIQ== here";
    let answer = |status, name, value: &str| Fault::Answer {
        status,
        headers: vec![(name, value.into())],
        body: words.into(),
    };
    let not_shown = |error: &Error, hidden: &str| {
        let printed = printed(error);
        for secret in ["ssw0rd", "Ym90OnBAc3N3MHJkIQ"] {
            assert!(!printed.contains(secret), "{printed}");
        }
        assert!(printed.contains(hidden), "{printed}");
    };
    for status in [400, 401, 403, 404, 500] {
        let fault = answer(status, "content-type", "text/plain");
        site.server.fault("info/refs", 1, fault);
        let error = remote.connect().err().unwrap();
        not_shown(&error, "no *** *** *** Basic ***== here");
    }
    for (status, name, value) in [
        (200, "content-type", "text/html; for=p@ssw0rd!"),
        (302, "location", "https://h/p@ssw0rd!"),
        (302, "location", "https://h/p%40ssw0rd%21"),
    ] {
        site.server
            .fault("info/refs", 1, answer(status, name, value));
        not_shown(&remote.connect().err().unwrap(), "***");
    }
    let git = |line: &str| Fault::Answer {
        status: 200,
        headers: vec![(
            "content-type",
            "application/x-git-upload-pack-result".into(),
        )],
        body: format!("{:04x}{line}", line.len() + 4),
    };
    for line in ["ERR no p@ssw0rd!", "no p@ssw0rd!"] {
        let mut session = remote.connect().unwrap();
        site.server.fault("/git-upload-pack", 2, git(line));
        not_shown(&session.refs(&[]).unwrap_err(), "***");
        let mut session = remote.connect().unwrap();
        let tip = site.id("main");
        let error = session.fetch_commit(&site.repository(), tip).unwrap_err();
        not_shown(&error, "");
    }
}

#[test]
fn a_web_page_is_no_git_server() {
    let error = refused(Fault::Html);
    assert!(matches!(&error, Error::NotGit { found, .. } if found.starts_with("text/html")));
    assert_eq!(error.class(), Class::Terminal);
}

#[test]
fn a_dead_server_is_unreachable() {
    let site = Site::new();
    let url = format!(
        "http://127.0.0.1:{}/x.git",
        test_support::process::free_port()
    );
    let remote = Remote::new(&url, Credentials::Anonymous, Options::default()).unwrap();
    let error = remote.connect().err().unwrap();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert_eq!(error.class(), Class::Transient);
    drop(site);
}

#[test]
fn a_server_that_hangs_up_in_mid_answer_is_told() {
    let site = Site::new();
    let repository = site.repository();
    let mut session = site.session();
    site.server
        .fault("/git-upload-pack", 1, Fault::CloseAfter(20));
    let error = session.refs(&[]).unwrap_err();
    assert!(matches!(error, Error::ConnectionLost { .. }), "{error:?}");

    let tip = site.id("main");
    for bytes in [30, 100, 200] {
        let mut session = site.session();
        site.server
            .fault("/git-upload-pack", 1, Fault::CloseAfter(bytes));
        let error = session.fetch_commit(&repository, tip).unwrap_err();
        assert!(
            matches!(error, Error::ConnectionLost { .. }),
            "{bytes}: {error:?}"
        );
        assert!(!repository.has_commit(tip));
    }
    site.session().fetch_commit(&repository, tip).unwrap();
    let blob = site.id("main:README.md");
    let mut session = site.session();
    site.server
        .fault("/git-upload-pack", 1, Fault::CloseAfter(40));
    let error = session.fetch_blobs(&repository, &[blob]).unwrap_err();
    assert!(matches!(error, Error::ConnectionLost { .. }), "{error:?}");
    site.session().fetch_blobs(&repository, &[blob]).unwrap();
    assert!(repository.blob(blob).unwrap().is_some());
}

#[test]
fn a_server_that_hangs_is_left_in_time() {
    let site = Site::new();
    let remote = site.remote_with(Credentials::Anonymous, short());
    site.server.fault("info/refs", 1, Fault::Hang);
    let error = remote.connect().err().unwrap();
    assert!(matches!(error, Error::TimedOut { .. }), "{error:?}");
    assert!(
        error.to_string().contains("not done within 300ms"),
        "{error}"
    );

    let mut session = remote.connect().unwrap();
    site.server
        .fault("/git-upload-pack", 1, Fault::StallAfter(20));
    let error = session.refs(&[]).unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error:?}");
    assert!(error.to_string().contains("list the references"), "{error}");

    let repository = site.repository();
    let mut session = remote.connect().unwrap();
    site.server
        .fault("/git-upload-pack", 1, Fault::StallAfter(100));
    let error = session
        .fetch_commit(&repository, site.id("main"))
        .unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error:?}");
}

#[test]
fn only_certificates_of_known_authorities_are_trusted() {
    let authority = Authority::new();
    let repo = TempRepo::new();
    repo.commit("main").file("a", "1").done();
    let server = GitHttp::builder(repo.root())
        .tls(&authority.server(&["localhost"]))
        .start();
    let site = Site::with(repo, server);
    let with = |ca: Option<&str>| {
        let options = Options {
            tls: Tls {
                ca_bundle: ca.map(|pem| pem.as_bytes().to_vec()),
                ..Tls::default()
            },
            ..Options::default()
        };
        Remote::new(&site.url(), Credentials::Anonymous, options)
    };
    let ours = with(Some(authority.ca_pem())).unwrap();
    assert!(ours.connect().unwrap().find_ref("refs/heads/main").is_ok());
    for remote in [with(None), with(Some(Authority::new().ca_pem()))] {
        let error = remote.unwrap().connect().err().unwrap();
        assert!(matches!(error, Error::Tls { .. }), "{error:?}");
        assert_eq!(error.class(), Class::Terminal);
        assert!(error.to_string().contains("ca.crt"), "{error}");
    }
    for pem in ["", "no certificate"] {
        let error = with(Some(pem)).unwrap_err();
        assert!(matches!(error, Error::CaBundle { .. }), "{error:?}");
    }
}

#[test]
fn redirects_are_followed_without_the_credentials() {
    let repo = TempRepo::new();
    repo.commit("main").file("a", "1").done();
    let moved = GitHttp::builder(repo.root()).start();
    let target = format!(
        "{}/info/refs?service=git-upload-pack",
        moved.url(repo.name())
    );
    let server = GitHttp::builder(repo.root()).basic("bot", "s3cret").start();
    let site = Site::with(repo, server);
    let redirect = |location: String| Fault::Answer {
        status: 301,
        headers: vec![("location", location)],
        body: String::new(),
    };
    site.server.fault("info/refs", 1, redirect(target));
    let remote = site.remote_with(basic("bot", "s3cret"), Options::default());
    let mut session = remote.connect().unwrap();
    assert!(session.find_ref("refs/heads/main").is_ok());
    let exchanges = moved.exchanges();
    assert_eq!(exchanges.len(), 2, "the redirect holds for what follows");
    assert!(
        exchanges
            .iter()
            .all(|exchange| exchange.authorization.is_none())
    );

    site.server.fault(
        "info/refs",
        1,
        redirect("http://x:y@127.0.0.1/login?t=1".into()),
    );
    let error = remote.connect().err().unwrap();
    assert!(
        matches!(&error, Error::Redirect { location, .. } if location == "http://127.0.0.1/login")
    );
    let again = format!("{}/info/refs?service=git-upload-pack", site.url());
    site.server.fault("info/refs", 50, redirect(again));
    let error = remote.connect().err().unwrap();
    assert!(matches!(error, Error::Redirect { .. }), "{error:?}");
}

#[test]
fn each_limit_is_named() {
    let site = Site::new();
    site.repo.branch("other", "main");
    let repository = site.repository();
    let with = |limits| {
        site.remote_with(
            Credentials::Anonymous,
            Options {
                limits,
                ..Options::default()
            },
        )
    };
    let limits = Limits::default();
    let mut session = with(Limits { refs: 2, ..limits }).connect().unwrap();
    let error = session.refs(&[]).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("a list of more references over the limit of 2"),
        "{error}"
    );
    let mut session = with(Limits {
        pack_bytes: 250,
        ..limits
    })
    .connect()
    .unwrap();
    let error = session
        .fetch_commit(&repository, site.id("main"))
        .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("a pack of more bytes over the limit of 250"),
        "{error}"
    );
    site.session()
        .fetch_commit(&repository, site.id("main"))
        .unwrap();
    let mut session = with(Limits {
        batch_bytes: 20,
        ..limits
    })
    .connect()
    .unwrap();
    let error = session
        .fetch_blobs(&repository, &[site.id("main:README.md")])
        .unwrap_err();
    assert!(matches!(error, Error::Limit { limit: 20, .. }), "{error:?}");
}

#[test]
fn a_pack_that_unpacks_to_more_than_the_limit_is_refused() {
    let repo = TempRepo::new();
    repo.commit("main").file("bomb", vec![0; 300_000]).done();
    // Such a server sends files with the commit.
    let server = GitHttp::builder(repo.root()).version_0_only().start();
    let site = Site::with(repo, server);
    let limits = Limits {
        pack_bytes: 100_000,
        ..Limits::default()
    };
    let options = Options {
        limits,
        ..Options::default()
    };
    let remote = site.remote_with(Credentials::Anonymous, options);
    let error = remote
        .connect()
        .unwrap()
        .fetch_commit(&site.repository(), site.id("main"))
        .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("a pack that unpacks to more bytes over the limit of 100000"),
        "{error}"
    );
    assert_eq!(error.class(), Class::Terminal);
}

#[test]
fn a_repository_of_another_object_format_is_refused() {
    let root = tempfile::TempDir::new().unwrap();
    let output = test_support::git_repo::git_command(root.path())
        .args([
            "init",
            "--quiet",
            "--bare",
            "--object-format=sha256",
            "s.git",
        ])
        .status()
        .unwrap();
    assert!(output.success());
    let server = GitHttp::start(root.path());
    let remote = Remote::new(
        &server.url("s.git"),
        Credentials::Anonymous,
        Options::default(),
    )
    .unwrap();
    let error = remote.connect().err().unwrap();
    assert!(
        matches!(&error, Error::ObjectFormat { found, .. } if found == "sha256"),
        "{error:?}"
    );
}

#[test]
fn urls_that_cannot_be_used_are_refused_without_repeating_them() {
    for url in [
        "",
        "git@host:path",
        "file:///x",
        "https://",
        "https://user:p4ss@host",
        "http://h/",
        "ftp://h/x",
    ] {
        let error = Remote::new(url, Credentials::Anonymous, Options::default()).unwrap_err();
        assert!(matches!(error, Error::Url { .. }), "{url}: {error:?}");
        assert!(!error.to_string().contains("p4ss"));
    }
}
