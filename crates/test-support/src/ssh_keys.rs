//! Keys for SSH, made by `ssh-keygen`: to authenticate, to sign, and as host keys.
//!
//! ```
//! use test_support::ssh_keys::{KeyKind, SshKey};
//!
//! let key = SshKey::generate(KeyKind::Ed25519);
//! assert!(key.private_key().starts_with("-----BEGIN OPENSSH PRIVATE KEY-----"));
//! assert!(key.public_key().starts_with("ssh-ed25519 "));
//! ```

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use base64::Engine as _;
use tempfile::TempDir;

use crate::process::find_program;

/// The kind of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// `ssh-ed25519`.
    Ed25519,
    /// `ecdsa-sha2-nistp256`, `…384` or `…521`.
    Ecdsa(u32),
    /// `ssh-rsa` with so many bits.
    Rsa(u32),
    /// `ssh-dss`, which nobody should accept any more.
    Dsa,
}

/// How the private key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFormat {
    /// `-----BEGIN OPENSSH PRIVATE KEY-----`.
    OpenSsh,
    /// `-----BEGIN RSA PRIVATE KEY-----` or `-----BEGIN EC PRIVATE KEY-----`.
    Pem,
    /// `-----BEGIN PRIVATE KEY-----` or `-----BEGIN ENCRYPTED PRIVATE KEY-----`.
    Pkcs8,
}

/// A key pair in files of its own; clones share them.
#[derive(Debug, Clone)]
pub struct SshKey {
    path: PathBuf,
    _dir: Arc<TempDir>,
}

impl SshKey {
    /// A key without passphrase in the OpenSSH format.
    pub fn generate(kind: KeyKind) -> Self {
        Self::generate_as(kind, KeyFormat::OpenSsh, "")
    }

    /// A key in this format; an empty passphrase leaves it in plain text.
    pub fn generate_as(kind: KeyKind, format: KeyFormat, passphrase: &str) -> Self {
        let dir = TempDir::new().expect("the temporary directory is writable");
        let path = dir.path().join("key");
        let bits;
        let mut arguments = match kind {
            KeyKind::Ed25519 => vec!["-t", "ed25519"],
            KeyKind::Dsa => vec!["-t", "dsa"],
            KeyKind::Ecdsa(size) => {
                bits = size.to_string();
                vec!["-t", "ecdsa", "-b", &bits]
            }
            KeyKind::Rsa(size) => {
                bits = size.to_string();
                vec!["-t", "rsa", "-b", &bits]
            }
        };
        match format {
            KeyFormat::OpenSsh => {}
            KeyFormat::Pem => arguments.extend(["-m", "PEM"]),
            KeyFormat::Pkcs8 => arguments.extend(["-m", "PKCS8"]),
        }
        // One round of key derivation: it should not take the tests' time.
        arguments.extend(["-a", "1", "-q", "-C", "test key", "-N", passphrase, "-f"]);
        ssh_keygen(dir.path(), &arguments, Some(&path));
        Self {
            path,
            _dir: Arc::new(dir),
        }
    }

    /// The file of the private key; the public one has `.pub` at its end.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The private key as text.
    pub fn private_key(&self) -> String {
        read(&self.path)
    }

    /// The public key as `authorized_keys` holds it: type, base64 and comment.
    pub fn public_key(&self) -> String {
        read(&self.path.with_extension("pub")).trim_end().to_owned()
    }

    /// The public half of an RSA key as PKCS #1, DER.
    pub fn public_key_pkcs1(&self) -> Vec<u8> {
        let public = self.path.with_extension("pub");
        let pem = ssh_keygen(self.dir(), &["-e", "-m", "PEM", "-f"], Some(&public));
        let lines = pem.lines().filter(|line| !line.starts_with('-'));
        let body: String = lines.map(str::trim).collect();
        base64::engine::general_purpose::STANDARD
            .decode(body)
            .expect("ssh-keygen writes base64")
    }

    /// `SHA256:` and the fingerprint in base64.
    pub fn fingerprint(&self) -> String {
        let public = self.path.with_extension("pub");
        let line = ssh_keygen(self.dir(), &["-l", "-f"], Some(&public));
        line.split(' ').nth(1).unwrap_or_default().to_owned()
    }

    /// A line of `known_hosts` that gives this key to `hosts` (names or patterns, comma-separated).
    pub fn known_hosts_line(&self, hosts: &str) -> String {
        format!("{hosts} {}\n", self.public_key())
    }

    /// A line for git's `gpg.ssh.allowedSignersFile`.
    pub fn allowed_signers_line(&self, principal: &str) -> String {
        format!("{principal} namespaces=\"git\" {}\n", self.public_key())
    }

    /// Lets `authority` certify this key and returns the certificate's file, the only one this key has.
    ///
    /// The arguments are those of `ssh-keygen -s`: `-h` makes a host certificate, `-n` names the principals,
    /// `-V` sets the validity, `-O` adds options.
    pub fn certify(&self, authority: &Self, arguments: &[&str]) -> PathBuf {
        let public = self.path.with_extension("pub");
        let authority = authority.path.to_string_lossy();
        let arguments = [&["-q", "-s", &authority, "-I", "test"], arguments].concat();
        ssh_keygen(self.dir(), &arguments, Some(&public));
        self.dir().join("key-cert.pub")
    }

    /// Whether `ssh-keygen -Y verify` accepts an armored signature of this key over `payload` in git's namespace.
    pub fn verifies(&self, payload: &[u8], signature: &str) -> bool {
        let signers = self.dir().join("signers");
        let (signed, armor) = (self.dir().join("payload"), self.dir().join("signature"));
        write(&signers, self.allowed_signers_line("test").as_bytes());
        write(&signed, payload);
        write(&armor, signature.as_bytes());
        let script = "exec \"$0\" -Y verify -f signers -I test -n git -s signature < payload";
        let output = Command::new("/bin/sh")
            .args(["-c", script])
            .arg(find_program("ssh-keygen", "openssh-client"))
            .current_dir(self.dir())
            .output();
        output.is_ok_and(|output| output.status.success())
    }

    fn dir(&self) -> &Path {
        self.path.parent().expect("a key lies in its folder")
    }
}

/// The text of a `known_hosts` file with its host names hashed, as `ssh-keygen -H` does.
pub fn hash_known_hosts(text: &str) -> String {
    let dir = TempDir::new().expect("the temporary directory is writable");
    let path = dir.path().join("known_hosts");
    write(&path, text.as_bytes());
    ssh_keygen(dir.path(), &["-H", "-f"], Some(&path));
    read(&path)
}

fn ssh_keygen(directory: &Path, arguments: &[&str], file: Option<&Path>) -> String {
    let output = Command::new(find_program("ssh-keygen", "openssh-client"))
        .args(arguments)
        .args(file)
        .current_dir(directory)
        .output()
        .expect("ssh-keygen can be started");
    expect_success(arguments, &output);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[expect(
    clippy::panic,
    reason = "a fixture that cannot be built is a failed test"
)]
fn expect_success(arguments: &[&str], output: &Output) {
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        panic!("ssh-keygen {} failed: {text}", arguments.join(" "));
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("ssh-keygen wrote the file")
}

fn write(path: &Path, content: &[u8]) {
    std::fs::write(path, content).expect("the folder is writable");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_of_ssh_keygen_verifies_and_another_does_not() {
        let (key, other) = (
            SshKey::generate(KeyKind::Ed25519),
            SshKey::generate(KeyKind::Ed25519),
        );
        let payload = key.dir().join("text");
        write(&payload, b"payload");
        ssh_keygen(
            key.dir(),
            &["-Y", "sign", "-q", "-n", "git", "-f", "key"],
            Some(&payload),
        );
        let signature = read(&key.dir().join("text.sig"));
        assert!(key.verifies(b"payload", &signature));
        assert!(!key.verifies(b"another", &signature));
        assert!(!other.verifies(b"payload", &signature));
    }

    #[test]
    fn hashing_hides_the_names() {
        let key = SshKey::generate(KeyKind::Ecdsa(256));
        let hashed = hash_known_hosts(&key.known_hosts_line("git.example.com"));
        assert!(hashed.starts_with("|1|"), "{hashed}");
        assert!(!hashed.contains("example"));
    }
}
