//! Git over HTTP as many serve it: nginx, fcgiwrap and `git http-backend`.
//!
//! nginx buffers, speaks HTTP/2 under TLS and answers errors with HTML, which the in-process server does not.
//!
//! ```no_run
//! use test_support::git_repo::TempRepo;
//! use test_support::nginx_git::NginxGit;
//!
//! let repo = TempRepo::new();
//! let server = NginxGit::builder(repo.root()).basic("bot", "s3cret").start();
//! let url = server.url(repo.name());
//! ```

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::process::{Server, find_program, free_port};
use crate::tls::{Authority, ServerIdentity};

/// A running server; it ends with this value.
#[derive(Debug)]
pub struct NginxGit {
    port: u16,
    scheme: &'static str,
    dir: TempDir,
    _servers: [Server; 2],
}

/// What a server asks for.
#[derive(Debug)]
#[must_use = "a server is only started by start()"]
pub struct Builder {
    root: PathBuf,
    user: Option<(String, String)>,
    identity: Option<ServerIdentity>,
    clients: Option<String>,
    max_body: u64,
}

impl NginxGit {
    /// Starts to describe a server for all repositories below `root`.
    pub fn builder(root: &Path) -> Builder {
        Builder {
            root: root.to_owned(),
            user: None,
            identity: None,
            clients: None,
            max_body: 0,
        }
    }

    /// The URL of a repository, named by its path below the root. With TLS the host is `localhost`.
    pub fn url(&self, repository: &str) -> String {
        let host = if self.scheme == "https" {
            "localhost"
        } else {
            "127.0.0.1"
        };
        format!("{}://{host}:{}/{repository}", self.scheme, self.port)
    }

    /// nginx's access log: one line a request, as soon as it is answered.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("access.log")).unwrap_or_default()
    }
}

impl Builder {
    /// Asks for this user name and password.
    pub fn basic(mut self, username: &str, password: &str) -> Self {
        self.user = Some((username.to_owned(), password.to_owned()));
        self
    }

    /// Speaks TLS with this certificate, HTTP/2 where the client can.
    pub fn tls(mut self, identity: &ServerIdentity) -> Self {
        self.identity = Some(identity.clone());
        self
    }

    /// With TLS: demands a certificate of this authority from whoever connects.
    pub fn clients_of(mut self, authority: &Authority) -> Self {
        self.clients = Some(authority.ca_pem().to_owned());
        self
    }

    /// Refuses request bodies of more bytes with status 413.
    pub fn max_body(mut self, bytes: u64) -> Self {
        self.max_body = bytes;
        self
    }

    /// Starts the server and waits until it listens.
    pub fn start(self) -> NginxGit {
        let dir = TempDir::new().expect("the temporary directory is writable");
        let port = free_port();
        let socket = dir.path().join("fcgi.sock");
        let mut fcgiwrap = Command::new(find_program("fcgiwrap", "fcgiwrap"));
        fcgiwrap
            .args(["-c", "2", "-s"])
            .arg(format!("unix:{}", socket.display()));
        let mut fcgiwrap = Server::spawn(&mut fcgiwrap);
        fcgiwrap
            .wait_for("its socket", || socket.exists())
            .expect("fcgiwrap listens");
        self.write_files(dir.path(), port);
        let mut nginx = Command::new(find_program("nginx", "nginx-light"));
        nginx.arg("-e").arg(dir.path().join("error.log"));
        nginx.arg("-c").arg(dir.path().join("nginx.conf"));
        let mut nginx = Server::spawn(&mut nginx);
        nginx.wait_for_port(port).expect("nginx listens");
        NginxGit {
            port,
            scheme: if self.identity.is_some() {
                "https"
            } else {
                "http"
            },
            dir,
            _servers: [nginx, fcgiwrap],
        }
    }

    fn write_files(&self, dir: &Path, port: u16) {
        let write = |name: &str, text: &str| {
            std::fs::write(dir.join(name), text).expect("the folder is writable");
        };
        write("nginx.conf", &self.config(dir, port));
        if let Some((username, password)) = &self.user {
            write("htpasswd", &format!("{username}:{{PLAIN}}{password}\n"));
        }
        if let Some(identity) = &self.identity {
            write("cert.pem", &identity.cert_pem);
            write("key.pem", &identity.key_pem);
        }
        if let Some(ca_pem) = &self.clients {
            write("clients.pem", ca_pem);
        }
    }

    fn config(&self, dir: &Path, port: u16) -> String {
        let (dir, root, max_body) = (dir.display(), self.root.display(), self.max_body);
        let tls = self
            .identity
            .as_ref()
            .map(|_| format!("ssl_certificate {dir}/cert.pem; ssl_certificate_key {dir}/key.pem;"));
        let clients = self.clients.as_ref().map_or_else(String::new, |_| {
            format!("ssl_client_certificate {dir}/clients.pem; ssl_verify_client on;")
        });
        let listen = if tls.is_some() { " ssl http2" } else { "" };
        let auth = self
            .user
            .as_ref()
            .map(|_| format!("auth_basic git; auth_basic_user_file {dir}/htpasswd;"));
        let (tls, auth) = (tls.unwrap_or_default(), auth.unwrap_or_default());
        let user = if is_root() { "user root;" } else { "" };
        let backend = backend();
        format!(
            "daemon off; {user} worker_processes 1; pid {dir}/nginx.pid; error_log {dir}/error.log;
events {{ worker_connections 128; }}
http {{
  access_log {dir}/access.log; client_max_body_size {max_body};
  client_body_temp_path {dir}/body; fastcgi_temp_path {dir}/fastcgi; proxy_temp_path {dir}/proxy;
  uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
  server {{
    listen 127.0.0.1:{port}{listen}; {tls} {clients}
    location / {{
      {auth}
      fastcgi_pass unix:{dir}/fcgi.sock;
      fastcgi_param SCRIPT_FILENAME {backend};
      fastcgi_param GIT_PROJECT_ROOT {root};
      fastcgi_param GIT_HTTP_EXPORT_ALL 1;
      fastcgi_param GIT_CONFIG_GLOBAL /dev/null;
      fastcgi_param GIT_CONFIG_NOSYSTEM 1;
      fastcgi_param PATH_INFO $uri;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
      fastcgi_param GIT_PROTOCOL $http_git_protocol;
      fastcgi_param REMOTE_USER test;
    }}
  }}
}}
"
        )
    }
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}

/// The full path of `git-http-backend`.
fn backend() -> String {
    let output = Command::new(find_program("git", "git"))
        .arg("--exec-path")
        .output();
    let path = output.expect("git can be started").stdout;
    format!("{}/git-http-backend", String::from_utf8_lossy(&path).trim())
}

#[cfg(test)]
mod tests {
    use std::process::Output;

    use super::*;
    use crate::git_repo::{TempRepo, git_command};

    fn clone(directory: &Path, url: &str, extra: &[&str]) -> Output {
        let mut git = git_command(directory);
        git.args(extra).args(["clone", "--quiet", url, "work"]);
        git.output().expect("git is installed")
    }

    #[test]
    fn git_clones_and_pushes_with_a_password_over_tls() {
        let repo = TempRepo::new();
        repo.commit("main")
            .file("app.yaml", "image: app:1.0.0\n")
            .done();
        let authority = Authority::new();
        let server = NginxGit::builder(repo.root())
            .basic("bot", "s3cret")
            .tls(&authority.server(&["localhost"]))
            .start();
        let dir = TempDir::new().expect("the temporary directory is writable");
        let ca = dir.path().join("ca.pem");
        std::fs::write(&ca, authority.ca_pem()).expect("the folder is writable");
        let trust = ["-c", &format!("http.sslCAInfo={}", ca.display())];
        let url = server.url(repo.name());
        assert!(!clone(dir.path(), &url, &trust).status.success());
        let url = url.replace("https://", "https://bot:s3cret@");
        let output = clone(dir.path(), &url, &trust);
        assert!(output.status.success(), "{output:?}");

        let work = dir.path().join("work");
        std::fs::write(work.join("app.yaml"), "image: app:1.0.1\n").expect("the file is writable");
        for arguments in [
            &["commit", "--quiet", "--all", "--message", "bump"][..],
            &["push", "--quiet"],
        ] {
            let output = git_command(&work).args(trust).args(arguments).output();
            let output = output.expect("git is installed");
            assert!(output.status.success(), "{output:?}");
        }
        assert_eq!(repo.show_text("main", "app.yaml"), "image: app:1.0.1\n");
        assert!(
            server.log().contains("git-receive-pack"),
            "{}",
            server.log()
        );
    }

    #[test]
    fn a_large_body_is_refused() {
        let repo = TempRepo::new();
        let server = NginxGit::builder(repo.root()).max_body(100).start();
        let source = TempRepo::new();
        source.commit("main").file("a", "1".repeat(1000)).done();
        let output = source.try_git(&["push", &server.url(repo.name()), "main"]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains("413"), "{text}");
    }
}
