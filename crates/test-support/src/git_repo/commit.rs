//! Commits without a working tree, through `git fast-import`.

use std::fmt::Write as _;

use super::{DEFAULT_SECONDS, TempRepo};

/// A commit in the making: the changes against its parent, then [`Commit::done`].
#[derive(Debug)]
#[must_use = "a commit is only written by done()"]
pub struct Commit<'a> {
    repo: &'a TempRepo,
    branch: String,
    parent: Parent,
    message: String,
    seconds: i64,
    changes: Vec<u8>,
}

#[derive(Debug)]
enum Parent {
    Tip,
    None,
    Revision(String),
}

impl<'a> Commit<'a> {
    pub(super) fn new(repo: &'a TempRepo, branch: &str) -> Self {
        Self {
            repo,
            branch: branch.to_owned(),
            parent: Parent::Tip,
            message: "Change files".to_owned(),
            seconds: DEFAULT_SECONDS,
            changes: Vec::new(),
        }
    }

    /// A regular file.
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.blob("100644", path, content.as_ref())
    }

    /// Many regular files.
    pub fn files<P: AsRef<str>, C: AsRef<[u8]>>(
        self,
        files: impl IntoIterator<Item = (P, C)>,
    ) -> Self {
        files.into_iter().fold(self, |commit, (path, content)| {
            commit.file(path.as_ref(), content)
        })
    }

    /// A file with the executable bit.
    pub fn executable(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.blob("100755", path, content.as_ref())
    }

    /// A symbolic link; `target` is not looked at.
    pub fn symlink(self, path: &str, target: &str) -> Self {
        self.blob("120000", path, target.as_bytes())
    }

    /// A submodule's entry; the commit of the other repository need not exist anywhere.
    pub fn submodule(mut self, path: &str, commit: &str) -> Self {
        self.line(&format!("M 160000 {commit} {}", quoted(path)));
        self
    }

    /// Removes a file, or a folder with all below it.
    pub fn remove(mut self, path: &str) -> Self {
        self.line(&format!("D {}", quoted(path)));
        self
    }

    /// The message, byte for byte.
    pub fn message(mut self, message: &str) -> Self {
        message.clone_into(&mut self.message);
        self
    }

    /// The author's and the committer's time in seconds since 1970 (UTC), [`DEFAULT_SECONDS`] unless set.
    pub fn at(mut self, seconds: i64) -> Self {
        self.seconds = seconds;
        self
    }

    /// Puts the commit on `revision` and not on the branch's tip; the branch is moved there by force.
    pub fn parent(mut self, revision: &str) -> Self {
        self.parent = Parent::Revision(revision.to_owned());
        self
    }

    /// A commit without parent, which replaces the branch's history by force.
    pub fn orphan(mut self) -> Self {
        self.parent = Parent::None;
        self
    }

    /// Writes the commit, moves the branch and returns the commit's id.
    pub fn done(self) -> String {
        let mut stream = self.header();
        stream.extend_from_slice(&self.changes);
        stream.extend_from_slice(b"\nget-mark :1\ndone\n");
        let output = self
            .repo
            .git_bytes(&["fast-import", "--quiet", "--force", "--done"], &stream);
        String::from_utf8_lossy(&output).trim().to_owned()
    }

    fn header(&self) -> Vec<u8> {
        let mut text = format!("commit refs/heads/{}\nmark :1\n", self.branch);
        for (role, name) in [("author", "Author"), ("committer", "Committer")] {
            let _infallible = writeln!(
                text,
                "{role} Test {name} <{role}@example.com> {} +0000",
                self.seconds
            );
        }
        let _infallible = write!(text, "data {}\n{}\n", self.message.len(), self.message);
        if let Some(parent) = self.parent_id() {
            let _infallible = writeln!(text, "from {parent}");
        }
        text.into_bytes()
    }

    fn parent_id(&self) -> Option<String> {
        match &self.parent {
            Parent::Tip => self.repo.find(&format!("refs/heads/{}", self.branch)),
            Parent::None => None,
            Parent::Revision(revision) => Some(self.repo.rev_parse(revision)),
        }
    }

    fn blob(mut self, mode: &str, path: &str, content: &[u8]) -> Self {
        self.line(&format!("M {mode} inline {}", quoted(path)));
        self.line(&format!("data {}", content.len()));
        self.changes.extend_from_slice(content);
        self.changes.push(b'\n');
        self
    }

    fn line(&mut self, line: &str) {
        self.changes.extend_from_slice(line.as_bytes());
        self.changes.push(b'\n');
    }
}

/// A path in the quotes of fast-import, which allow any byte.
fn quoted(path: &str) -> String {
    let escaped = path
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}
