//! git-remote against nginx in front of `git http-backend`: TLS, HTTP/2, buffering, and nginx's own error pages.

use git_remote::{
    Cache, CacheLimits, Class, ClientCertificate, CommitRequest, Credentials, Error, Identity,
    Options, Pool, PushReport, PushRequest, RefUpdate, Remote, Tls,
};
use tempfile::TempDir;
use test_support::git_repo::TempRepo;
use test_support::nginx_git::NginxGit;
use test_support::tls::Authority;

fn seeded() -> TempRepo {
    let repo = TempRepo::new();
    repo.commit("main")
        .file("app.yaml", "image: app:1.0.0\n")
        .done();
    repo
}

fn basic(password: &str) -> Credentials {
    Credentials::Basic {
        username: "bot".into(),
        password: password.to_owned().into(),
    }
}

/// Trusts `authority`, and shows this certificate.
fn trusting(authority: &Authority, certificate: Option<ClientCertificate>) -> Options {
    Options {
        tls: Tls {
            ca_bundle: Some(authority.ca_pem().as_bytes().to_vec()),
            client_certificate: certificate,
        },
        ..Options::default()
    }
}

/// Fetches `main`, gives its one file this content, and pushes.
fn change(remote: &Remote, folder: &TempDir, content: &[u8]) -> Result<PushReport, Error> {
    let cache = Cache::open(folder.path(), CacheLimits::default())?;
    let repository = cache.repository(remote)?;
    let mut session = remote.connect()?;
    let parent = session.find_ref("refs/heads/main")?.commit();
    session.fetch_commit(&repository, parent)?;
    let someone = Identity {
        name: "Repin".into(),
        email: "repin@example.com".into(),
    };
    let commit = repository.commit(&CommitRequest {
        parent,
        files: &[("app.yaml".to_owned(), content.to_vec())],
        author: someone.clone(),
        committer: someone,
        seconds: 1_700_000_100,
        message: "Update images\n",
        signer: None,
    })?;
    remote.push(&PushRequest {
        updates: &[RefUpdate {
            name: "refs/heads/main".into(),
            old: Some(parent),
            new: commit.id,
        }],
        commit: &commit,
        options: &[],
        atomic: false,
    })
}

#[test]
fn an_edit_is_pushed_over_tls_with_a_password_and_a_ca() {
    let (repo, folder) = (seeded(), TempDir::new().unwrap());
    let authority = Authority::new();
    let identity = authority.server(&["localhost"]);
    let server = NginxGit::builder(repo.root())
        .basic("bot", "s3cret")
        .tls(&identity)
        .start();
    let url = server.url(repo.name());
    let options = trusting(&authority, None);
    let remote = Remote::new(&url, basic("s3cret"), options.clone()).unwrap();
    assert!(
        change(&remote, &folder, b"image: app:1.0.1\n")
            .unwrap()
            .is_ok()
    );
    repo.fsck();
    assert_eq!(repo.show_text("main", "app.yaml"), "image: app:1.0.1\n");

    let wrong = Remote::new(&url, basic("wrong"), options).unwrap();
    let error = change(&wrong, &folder, b"image: app:1.0.2\n").unwrap_err();
    assert_eq!(error.class(), Class::Authentication, "{error}");
    let without_ca = Remote::new(&url, basic("s3cret"), Options::default()).unwrap();
    let error = change(&without_ca, &folder, b"image: app:1.0.2\n").unwrap_err();
    assert!(matches!(error, Error::Tls { .. }), "{error}");
    assert_eq!(repo.count("main"), 2);
}

#[test]
fn a_client_certificate_is_shown_to_a_server_that_demands_one() {
    let (repo, folder) = (seeded(), TempDir::new().unwrap());
    let (authority, clients) = (Authority::new(), Authority::new());
    let server = NginxGit::builder(repo.root())
        .tls(&authority.server(&["localhost"]))
        .clients_of(&clients)
        .start();
    let url = server.url(repo.name());
    let remote = |certificate| {
        Remote::new(
            &url,
            Credentials::Anonymous,
            trusting(&authority, certificate),
        )
        .unwrap()
    };
    let certificate = |authority: &Authority| {
        let identity = authority.server(&["repin"]);
        let pem = (identity.cert_pem.as_bytes(), identity.key_pem.as_bytes());
        Some(ClientCertificate::from_pem(pem.0, pem.1).unwrap())
    };
    let known = remote(certificate(&clients));
    assert!(
        change(&known, &folder, b"image: app:1.0.1\n")
            .unwrap()
            .is_ok()
    );
    assert_eq!(repo.show_text("main", "app.yaml"), "image: app:1.0.1\n");
    for stranger in [None, certificate(&Authority::new())] {
        let error = change(&remote(stranger), &folder, b"image: app:1.0.2\n").unwrap_err();
        assert!(matches!(error, Error::Http { status: 400, .. }), "{error}");
    }
    assert_eq!(repo.count("main"), 2);
}

#[test]
fn a_shared_connection_serves_nobody_else() {
    let (repo, folder) = (seeded(), TempDir::new().unwrap());
    let (authority, clients) = (Authority::new(), Authority::new());
    let server = NginxGit::builder(repo.root())
        .tls(&authority.server(&["localhost"]))
        .clients_of(&clients)
        .start();
    let url = server.url(repo.name());
    let certificate = |authority: &Authority| {
        let identity = authority.server(&["repin"]);
        let pem = (identity.cert_pem.as_bytes(), identity.key_pem.as_bytes());
        Some(ClientCertificate::from_pem(pem.0, pem.1).unwrap())
    };
    let pool = Pool::default();
    let remote = |options: Options| {
        let options = Options {
            pool: pool.clone(),
            ..options
        };
        Remote::new(&url, Credentials::Anonymous, options).unwrap()
    };
    let known = remote(trusting(&authority, certificate(&clients)));
    let report = change(&known, &folder, b"image: app:1.0.1\n").unwrap();
    assert!(report.is_ok());
    for stranger in [None, certificate(&Authority::new())] {
        let remote = remote(trusting(&authority, stranger));
        let error = change(&remote, &folder, b"image: app:1.0.2\n").unwrap_err();
        assert!(matches!(error, Error::Http { status: 400, .. }), "{error}");
    }
    let distrustful = Options {
        tls: Tls {
            ca_bundle: None,
            ..trusting(&authority, certificate(&clients)).tls
        },
        ..Options::default()
    };
    let error = change(&remote(distrustful), &folder, b"image: app:1.0.2\n").unwrap_err();
    assert!(matches!(error, Error::Tls { .. }), "{error}");
    assert_eq!(repo.count("main"), 2);
}

#[test]
fn a_push_that_nginx_finds_too_large_is_an_http_error() {
    let (repo, folder) = (seeded(), TempDir::new().unwrap());
    let server = NginxGit::builder(repo.root()).max_body(1000).start();
    let remote = Remote::new(
        &server.url(repo.name()),
        Credentials::Anonymous,
        Options::default(),
    )
    .unwrap();
    let incompressible: Vec<u8> = (0..4000_u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes())
        .collect();
    let error = change(&remote, &folder, &incompressible).unwrap_err();
    assert!(matches!(error, Error::Http { status: 413, .. }), "{error}");
    assert_eq!(repo.count("main"), 1);
}
