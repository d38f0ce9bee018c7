//! The same over HTTPS with a token and over SSH with a deploy key, signed and unsigned.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use test_support::git_http::GitHttp;
use test_support::gnupg::{GnupgHome, KeySpec};
use test_support::ssh_keys::{KeyKind, SshKey};
use test_support::sshd::Sshd;
use test_support::tls::Authority;

use crate::stage::Stage;

/// A Secret of the guide's namespace with these text values.
fn secret(name: &str, values: &[(&str, &str)]) -> String {
    let data = values.iter().fold(String::new(), |data, (key, value)| {
        data + &format!("  {key}: {}\n", STANDARD.encode(value))
    });
    format!(
        "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\n  namespace: flux-system\ndata:\n{data}"
    )
}

/// The guide's objects over another URL, with more documents behind them.
fn objects(stage: &Stage, url: &str, more: &str) {
    let objects = stage
        .guide_objects()
        .replace(&stage.git.url("fleet.git"), url);
    stage.write("objects.yaml", &format!("{objects}{more}"));
}

fn signing(stage: &Stage, kind: &str) {
    stage.edit_objects(
        "    authorName: fluxcdbot\n",
        &format!("    authorName: fluxcdbot\n    signingKey:\n      secretRef:\n        name: signing\n      type: {kind}\n"),
    );
}

#[test]
fn https_with_a_token_and_an_openpgp_signature() {
    let stage = Stage::new();
    let authority = Authority::new();
    let identity = authority.server(&["localhost"]);
    let git = GitHttp::builder(stage.repository.root())
        .bearer("s3cret-token")
        .tls(&identity)
        .start();
    let home = GnupgHome::new();
    let key = home.generate(
        "fluxcdbot <fluxcdbot@users.noreply.github.com>",
        KeySpec {
            passphrase: "a passphrase",
            ..KeySpec::default()
        },
    );
    let armored = String::from_utf8(home.export_secret(&[&key], "a passphrase")).unwrap();
    let secrets = secret(
        "flux-system",
        &[
            ("bearerToken", "s3cret-token"),
            ("ca.crt", authority.ca_pem()),
        ],
    ) + &secret(
        "signing",
        &[("git.asc", &armored), ("passphrase", "a passphrase")],
    );
    objects(&stage, &git.url("fleet.git"), &secrets);
    signing(&stage, "gpg");

    stage.repin("run", [""; 0]).expect(0);
    assert!(stage.deployed("main").starts_with("podinfo:5.0.3 "));
    let verified = stage.repository.verify_openpgp("main", home.path());
    assert!(verified.good, "{}", verified.text);
    stage.repository.fsck();
}

#[test]
fn ssh_with_a_deploy_key_and_an_ssh_signature() {
    let stage = Stage::new();
    let key = SshKey::generate(KeyKind::Ed25519);
    let host_key = SshKey::generate(KeyKind::Ed25519);
    let sshd = Sshd::builder().host_key(&host_key).authorize(&key).start();
    let secrets = secret(
        "flux-system",
        &[
            ("identity", &key.private_key()),
            ("known_hosts", &sshd.known_hosts()),
        ],
    ) + &secret("signing", &[("identity", &key.private_key())]);
    objects(&stage, &sshd.url(stage.repository.path()), &secrets);
    signing(&stage, "ssh");

    stage.repin("run", [""; 0]).expect(0);
    assert!(stage.deployed("main").starts_with("podinfo:5.0.3 "));
    let allowed = stage.write(
        "allowed_signers",
        &key.allowed_signers_line("fluxcdbot@users.noreply.github.com"),
    );
    let verified = stage.repository.verify_ssh("main", &allowed);
    assert!(verified.good, "{}", verified.text);
    stage.repository.fsck();
    let head = stage.repository.rev_parse("main");
    stage.repin("run", [""; 0]).expect(0);
    assert_eq!(stage.repository.rev_parse("main"), head);
}

#[test]
fn without_secrets_the_surroundings_give_the_credentials() {
    let stage = Stage::new();
    let git = GitHttp::builder(stage.repository.root())
        .basic("bot", "hunter2-password")
        .start();
    objects(&stage, &git.url("fleet.git"), "");
    stage.registry.set_auth(test_support::registry::Auth::basic(
        "robot",
        "docker-password",
    ));
    let auth = STANDARD.encode("robot:docker-password");
    stage.write(
        "docker/config.json",
        &format!(
            r#"{{"auths": {{"{}": {{"auth": "{auth}"}}}}}}"#,
            stage.registry.host()
        ),
    );
    let docker = stage.folder.path().join("docker");
    let file = stage.folder.path().join("objects.yaml");
    let arguments = ["-f".as_ref(), file.as_os_str()];
    let variables = [
        ("DOCKER_CONFIG", docker.to_str().unwrap()),
        ("REPIN_GIT_USERNAME", "bot"),
        ("REPIN_GIT_PASSWORD", "hunter2-password"),
    ];
    stage.repin_with("run", arguments, &variables).expect(0);
    assert!(stage.deployed("main").starts_with("podinfo:5.0.3 "));

    let ran = stage
        .repin_with("plan", arguments, &variables[..1])
        .expect(1);
    assert!(ran.stderr.contains("401"), "{}", ran.stderr);
}
