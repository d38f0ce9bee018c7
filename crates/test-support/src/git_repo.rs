//! Bare repositories in a temporary folder, made and judged by the real `git`.
//!
//! No commit needs a working tree: `git fast-import` writes it, so a repository of twenty thousand files is one process.
//! Every `git` runs with a fixed identity, a fixed time and without the configuration of the user or the machine.
//! What `git` refuses is a panic that shows its text: a fixture that cannot be built is a failed test.

mod commit;
mod git;
mod inspect;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

pub use commit::Commit;
pub use git::git_command;
pub use inspect::{TreeEntry, Verification};

/// The time of a commit that names none: 2023-11-14T22:13:20Z.
pub const DEFAULT_SECONDS: i64 = 1_700_000_000;

/// A bare repository with `main` as its first branch, partial clones allowed and push options advertised.
///
/// Clones share the folder, which is removed with the last of them.
/// A second writer is just a clone that commits in another thread or in a server's hook.
#[derive(Debug, Clone)]
pub struct TempRepo {
    path: PathBuf,
    root: Arc<Root>,
}

#[derive(Debug)]
enum Root {
    Owned(TempDir),
    Borrowed(PathBuf),
}

impl Default for TempRepo {
    fn default() -> Self {
        Self::new()
    }
}

impl TempRepo {
    /// An empty repository `repo.git` in a folder of its own.
    pub fn new() -> Self {
        Self::named("repo.git")
    }

    /// An empty repository in a folder of its own; `name` may hold slashes (`team/app.git`).
    pub fn named(name: &str) -> Self {
        let root = TempDir::new().expect("the folder for temporary files is writable");
        let path = root.path().join(name);
        Self::init(path, Root::Owned(root))
    }

    /// An empty repository `root/name` in a folder that the caller keeps, for servers of more than one repository.
    pub fn create_in(root: &Path, name: &str) -> Self {
        Self::init(root.join(name), Root::Borrowed(root.to_owned()))
    }

    fn init(path: PathBuf, root: Root) -> Self {
        std::fs::create_dir_all(&path).expect("the repository's folder can be made");
        let repo = Self {
            path,
            root: Arc::new(root),
        };
        repo.git(&[
            "init",
            "--quiet",
            "--bare",
            "--template=",
            "--initial-branch=main",
            ".",
        ]);
        repo.config("uploadpack.allowFilter", "true");
        repo.config("receive.advertisePushOptions", "true");
        repo
    }

    /// The repository itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder to serve: the repository lies in it under [`TempRepo::name`].
    pub fn root(&self) -> &Path {
        match &*self.root {
            Root::Owned(dir) => dir.path(),
            Root::Borrowed(path) => path,
        }
    }

    /// The repository's path below [`TempRepo::root`], `repo.git` unless named.
    pub fn name(&self) -> &str {
        let below = self.path.strip_prefix(self.root());
        below
            .ok()
            .and_then(Path::to_str)
            .expect("the repository lies below its root under a name that was given as text")
    }

    /// Starts a commit on top of `branch` (`main`, not `refs/heads/main`), which is made when missing.
    pub fn commit(&self, branch: &str) -> Commit<'_> {
        Commit::new(self, branch)
    }

    /// Points `branch` to `revision`, whatever it was before.
    pub fn branch(&self, branch: &str, revision: &str) {
        self.reference(&format!("refs/heads/{branch}"), revision);
    }

    /// Points any reference (`refs/custom/x`) to `revision`, whatever it was before.
    pub fn reference(&self, name: &str, revision: &str) {
        self.git(&["update-ref", name, &self.rev_parse(revision)]);
    }

    /// A lightweight tag.
    pub fn tag(&self, tag: &str, revision: &str) {
        self.git(&["tag", "--force", tag, revision]);
    }

    /// A tag object; returns its own id.
    pub fn annotated_tag(&self, tag: &str, revision: &str, message: &str) -> String {
        self.git(&[
            "tag",
            "--force",
            "--annotate",
            "--message",
            message,
            tag,
            revision,
        ]);
        self.rev_parse(&format!("refs/tags/{tag}"))
    }

    /// Removes a reference by its full name.
    pub fn delete(&self, name: &str) {
        self.git(&["update-ref", "-d", name]);
    }

    /// Sets a value of the repository's configuration.
    pub fn config(&self, key: &str, value: &str) {
        self.git(&["config", key, value]);
    }

    /// Installs an executable hook (`pre-receive`, `update`, …); the script brings its `#!` line.
    pub fn hook(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.path.join("hooks").join(name);
        let folder = path.parent().expect("a hook lies in the folder of hooks");
        std::fs::create_dir_all(folder).expect("the folder of hooks can be made");
        std::fs::write(&path, script).expect("a hook can be written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
            .expect("a hook can be made executable");
    }

    /// Packs everything into one pack, as a server does that has run for some time.
    pub fn repack(&self) {
        self.git(&["repack", "-a", "-d", "--quiet"]);
    }
}

#[cfg(test)]
mod tests;
