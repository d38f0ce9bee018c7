//! The real registry of Debian's `docker-registry` as a child process on a free port.
//!
//! ```no_run
//! # async fn example() {
//! use test_support::docker_registry::{DockerRegistry, Setup};
//!
//! let registry = DockerRegistry::start(&Setup::default()).await;
//! let digest = registry.push("app", "1.0.0").await;
//! assert!(digest.starts_with("sha256:"));
//! # }
//! ```

mod push;

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::process::{Server, find_program, free_port};
use crate::tls::Authority;

use self::push::Pusher;

/// The user of a registry with a password.
pub const USERNAME: &str = "robot";

/// That user's password.
pub const PASSWORD: &str = "docker-s3cret";

/// The htpasswd line of user and password: the registry knows bcrypt only.
const HTPASSWD: &str = "robot:$2b$04$7638/rwTtodXjdeyG.Jb6e7IIjY4ecFOWs.6f1kL/xh6rpn.5GSlS\n";

/// How often a port may be taken by somebody else between finding and using it.
const MOST_STARTS: usize = 3;

/// How the registry is run. The default is plain HTTP, open to everybody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setup<'a> {
    /// Whether it asks for [`USERNAME`] and [`PASSWORD`].
    pub password: bool,
    /// Who signs its certificate; without one it speaks plain HTTP.
    pub authority: Option<&'a Authority>,
}

/// A running registry with storage of its own; both are gone when it is dropped.
#[derive(Debug)]
pub struct DockerRegistry {
    port: u16,
    pusher: Pusher,
    _server: Server,
    _storage: TempDir,
}

impl DockerRegistry {
    /// Starts the registry and waits until it listens.
    pub async fn start(setup: &Setup<'_>) -> Self {
        let program = find_program("docker-registry", "docker-registry");
        let mut last = String::new();
        for _ in 0..MOST_STARTS {
            let port = free_port();
            let storage = TempDir::new().expect("the temporary directory is writable");
            let config = write_config(storage.path(), port, setup);
            let mut command = Command::new(&program);
            command.arg("serve").arg(config);
            let mut server = Server::spawn(&mut command);
            let (server, started) = tokio::task::spawn_blocking(move || {
                let started = server.wait_for_port(port);
                (server, started)
            })
            .await
            .expect("waiting does not panic");
            match started {
                Ok(()) => {
                    return Self {
                        port,
                        pusher: Pusher::new(port, setup),
                        _server: server,
                        _storage: storage,
                    };
                }
                Err(error) => last = error,
            }
        }
        unreachable!("{last}")
    }

    /// `127.0.0.1:<port>`, as it stands in an image name.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The image name of `repository` on this registry.
    pub fn image(&self, repository: &str) -> String {
        format!("{}/{repository}", self.host())
    }

    /// Pushes an image of one empty configuration under a tag. Returns the manifest's digest; it is the
    /// same for equal repositories and tags.
    pub async fn push(&self, repository: &str, tag: &str) -> String {
        self.pusher.push(repository, tag).await
    }
}

/// Writes the configuration and what it refers to into `dir`.
fn write_config(dir: &Path, port: u16, setup: &Setup<'_>) -> PathBuf {
    let shown = dir.display();
    let write = |name: &str, content: &str| {
        std::fs::write(dir.join(name), content).expect("the temporary directory is writable");
    };
    let mut parts = vec![format!(
        "version: 0.1\nlog:\n  accesslog:\n    disabled: true\n\
         storage:\n  filesystem:\n    rootdirectory: {shown}/storage\n\
         http:\n  addr: 127.0.0.1:{port}\n"
    )];
    // Belongs to `http`, and so comes right behind it.
    if let Some(authority) = setup.authority {
        let identity = authority.server(&["localhost", "127.0.0.1"]);
        write("cert.pem", &identity.cert_pem);
        write("key.pem", &identity.key_pem);
        parts.push(format!(
            "  tls:\n    certificate: {shown}/cert.pem\n    key: {shown}/key.pem\n"
        ));
    }
    if setup.password {
        write("htpasswd", HTPASSWD);
        parts.push(format!(
            "auth:\n  htpasswd:\n    realm: test\n    path: {shown}/htpasswd\n"
        ));
    }
    write("config.yml", &parts.concat());
    dir.join("config.yml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn images_are_pushed_over_tls_and_with_a_password() {
        let authority = Authority::new();
        let setup = Setup {
            password: true,
            authority: Some(&authority),
        };
        let registry = DockerRegistry::start(&setup).await;
        let digest = registry.push("app", "1.0.0").await;
        assert_eq!(digest.len(), "sha256:".len() + 64);
        assert_ne!(registry.push("app", "2.0.0").await, digest);
        assert_eq!(registry.push("app", "1.0.0").await, digest);
    }
}
