//! The real OpenSSH server on a free port, with host keys and users of the test's own.
//!
//! ```no_run
//! use test_support::git_repo::TempRepo;
//! use test_support::ssh_keys::{KeyKind, SshKey};
//! use test_support::sshd::Sshd;
//!
//! let (repo, key) = (TempRepo::new(), SshKey::generate(KeyKind::Ed25519));
//! let server = Sshd::builder().authorize(&key).start();
//! let url = server.url(repo.path());
//! let known_hosts = server.known_hosts();
//! ```

use std::fmt::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::process::{Server, find_program, free_port};
use crate::ssh_keys::{KeyKind, SshKey};

/// The name under which the server is reached.
pub const HOST: &str = "localhost";

/// Where sshd, run as root, wants an empty folder.
const PRIVILEGE_SEPARATION: &str = "/run/sshd";

/// A running server; it ends with this value.
#[derive(Debug)]
pub struct Sshd {
    port: u16,
    user: String,
    host_keys: Vec<SshKey>,
    server: Server,
    _dir: TempDir,
}

/// What a server has and allows.
#[derive(Debug, Default)]
#[must_use = "a server is only started by start()"]
pub struct Builder {
    host_keys: Vec<SshKey>,
    certificates: Vec<PathBuf>,
    authorized: Vec<String>,
    settings: Vec<String>,
}

impl Sshd {
    /// Starts to describe a server. It accepts no key until one is authorized.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The user that runs the test, who is the one to log in as.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The URL of a repository by its absolute path.
    pub fn url(&self, repository: &Path) -> String {
        format!(
            "ssh://{}@{HOST}:{}{}",
            self.user,
            self.port,
            repository.display()
        )
    }

    /// The host keys in the order in which they were given.
    pub fn host_keys(&self) -> &[SshKey] {
        &self.host_keys
    }

    /// The name by which `known_hosts` calls the server.
    pub fn known_name(&self) -> String {
        format!("[{HOST}]:{}", self.port)
    }

    /// The text of a `known_hosts` file with all host keys.
    pub fn known_hosts(&self) -> String {
        let name = self.known_name();
        self.host_keys
            .iter()
            .map(|key| key.known_hosts_line(&name))
            .collect()
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        self.server.output()
    }
}

impl Builder {
    /// Adds a host key. Without any the server gets one of ed25519.
    pub fn host_key(mut self, key: &SshKey) -> Self {
        self.host_keys.push(key.clone());
        self
    }

    /// Adds the certificate of one of the host keys, a file.
    pub fn host_certificate(mut self, certificate: &Path) -> Self {
        self.certificates.push(certificate.to_owned());
        self
    }

    /// Lets the holder of this key log in.
    pub fn authorize(mut self, key: &SshKey) -> Self {
        self.authorized.push(key.public_key());
        self
    }

    /// Adds a line to the server's configuration (sshd_config(5)).
    pub fn setting(mut self, line: &str) -> Self {
        self.settings.push(line.to_owned());
        self
    }

    /// Starts the server and waits until it listens.
    pub fn start(mut self) -> Sshd {
        if self.host_keys.is_empty() {
            self.host_keys.push(SshKey::generate(KeyKind::Ed25519));
        }
        let dir = TempDir::new().expect("the temporary directory is writable");
        let (port, user) = (free_port(), user());
        if user == "root" {
            make_privilege_separation_folder();
        }
        let config = dir.path().join("sshd_config");
        let authorized = dir.path().join("authorized_keys");
        write(&authorized, &self.authorized.join("\n"));
        write(&config, &self.config(port, &authorized));
        let mut command = Command::new(find_program("sshd", "openssh-server"));
        command.args(["-D", "-e", "-f"]).arg(&config);
        let mut server = Server::spawn(&mut command);
        server.wait_for_port(port).expect("sshd listens");
        Sshd {
            port,
            user,
            host_keys: self.host_keys,
            server,
            _dir: dir,
        }
    }

    fn config(&self, port: u16, authorized: &Path) -> String {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut text = format!(
            "ListenAddress 127.0.0.1:{port}\n\
             AuthorizedKeysFile {}\n\
             StrictModes no\n\
             UsePAM no\n\
             PasswordAuthentication no\n\
             KbdInteractiveAuthentication no\n\
             PermitRootLogin prohibit-password\n\
             AcceptEnv GIT_PROTOCOL\n\
             SetEnv \"PATH={path}\" GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1\n\
             PrintMotd no\n\
             PidFile none\n\
             LogLevel VERBOSE\n",
            authorized.display(),
        );
        let files = self.host_keys.iter().map(|key| ("HostKey", key.path()));
        let certificates = self
            .certificates
            .iter()
            .map(|file| ("HostCertificate", file.as_path()));
        for (keyword, file) in files.chain(certificates) {
            let _infallible = writeln!(text, "{keyword} {}", file.display());
        }
        text + &self.settings.join("\n") + "\n"
    }
}

fn make_privilege_separation_folder() {
    let made = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(PRIVILEGE_SEPARATION);
    made.expect("root can make the folder for privilege separation");
}

fn user() -> String {
    let output = Command::new("id")
        .arg("-un")
        .output()
        .expect("every system has id");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("the folder is writable");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git_repo::{TempRepo, git_command};

    #[test]
    fn git_clones_over_ssh_with_an_authorized_key_only() {
        let repo = TempRepo::new();
        repo.commit("main")
            .file("app.yaml", "image: app:1.0.0\n")
            .done();
        let (key, stranger) = (
            SshKey::generate(KeyKind::Ed25519),
            SshKey::generate(KeyKind::Ed25519),
        );
        let server = Sshd::builder().authorize(&key).start();
        let dir = TempDir::new().expect("the temporary directory is writable");
        let known_hosts = dir.path().join("known_hosts");
        write(&known_hosts, &server.known_hosts());
        let clone = |key: &SshKey, name: &str| {
            let ssh = format!(
                "ssh -F /dev/null -o BatchMode=yes -o IdentitiesOnly=yes -o UserKnownHostsFile={} -i {}",
                known_hosts.display(),
                key.path().display()
            );
            let mut git = git_command(dir.path());
            git.env("GIT_SSH_COMMAND", ssh).args([
                "clone",
                "--quiet",
                &server.url(repo.path()),
                name,
            ]);
            git.output().expect("git is installed")
        };
        let output = clone(&key, "one");
        assert!(output.status.success(), "{output:?}\n{}", server.log());
        assert!(dir.path().join("one/app.yaml").exists());
        assert!(!clone(&stranger, "two").status.success());
    }
}
