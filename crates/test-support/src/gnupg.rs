//! OpenPGP keys, made and judged by the real `gpg` in a home of their own.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::process::find_program;

/// A GnuPG home in a temporary folder; its agent ends with it.
#[derive(Debug)]
pub struct GnupgHome {
    dir: TempDir,
}

/// A key to make.
#[derive(Debug, Clone, Copy)]
pub struct KeySpec<'a> {
    /// As `gpg --quick-generate-key` takes it: `ed25519`, `rsa2048`, `nistp256`.
    pub algorithm: &'a str,
    /// What the key may do: `sign`, `cert`, `encr`, or several with commas.
    pub usage: &'a str,
    /// `never`, or how long it is valid: `10y`, or `20300101T000000`.
    pub expiry: &'a str,
    /// Empty: not encrypted.
    pub passphrase: &'a str,
}

impl Default for KeySpec<'_> {
    fn default() -> Self {
        Self {
            algorithm: "ed25519",
            usage: "sign",
            expiry: "never",
            passphrase: "",
        }
    }
}

impl Default for GnupgHome {
    fn default() -> Self {
        Self::new()
    }
}

impl GnupgHome {
    /// An empty home.
    pub fn new() -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = TempDir::new().expect("the temporary directory is writable");
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700))
            .expect("the folder's mode can be set");
        // The least that gpg accepts: deriving keys from passphrases should not take the tests' time.
        std::fs::write(dir.path().join("gpg-agent.conf"), "s2k-count 65536\n")
            .expect("the home is writable");
        Self { dir }
    }

    /// The folder, for `GNUPGHOME`.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Makes a key for `user_id` (`Name <address>`) and returns its fingerprint.
    pub fn generate(&self, user_id: &str, key: KeySpec<'_>) -> String {
        self.gpg(
            key.passphrase,
            &[
                "--quick-generate-key",
                user_id,
                key.algorithm,
                key.usage,
                key.expiry,
            ],
        );
        self.fingerprints("sec")
            .pop()
            .expect("gpg lists the new key last")
    }

    /// Adds a subkey and returns its fingerprint.
    pub fn add_subkey(&self, primary: &str, key: KeySpec<'_>) -> String {
        self.gpg(
            key.passphrase,
            &[
                "--quick-add-key",
                primary,
                key.algorithm,
                key.usage,
                key.expiry,
            ],
        );
        self.last_subkey()
    }

    /// Adds a subkey that is `seconds` (since 1970) old by gpg's clock, and returns its fingerprint.
    pub fn add_subkey_at(&self, seconds: i64, primary: &str, key: KeySpec<'_>) -> String {
        let clock = format!("{seconds}!");
        self.gpg(
            key.passphrase,
            &[
                "--faked-system-time",
                &clock,
                "--quick-add-key",
                primary,
                key.algorithm,
                key.usage,
                key.expiry,
            ],
        );
        self.last_subkey()
    }

    /// Revokes the first subkey of a primary key without passphrase.
    pub fn revoke_first_subkey(&self, primary: &str) {
        let answers = self.path().join("answers");
        // Select the key, revoke it, no reason, no description, yes, save.
        std::fs::write(&answers, "key 1\nrevkey\ny\n0\n\ny\nsave\n").expect("the home is writable");
        let answers = std::fs::File::open(&answers).expect("the file was just written");
        let arguments = ["--command-fd", "0", "--edit-key", primary];
        let mut command = self.command("");
        let output = command.args(arguments).stdin(answers).output();
        expect_success(&arguments, &output.expect("gpg can be started"));
    }

    fn last_subkey(&self) -> String {
        let mut subkeys = self.fingerprints("ssb");
        subkeys.pop().expect("gpg lists the new subkey last")
    }

    /// The armored private keys, subkeys included, of one fingerprint or several.
    pub fn export_secret(&self, fingerprints: &[&str], passphrase: &str) -> Vec<u8> {
        self.export("--export-secret-keys", fingerprints, passphrase)
    }

    /// The armored private subkeys, with a stub in place of the primary key's private part.
    pub fn export_secret_subkeys(&self, fingerprint: &str, passphrase: &str) -> Vec<u8> {
        self.export("--export-secret-subkeys", &[fingerprint], passphrase)
    }

    /// The armored public key.
    pub fn export_public(&self, fingerprint: &str) -> Vec<u8> {
        self.export("--export", &[fingerprint], "")
    }

    /// What `gpg --verify` says about a detached signature: its status lines when it is good, nothing otherwise.
    pub fn verify(&self, payload: &[u8], signature: &str) -> Option<String> {
        self.verify_with(&[], payload, signature)
    }

    /// [`GnupgHome::verify`] by a clock that shows `seconds` since 1970.
    pub fn verify_at(&self, seconds: i64, payload: &[u8], signature: &str) -> Option<String> {
        let clock = format!("{seconds}!");
        self.verify_with(&["--faked-system-time", &clock], payload, signature)
    }

    fn verify_with(&self, options: &[&str], payload: &[u8], signature: &str) -> Option<String> {
        let (signed, armor) = (
            self.path().join("payload"),
            self.path().join("signature.asc"),
        );
        std::fs::write(&signed, payload).expect("the home is writable");
        std::fs::write(&armor, signature).expect("the home is writable");
        let output = self
            .command("")
            .args(options)
            .args(["--status-fd", "1", "--verify"])
            .args([armor, signed])
            .output()
            .expect("gpg can be started");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        output.status.success().then_some(text)
    }

    /// Runs gpg in this home and returns its standard output.
    pub fn gpg(&self, passphrase: &str, arguments: &[&str]) -> Vec<u8> {
        let mut command = self.command(passphrase);
        let output = command
            .args(arguments)
            .output()
            .expect("gpg can be started");
        expect_success(arguments, &output);
        output.stdout
    }

    fn export(&self, how: &str, fingerprints: &[&str], passphrase: &str) -> Vec<u8> {
        let arguments = [&["--armor", how], fingerprints].concat();
        self.gpg(passphrase, &arguments)
    }

    fn command(&self, passphrase: &str) -> Command {
        let mut command = Command::new(find_program("gpg", "gnupg"));
        command
            .arg("--homedir")
            .arg(self.path())
            .args([
                "--batch",
                "--yes",
                "--quiet",
                "--no-tty",
                "--trust-model",
                "always",
            ])
            .args(["--pinentry-mode", "loopback", "--passphrase", passphrase])
            .env("LC_ALL", "C");
        command
    }

    /// The fingerprints of all keys of a record type (`sec`, `ssb`), in the order of gpg's list.
    fn fingerprints(&self, record: &str) -> Vec<String> {
        let listing = self.gpg("", &["--with-colons", "--list-secret-keys"]);
        let listing = String::from_utf8_lossy(&listing).into_owned();
        let mut lines = listing.lines();
        let mut found = Vec::new();
        while let Some(line) = lines.next() {
            if line.split(':').next() == Some(record) {
                let fingerprint = lines.next().and_then(|line| line.split(':').nth(9));
                found.extend(fingerprint.map(str::to_owned));
            }
        }
        found
    }
}

impl Drop for GnupgHome {
    fn drop(&mut self) {
        let killed = Command::new(find_program("gpgconf", "gpgconf"))
            .arg("--homedir")
            .arg(self.path())
            .args(["--kill", "all"])
            .output();
        // An agent that was never started cannot be ended.
        drop(killed);
    }
}

#[expect(
    clippy::panic,
    reason = "a fixture that cannot be built is a failed test"
)]
fn expect_success(arguments: &[&str], output: &Output) {
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        panic!("gpg {} failed: {text}", arguments.join(" "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_exported_and_verify_signatures() {
        let home = GnupgHome::new();
        let spec = KeySpec::default();
        let first = home.generate("One <one@example.com>", spec);
        let second = home.generate(
            "Two <two@example.com>",
            KeySpec {
                usage: "cert",
                ..spec
            },
        );
        let subkey = home.add_subkey(&second, spec);
        assert_eq!([&first, &second, &subkey].map(String::len), [40; 3]);
        let exported = home.export_secret(&[&first], "");
        assert!(exported.starts_with(b"-----BEGIN PGP PRIVATE KEY BLOCK-----"));
        std::fs::write(home.path().join("text"), "payload").expect("the home is writable");
        let file = home.path().join("text").to_string_lossy().into_owned();
        let signature = home.gpg(
            "",
            &[
                "--armor",
                "--local-user",
                &first,
                "--output",
                "-",
                "--detach-sign",
                &file,
            ],
        );
        let signature = String::from_utf8_lossy(&signature).into_owned();
        assert!(
            home.verify(b"payload", &signature)
                .is_some_and(|text| text.contains(&first))
        );
        assert_eq!(home.verify(b"another", &signature), None);
    }
}
