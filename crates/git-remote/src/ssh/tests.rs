use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use gix_transport::client::blocking_io::Transport;
use gix_transport::{Protocol, Service};
use secrecy::SecretString;
use test_support::git_repo::TempRepo;
use test_support::process::{START_TIMEOUT, wait_until};
use test_support::ssh_keys::{KeyFormat, KeyKind, SshKey, hash_known_hosts};
use test_support::sshd::{self, Sshd};

use super::algorithms::SshAlgorithms;
use super::{PrivateKeyError, SshError, Target, connect};
use crate::credentials::SshIdentity;
use crate::deadline::Deadline;
use crate::fault::{Fault, Faults};
use crate::known_hosts::KnownHostsError;

/// Far more than any of these tests needs, and less than a person would wait.
const PATIENCE: Duration = Duration::from_secs(60);

/// So short that a test of a server that hangs is quick.
const IMPATIENCE: Duration = Duration::from_millis(300);

type Opened = Result<Box<dyn Transport + Send>, SshError>;

/// A way to one repository.
#[derive(Clone)]
struct Way {
    port: u16,
    user: String,
    path: String,
    identity: SshIdentity,
    algorithms: SshAlgorithms,
    limit: Duration,
    faults: Faults,
}

impl Way {
    fn new(server: &Sshd, path: &Path, key: &SshKey) -> Self {
        Self {
            port: server.port(),
            user: server.user().to_owned(),
            path: path.display().to_string(),
            identity: identity(key, &server.known_hosts()),
            algorithms: SshAlgorithms::default(),
            limit: PATIENCE,
            faults: Faults::default(),
        }
    }

    fn known_hosts(&self, known_hosts: &str) -> Self {
        let mut way = self.clone();
        known_hosts.clone_into(&mut way.identity.known_hosts);
        way
    }

    fn open(&self, service: Service, version: Protocol) -> Opened {
        let target = Target {
            host: sshd::HOST,
            port: self.port,
            user: &self.user,
            path: &self.path,
            identity: &self.identity,
            algorithms: &self.algorithms,
            proxy: None,
            deadline: &Deadline::new(self.limit),
            faults: &self.faults,
        };
        connect(&target, service, version)
    }

    /// The protocol version of the server's greeting, or what went wrong up to there.
    fn greet(&self) -> Result<Protocol, SshError> {
        let mut transport = self.open(Service::UploadPack, Protocol::V2)?;
        let greeting = transport.handshake(Service::UploadPack, &[]);
        let version = greeting.map(|greeting| greeting.actual_protocol);
        version.map_err(|error| match self.faults.take() {
            Some(Fault::Ssh { source }) => source,
            other => panic!("{other:?} {error:?}"),
        })
    }

    fn refusal(&self) -> SshError {
        self.greet().expect_err("the connection is refused")
    }
}

fn identity(key: &SshKey, known_hosts: &str) -> SshIdentity {
    SshIdentity {
        private_key: key.private_key().into(),
        passphrase: None,
        known_hosts: known_hosts.to_owned(),
    }
}

fn seeded() -> TempRepo {
    let repo = TempRepo::new();
    repo.commit("main").file("a", "1").done();
    repo
}

fn key() -> SshKey {
    SshKey::generate(KeyKind::Ed25519)
}

#[test]
fn every_kind_of_key_authenticates() {
    let repo = seeded();
    let kinds = [
        KeyKind::Ed25519,
        KeyKind::Ecdsa(256),
        KeyKind::Ecdsa(384),
        KeyKind::Ecdsa(521),
        KeyKind::Rsa(2048),
    ];
    let keys = kinds.map(SshKey::generate);
    let server = keys
        .iter()
        .fold(Sshd::builder(), sshd::Builder::authorize)
        .start();
    for (kind, key) in kinds.iter().zip(&keys) {
        let way = Way::new(&server, repo.path(), key);
        assert_eq!(way.greet().unwrap(), Protocol::V2, "{kind:?}");
    }
}

#[test]
fn an_encrypted_key_authenticates_with_its_passphrase() {
    let repo = seeded();
    let key = SshKey::generate_as(KeyKind::Ed25519, KeyFormat::OpenSsh, "correct horse");
    let server = Sshd::builder().authorize(&key).start();
    let mut way = Way::new(&server, repo.path(), &key);
    let error = way.refusal();
    assert!(matches!(
        error,
        SshError::PrivateKey(PrivateKeyError::PassphraseMissing)
    ));
    way.identity.passphrase = Some(SecretString::from("wrong horse".to_owned()));
    let error = way.refusal();
    assert!(matches!(
        error,
        SshError::PrivateKey(PrivateKeyError::WrongPassphrase)
    ));
    way.identity.passphrase = Some(SecretString::from("correct horse".to_owned()));
    assert!(way.greet().is_ok());
}

#[test]
fn a_key_that_is_not_authorized_is_refused_by_name() {
    let (repo, key) = (seeded(), key());
    let server = Sshd::builder().authorize(&key).start();
    for kind in [KeyKind::Ed25519, KeyKind::Rsa(2048)] {
        let stranger = SshKey::generate(kind);
        let error = Way::new(&server, repo.path(), &stranger).refusal();
        let SshError::AuthenticationRefused { user, key, .. } = &error else {
            panic!("{error:?}");
        };
        assert_eq!(user, server.user());
        assert!(key.ends_with(&stranger.fingerprint()), "{key}");
    }
}

#[test]
fn the_host_must_be_the_known_one() {
    let (repo, key, other) = (seeded(), key(), self::key());
    let server = Sshd::builder().authorize(&key).start();
    let way = Way::new(&server, repo.path(), &key);
    let (known, found) = (server.known_hosts(), server.host_keys()[0].fingerprint());
    assert!(way.known_hosts(&hash_known_hosts(&known)).greet().is_ok());
    assert!(
        way.known_hosts(&(other.known_hosts_line(&server.known_name()) + &known))
            .greet()
            .is_ok()
    );

    let error = way
        .known_hosts(&other.known_hosts_line("elsewhere"))
        .refusal();
    assert!(
        matches!(error, SshError::HostUnknown { .. }) && error.to_string().contains(&found),
        "{error}"
    );
    let error = way
        .known_hosts(&server.host_keys()[0].known_hosts_line(sshd::HOST))
        .refusal();
    assert!(
        matches!(error, SshError::HostUnknown { .. }),
        "a name without a port is for port 22: {error}"
    );
    let error = way
        .known_hosts(&other.known_hosts_line(&server.known_name()))
        .refusal();
    let text = error.to_string();
    assert!(
        text.contains(&found) && text.contains(&other.fingerprint()),
        "{text}"
    );
    let revoked = known.clone() + &server.host_keys()[0].known_hosts_line("@revoked *");
    let error = way.known_hosts(&revoked).refusal();
    assert!(matches!(error, SshError::HostKeyRevoked { .. }), "{error}");
    let error = way.known_hosts("").refusal();
    assert!(
        matches!(error, SshError::KnownHosts(KnownHostsError::Empty)),
        "{error}"
    );
}

#[test]
fn a_host_with_several_keys_shows_the_one_that_is_known() {
    let (repo, key) = (seeded(), key());
    let kinds = [
        KeyKind::Ed25519,
        KeyKind::Ecdsa(256),
        KeyKind::Ecdsa(384),
        KeyKind::Ecdsa(521),
        KeyKind::Rsa(2048),
    ];
    let hosts = kinds.map(SshKey::generate);
    let builder = Sshd::builder().authorize(&key);
    let server = hosts.iter().fold(builder, sshd::Builder::host_key).start();
    let way = Way::new(&server, repo.path(), &key);
    for (kind, host) in kinds.into_iter().zip(&hosts) {
        let known = host.known_hosts_line(&server.known_name());
        assert!(way.known_hosts(&known).greet().is_ok(), "{kind:?}");
        let other = SshKey::generate(kind).known_hosts_line(&server.known_name());
        let SshError::HostKeyMismatch { found, .. } = way.known_hosts(&other).refusal() else {
            panic!("{kind:?}");
        };
        assert!(found.ends_with(&host.fingerprint()), "{kind:?}: {found}");
    }
}

#[test]
fn a_host_certificate_of_a_known_authority_is_trusted() {
    let (repo, key, authority) = (seeded(), key(), SshKey::generate(KeyKind::Rsa(2048)));
    for (kind, principal, trusted) in [
        (KeyKind::Ed25519, sshd::HOST, true),
        (KeyKind::Rsa(2048), sshd::HOST, true),
        (KeyKind::Ed25519, "elsewhere", false),
    ] {
        let host = SshKey::generate(kind);
        let certificate =
            host.certify(&authority, &["-h", "-n", principal, "-V", "always:forever"]);
        let server = Sshd::builder()
            .host_key(&host)
            .host_certificate(&certificate)
            .authorize(&key)
            .start();
        let way = Way::new(&server, repo.path(), &key);
        assert!(
            way.greet().is_ok(),
            "the key in the certificate is known as it is"
        );
        let line = authority.known_hosts_line(&format!("@cert-authority {}", server.known_name()));
        let outcome = way.known_hosts(&line).greet();
        assert_eq!(
            outcome.is_ok(),
            trusted,
            "{kind:?} {principal}: {outcome:?}"
        );
        if let Err(error) = outcome {
            assert!(matches!(error, SshError::HostCertificate { .. }), "{error}");
        }
    }
}

#[test]
fn a_missing_repository_shows_what_the_server_says() {
    let (repo, key) = (seeded(), key());
    let server = Sshd::builder().authorize(&key).start();
    let way = Way::new(&server, &repo.root().join("missing.git"), &key);
    let error = way.refusal();
    let SshError::Command {
        status: Some(128),
        message,
        ..
    } = &error
    else {
        panic!("{error:?}");
    };
    assert!(
        message.contains("does not appear to be a git repository"),
        "{message}"
    );
    assert!(
        error
            .to_string()
            .starts_with("'git-upload-pack' failed on the server with exit status 128: fatal: ")
    );
}

#[test]
fn a_command_that_fails_is_told_with_its_words() {
    let key = key();
    // The path becomes the command.
    let force = r#"ForceCommand eval "set -- $SSH_ORIGINAL_COMMAND"; eval "$2""#;
    let server = Sshd::builder().authorize(&key).setting(force).start();
    for (script, expected) in [
        (
            "echo no access >&2; exit 7",
            "with exit status 7: no access",
        ),
        ("exit 1", "with exit status 1: it said nothing"),
        ("echo Hello >&2", "with exit status 0: Hello"),
        ("kill -9 $$", "killed by KILL"),
        (
            "yes no | head -c 100000 >&2; exit 9",
            "with exit status 9: no no no",
        ),
    ] {
        let error = Way::new(&server, Path::new(script), &key)
            .refusal()
            .to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn paths_reach_the_command_as_they_are() {
    let key = key();
    let server = Sshd::builder().authorize(&key).start();
    for name in ["it's a $(touch x) \"repo\"!.git", "ümläut.git", "-dash.git"] {
        let repo = TempRepo::named(name);
        assert!(
            Way::new(&server, repo.path(), &key).greet().is_ok(),
            "{name}"
        );
    }
}

#[test]
fn a_server_without_the_variable_speaks_version_0() {
    let (repo, key) = (seeded(), key());
    let server = Sshd::builder()
        .authorize(&key)
        .setting("ForceCommand env -u GIT_PROTOCOL sh -c \"$SSH_ORIGINAL_COMMAND\"")
        .start();
    let way = Way::new(&server, repo.path(), &key);
    let mut transport = way.open(Service::ReceivePack, Protocol::V2).unwrap();
    let greeting = transport.handshake(Service::ReceivePack, &[]).unwrap();
    // gix calls both old versions the first.
    assert_eq!(greeting.actual_protocol, Protocol::V1);
    assert!(greeting.refs.is_some());
}

#[test]
fn a_dropped_transport_closes_its_connection() {
    let (repo, key) = (seeded(), key());
    let server = Sshd::builder().authorize(&key).start();
    let way = Way::new(&server, repo.path(), &key);
    let mut transport = way.open(Service::UploadPack, Protocol::V2).unwrap();
    transport.handshake(Service::UploadPack, &[]).unwrap();
    // Before it started to listen, the test looked in as well: only what follows the session's start counts.
    let over = || {
        let log = server.log().to_lowercase();
        let (_, session) = log.split_once("starting session").unwrap();
        session.contains("closed") || session.contains("disconnected")
    };
    assert!(!over(), "{}", server.log());
    drop(transport);
    assert!(wait_until(START_TIMEOUT, over), "{}", server.log());
}

#[test]
fn no_wait_is_endless() {
    let (repo, key) = (seeded(), key());
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let server = Sshd::builder().authorize(&key).start();
    let mut way = Way::new(&server, repo.path(), &key);
    way.port = silent.local_addr().unwrap().port();
    way.limit = IMPATIENCE;
    let error = way.refusal();
    assert!(
        matches!(
            error,
            SshError::TimedOut {
                limit: IMPATIENCE,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_command_that_hangs_is_given_up() {
    let (repo, key) = (seeded(), key());
    let server = Sshd::builder()
        .authorize(&key)
        .setting("ForceCommand sleep 1000")
        .start();
    let way = Way::new(&server, repo.path(), &key);
    let deadline = Deadline::new(PATIENCE);
    let target = Target {
        host: sshd::HOST,
        port: way.port,
        user: &way.user,
        path: &way.path,
        identity: &way.identity,
        algorithms: &way.algorithms,
        proxy: None,
        deadline: &deadline,
        faults: &way.faults,
    };
    let mut transport = connect(&target, Service::UploadPack, Protocol::V2).unwrap();
    deadline.expire();
    let error = transport.handshake(Service::UploadPack, &[]).err().unwrap();
    assert!(format!("{error:?}").contains("TimedOut"), "{error:?}");
}

#[test]
fn servers_that_are_none_are_named() {
    let (repo, key) = (seeded(), key());
    let server = Sshd::builder().authorize(&key).start();
    let mut way = Way::new(&server, repo.path(), &key);
    drop(server);
    let error = way.refusal();
    assert!(matches!(error, SshError::Connect { .. }), "{error}");
    let web = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    way.port = web.local_addr().unwrap().port();
    let error = std::thread::scope(|scope| {
        scope.spawn(|| {
            let (mut stream, _) = web.accept().unwrap();
            stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .unwrap();
        });
        way.refusal()
    });
    assert!(matches!(error, SshError::Handshake { .. }), "{error:?}");
}

#[test]
fn no_error_shows_a_secret() {
    let key = SshKey::generate_as(KeyKind::Ed25519, KeyFormat::OpenSsh, "correct horse");
    let identity = SshIdentity {
        passphrase: Some(SecretString::from("wrong horse".to_owned())),
        ..identity(&key, "host ssh-ed25519 AAAA")
    };
    let shown = format!("{identity:?}");
    let body = key.private_key().lines().nth(1).unwrap().to_owned();
    assert!(
        !shown.contains("horse") && !shown.contains(&body),
        "{shown}"
    );
}
