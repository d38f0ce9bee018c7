//! What `git` says about a repository.

use std::path::Path;
use std::process::Output;

use super::{TempRepo, git_command};

/// One file of a tree, as `git ls-tree -r` prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    /// `100644`, `100755`, `120000` or `160000`.
    pub mode: String,
    /// The blob's id, for a submodule its commit.
    pub id: String,
    /// From the root of the tree.
    pub path: String,
}

/// The answer of `git verify-commit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The signature is good and its key is known.
    pub good: bool,
    /// All that was printed, the raw status lines of gpg among it.
    pub text: String,
}

impl TempRepo {
    /// The full id of a revision that must exist.
    pub fn rev_parse(&self, revision: &str) -> String {
        self.git(&["rev-parse", "--verify", "--end-of-options", revision])
    }

    /// The full id of a revision that may be missing.
    pub fn find(&self, revision: &str) -> Option<String> {
        let output = self.try_git(&[
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            revision,
        ]);
        let id = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(id)
    }

    /// All references as (name, id), sorted by name.
    pub fn references(&self) -> Vec<(String, String)> {
        let lines = self.git(&["for-each-ref", "--format=%(refname) %(objectname)"]);
        lines
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(name, id)| (name.to_owned(), id.to_owned()))
            .collect()
    }

    /// The bytes of a file that must exist.
    pub fn show(&self, revision: &str, path: &str) -> Vec<u8> {
        self.git_bytes(&["cat-file", "blob", &format!("{revision}:{path}")], b"")
    }

    /// The text of a file that must exist.
    pub fn show_text(&self, revision: &str, path: &str) -> String {
        String::from_utf8(self.show(revision, path)).expect("the file is UTF-8")
    }

    /// `git log` in a pretty format (`%H`, `%an <%ae>`, …), one commit a line where the format is one line.
    pub fn log(&self, revision: &str, format: &str) -> String {
        self.git(&["log", &format!("--format={format}"), revision])
    }

    /// The message of one commit, byte for byte.
    pub fn message(&self, revision: &str) -> String {
        let raw = self.raw_commit(revision);
        raw.split_once("\n\n")
            .map(|(_, body)| body.to_owned())
            .unwrap_or_default()
    }

    /// The commit object as it is stored.
    pub fn raw_commit(&self, revision: &str) -> String {
        let bytes = self.git_bytes(&["cat-file", "commit", revision], b"");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// How many commits the history of `revision` has.
    pub fn count(&self, revision: &str) -> usize {
        let count = self.git(&["rev-list", "--count", revision]);
        count.parse().expect("git prints a number")
    }

    /// The unified diff between two revisions, without context lines.
    pub fn diff(&self, old: &str, new: &str) -> String {
        self.git(&["diff", "--no-color", "--unified=0", old, new])
    }

    /// The paths that differ between two revisions.
    pub fn changed_paths(&self, old: &str, new: &str) -> Vec<String> {
        let paths = self.git(&["diff", "--name-only", "-z", old, new]);
        paths.split_terminator('\0').map(str::to_owned).collect()
    }

    /// Every file of a tree, in the order of the tree.
    pub fn ls_tree(&self, revision: &str) -> Vec<TreeEntry> {
        let lines = self.git(&["ls-tree", "-r", "-z", revision]);
        lines
            .split_terminator('\0')
            .filter_map(tree_entry)
            .collect()
    }

    /// Checks every object and reference.
    pub fn fsck(&self) {
        self.git(&["fsck", "--strict", "--full", "--no-progress"]);
    }

    /// `git verify-commit` with the public keys of a GnuPG home.
    pub fn verify_openpgp(&self, revision: &str, gnupg_home: &Path) -> Verification {
        let mut command = git_command(self.path());
        command
            .env("GNUPGHOME", gnupg_home)
            .args(["verify-commit", "--raw", revision]);
        verification(&command.output().expect("git is installed"))
    }

    /// `git verify-commit` with an allowed-signers file (`ssh-keygen(1)`).
    pub fn verify_ssh(&self, revision: &str, allowed_signers: &Path) -> Verification {
        let setting = format!("gpg.ssh.allowedSignersFile={}", allowed_signers.display());
        verification(&self.try_git(&["-c", &setting, "verify-commit", revision]))
    }
}

fn tree_entry(line: &str) -> Option<TreeEntry> {
    let (attributes, path) = line.split_once('\t')?;
    let mut words = attributes.split(' ');
    let (mode, _kind, id) = (words.next()?, words.next()?, words.next()?);
    Some(TreeEntry {
        mode: mode.to_owned(),
        id: id.to_owned(),
        path: path.to_owned(),
    })
}

fn verification(output: &Output) -> Verification {
    let printed = [&output.stdout[..], &output.stderr[..]].concat();
    Verification {
        good: output.status.success(),
        text: String::from_utf8_lossy(&printed).into_owned(),
    }
}
