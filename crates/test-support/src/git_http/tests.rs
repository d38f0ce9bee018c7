use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Output;

use tempfile::TempDir;

use super::{Fault, GitHttp};
use crate::git_repo::{TempRepo, git_command};
use crate::tls::Authority;

const RECEIVE: &str = "/git-receive-pack";

fn seeded() -> TempRepo {
    let repo = TempRepo::new();
    repo.commit("main")
        .file("app.yaml", "image: app:1.0.0\n")
        .done();
    repo
}

fn git(directory: &Path, arguments: &[&str]) -> Output {
    git_command(directory)
        .args(arguments)
        .output()
        .expect("git is installed")
}

fn clone(server: &GitHttp, url: &str, extra: &[&str]) -> (TempDir, Output) {
    let directory = TempDir::new().expect("a temporary folder");
    let arguments = [extra, &["clone", "--quiet", url, "work"]].concat();
    let output = git(directory.path(), &arguments);
    assert!(
        !server.exchanges().is_empty(),
        "the server was not asked: {output:?}"
    );
    (directory, output)
}

#[test]
fn git_clones_commits_and_pushes() {
    let repo = seeded();
    let server = GitHttp::start(repo.root());
    let (directory, output) = clone(&server, &server.url(repo.name()), &[]);
    assert!(output.status.success(), "{output:?}");
    let work = directory.path().join("work");
    std::fs::write(work.join("app.yaml"), "image: app:1.0.1\n").expect("the file is writable");
    assert!(
        git(&work, &["commit", "--quiet", "--all", "--message", "bump"])
            .status
            .success()
    );
    assert!(
        git(&work, &["push", "--quiet", "origin", "main"])
            .status
            .success()
    );
    assert_eq!(repo.show_text("main", "app.yaml"), "image: app:1.0.1\n");
    let totals = server.totals();
    assert!(
        totals.requests >= 4 && totals.down > 500 && totals.up > 200,
        "{totals:?}"
    );
    assert_eq!(server.exchanges()[0].protocol.as_deref(), Some("version=2"));
}

#[test]
fn a_password_or_token_is_asked_for() {
    let repo = seeded();
    let basic = GitHttp::builder(repo.root()).basic("bot", "s3cret").start();
    let url = basic.url(repo.name());
    assert!(!clone(&basic, &url, &[]).1.status.success());
    let with_password = url.replace("http://", "http://bot:s3cret@");
    assert!(clone(&basic, &with_password, &[]).1.status.success());

    let bearer = GitHttp::builder(repo.root()).bearer("t0ken").start();
    let header = ["-c", "http.extraHeader=Authorization: Bearer t0ken"];
    assert!(
        !clone(&bearer, &bearer.url(repo.name()), &[])
            .1
            .status
            .success()
    );
    assert!(
        clone(&bearer, &bearer.url(repo.name()), &header)
            .1
            .status
            .success()
    );
}

#[test]
fn tls_is_spoken_with_the_given_certificate() {
    let repo = seeded();
    let authority = Authority::new();
    let server = GitHttp::builder(repo.root())
        .tls(&authority.server(&["localhost"]))
        .start();
    let ca = repo.root().join("ca.pem");
    std::fs::write(&ca, authority.ca_pem()).expect("the folder is writable");
    let trust = format!("http.sslCAInfo={}", ca.display());
    let (_directory, output) = clone(&server, &server.url(repo.name()), &["-c", &trust]);
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn an_old_server_ignores_the_wish_for_version_2() {
    let repo = seeded();
    for (server, versioned) in [
        (GitHttp::start(repo.root()), true),
        (
            GitHttp::builder(repo.root()).version_0_only().start(),
            false,
        ),
    ] {
        let mut answer = String::new();
        let mut stream = TcpStream::connect(server.address()).expect("the server listens");
        let target = format!("/{}/info/refs?service=git-upload-pack", repo.name());
        write!(stream, "GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ngit-protocol: version=2\r\n\r\n")
            .expect("the request is sent");
        stream
            .read_to_string(&mut answer)
            .expect("the answer is text");
        assert_eq!(answer.contains("version 2"), versioned, "{answer}");
    }
}

#[test]
fn faults_are_used_up() {
    let repo = seeded();
    let server = GitHttp::start(repo.root());
    for fault in [
        Fault::Status(503),
        Fault::Html,
        Fault::CloseAfter(10),
        Fault::Answer {
            status: 302,
            headers: vec![("location", "/elsewhere".to_owned())],
            body: String::new(),
        },
    ] {
        server.fault("service=git-upload-pack", 1, fault.clone());
        let (_directory, failed) = clone(&server, &server.url(repo.name()), &[]);
        assert!(!failed.status.success(), "{fault:?}");
        let (_directory, output) = clone(&server, &server.url(repo.name()), &[]);
        assert!(output.status.success(), "{fault:?}: {output:?}");
    }
}

#[test]
fn a_held_request_goes_on_when_released() {
    let repo = seeded();
    let server = GitHttp::start(repo.root());
    let hold = server.hold("service=git-upload-pack");
    std::thread::scope(|scope| {
        let cloning = scope.spawn(|| clone(&server, &server.url(repo.name()), &[]).1);
        hold.wait_until_reached();
        assert_eq!(server.exchanges()[0].status, None);
        hold.release();
        assert!(cloning.join().expect("no panic").status.success());
    });
}

#[test]
fn a_hook_moves_the_branch_during_a_push() {
    let repo = seeded();
    let server = GitHttp::start(repo.root());
    let (directory, _) = clone(&server, &server.url(repo.name()), &[]);
    let work = directory.path().join("work");
    std::fs::write(work.join("app.yaml"), "image: app:2.0.0\n").expect("the file is writable");
    git(&work, &["commit", "--quiet", "--all", "--message", "bump"]);
    let writer = repo.clone();
    server.before_receive_pack(move || {
        writer.commit("main").file("other.yaml", "a: 1\n").done();
    });
    let output = git(&work, &["push", "--quiet", "origin", "main"]);
    assert!(!output.status.success());
    assert_eq!(repo.show_text("main", "app.yaml"), "image: app:1.0.0\n");
    assert!(
        server
            .exchanges()
            .iter()
            .any(|exchange| exchange.target.ends_with(RECEIVE))
    );
}

#[test]
fn a_hanging_request_does_not_keep_the_server_from_stopping() {
    let repo = seeded();
    let server = GitHttp::start(repo.root());
    server.fault("hang", 1, Fault::Hang);
    let waiting = server.hold("then");
    let mut hanging = TcpStream::connect(server.address()).expect("the server listens");
    let mut second = TcpStream::connect(server.address()).expect("the server listens");
    write!(hanging, "GET /hang HTTP/1.1\r\nhost: x\r\n\r\n").expect("the request is sent");
    write!(second, "GET /then HTTP/1.1\r\nhost: x\r\n\r\n").expect("the request is sent");
    waiting.wait_until_reached();
    drop(server);
    let mut rest = Vec::new();
    let outcome = hanging.read_to_end(&mut rest);
    assert!(outcome.is_err() || rest.is_empty());
}
