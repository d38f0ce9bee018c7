//! git-remote through forward proxies, over HTTPS and over SSH.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use git_remote::{Credentials, Error, Options, Pool, Proxy, Remote, SshIdentity, Tls};
use test_support::git_http::GitHttp;
use test_support::git_repo::TempRepo;
use test_support::proxy::{self, Protocol};
use test_support::ssh_keys::{KeyKind, SshKey};
use test_support::sshd::{self, Sshd};
use test_support::tls::Authority;
use tokio::runtime::Runtime;

const PASSWORD: &str = "s3cret-of-the-proxy";

/// A proxy that lets one user through, and what drives it.
fn start(protocol: Protocol) -> (Runtime, proxy::Proxy) {
    let runtime = Runtime::new().unwrap();
    let proxy = runtime.block_on(proxy::Proxy::start(protocol));
    proxy.require("bot", PASSWORD);
    (runtime, proxy)
}

fn seeded() -> TempRepo {
    let repo = TempRepo::new();
    repo.commit("main").file("a", "1").done();
    repo
}

fn options(proxy: &proxy::Proxy, password: &str, authority: &Authority) -> Options {
    Options {
        proxy: Some(Proxy::new(&proxy.url(), "bot", password.into()).unwrap()),
        tls: Tls {
            ca_bundle: Some(authority.ca_pem().as_bytes().to_vec()),
            client_certificate: None,
        },
        ..Options::default()
    }
}

/// Lists `main`.
fn list(remote: &Remote) -> Result<(), Error> {
    remote.connect()?.find_ref("refs/heads/main").map(drop)
}

/// An error with all its causes, which must not hold the password.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let texts: Vec<String> = causes.map(ToString::to_string).collect();
    let text = texts.join(": ");
    assert!(!text.contains("s3cret"), "{text}");
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    text
}

#[test]
fn https_goes_through_each_kind_of_proxy_with_its_user() {
    let (repo, authority) = (seeded(), Authority::new());
    let server = GitHttp::builder(repo.root())
        .tls(&authority.server(&["git.example"]))
        .start();
    for protocol in [
        Protocol::Http,
        Protocol::Https(Box::new(authority.server(&["127.0.0.1"]))),
        Protocol::Socks5,
    ] {
        let (_runtime, proxy) = start(protocol);
        // A name that the proxy alone knows.
        proxy.map("git.example:443", server.address());
        let url = format!("https://git.example/{}", repo.name());
        let with = |password| {
            let options = options(&proxy, password, &authority);
            Remote::new(&url, Credentials::Anonymous, options).unwrap()
        };
        list(&with(PASSWORD)).unwrap();
        assert_eq!(proxy.targets(), ["git.example:443"]);
        let error = list(&with("s3cret-but-wrong")).unwrap_err();
        assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
        told(&error);
        assert_eq!(proxy.targets().len(), 1);
    }
}

#[test]
fn a_shared_tunnel_serves_nobody_with_another_password() {
    let (repo, authority) = (seeded(), Authority::new());
    let server = GitHttp::builder(repo.root())
        .tls(&authority.server(&["git.example"]))
        .start();
    let (_runtime, proxy) = start(Protocol::Http);
    proxy.map("git.example:443", server.address());
    let url = format!("https://git.example/{}", repo.name());
    let pool = Pool::default();
    let with = |password| {
        let options = Options {
            pool: pool.clone(),
            ..options(&proxy, password, &authority)
        };
        Remote::new(&url, Credentials::Anonymous, options).unwrap()
    };
    for _ in 0..3 {
        list(&with(PASSWORD)).unwrap();
    }
    let tunnels = proxy.targets().len();
    let error = list(&with("s3cret-but-wrong")).unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert_eq!(proxy.targets().len(), tunnels);
}

#[test]
fn plain_http_goes_through_a_proxy() {
    let repo = seeded();
    let server = GitHttp::start(repo.root());
    let (_runtime, proxy) = start(Protocol::Http);
    proxy.map("git.example:80", server.address());
    let url = format!("http://git.example/{}", repo.name());
    let options = options(&proxy, PASSWORD, &Authority::new());
    list(&Remote::new(&url, Credentials::Anonymous, options).unwrap()).unwrap();
    assert!(!proxy.targets().is_empty());
}

#[test]
fn a_proxy_that_tells_tales_gives_no_password_away() {
    let (_runtime, proxy) = start(Protocol::Http);
    proxy.tell_tales();
    let options = options(&proxy, PASSWORD, &Authority::new());
    let remote = Remote::new("http://git.example/a", Credentials::Anonymous, options).unwrap();
    let error = list(&remote).unwrap_err();
    assert!(matches!(error, Error::Http { status: 502, .. }), "{error}");
    // The header, and what it stands for.
    let text = told(&error);
    assert!(text.contains("Basic ***"), "{text}");
    assert!(text.contains("bot:***"), "{text}");
}

#[test]
fn ssh_goes_through_http_and_socks_proxies() {
    let (repo, key) = (seeded(), SshKey::generate(KeyKind::Ed25519));
    let server = Sshd::builder().authorize(&key).start();
    let url = server.url(repo.path());
    let real = format!("{}:{}", sshd::HOST, server.port());
    let url = url.replace(&real, "git.example:2222");
    assert!(url.contains("git.example:2222"), "{url}");
    let known_hosts = server
        .known_hosts()
        .replace(&server.known_name(), "[git.example]:2222");
    let credentials = Credentials::Ssh(SshIdentity {
        private_key: key.private_key().into(),
        passphrase: None,
        known_hosts,
    });
    for protocol in [Protocol::Http, Protocol::Socks5] {
        let (_runtime, proxy) = start(protocol);
        proxy.map("git.example:2222", ([127, 0, 0, 1], server.port()).into());
        let with = |password| {
            let options = options(&proxy, password, &Authority::new());
            Remote::new(&url, credentials.clone(), options).unwrap()
        };
        list(&with(PASSWORD)).unwrap();
        assert_eq!(proxy.targets(), ["git.example:2222"]);
        let text = told(&list(&with("s3cret-but-wrong")).unwrap_err());
        let expected = format!(
            "git.example:2222 cannot be reached through the proxy {}",
            proxy.addr
        );
        assert!(text.contains(&expected), "{text}");
        let hint = "it does not accept the user: check username and password of the proxy's Secret";
        assert!(text.contains(hint), "{text}");
    }
}

#[test]
fn ssh_does_not_go_through_a_proxy_over_tls() {
    let key = SshKey::generate(KeyKind::Ed25519);
    let credentials = Credentials::Ssh(SshIdentity {
        private_key: key.private_key().into(),
        passphrase: None,
        known_hosts: key.known_hosts_line("git.example"),
    });
    let options = Options {
        proxy: Some(Proxy::new("https://127.0.0.1:1", "", "".into()).unwrap()),
        ..Options::default()
    };
    let remote = Remote::new("ssh://git@git.example/a", credentials, options).unwrap();
    let text = told(&list(&remote).unwrap_err());
    assert!(text.contains("use one of http or socks5"), "{text}");
}

#[test]
fn an_address_that_is_none_is_not_repeated() {
    for address in ["", "proxy", "ftp://u:s3cret@proxy", "http://"] {
        let error = Proxy::new(address, "", "".into()).unwrap_err();
        told(&error);
    }
    let proxy = Proxy::new("http://u:s3cret@proxy:3128", "", "".into()).unwrap();
    assert!(!format!("{proxy:?}").contains("s3cret"), "{proxy:?}");
}
