//! Where the programs of a control plane lie.
//!
//! `KUBEBUILDER_ASSETS` names a folder of them; otherwise they are the links to the one binary that
//! `cargo xtask control-plane build` keeps in the user's cache.

use std::fs;
use std::path::{Path, PathBuf};

use crate::registry::digest;

/// What the Go module in `e2e/control-plane/` is built from; a change of any of them is another binary.
const SOURCES: [&str; 3] = ["go.mod", "go.sum", "main.go"];

/// The names by which the programs are called.
pub const NAMES: [&str; 4] = [
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kubectl",
];

/// The variable that names a folder with the programs, as setup-envtest and controller-runtime know it.
const ASSETS: &str = "KUBEBUILDER_ASSETS";

/// The programs of a control plane: each file exists.
#[derive(Clone, Debug)]
pub struct Programs {
    directory: PathBuf,
}

impl Programs {
    /// The programs of `KUBEBUILDER_ASSETS`, else those that were built; panics and says what to run when there are none.
    pub fn find() -> Self {
        Self::locate().unwrap_or_else(|problem| unreachable!("{problem}"))
    }

    /// Like [`Self::find`], with the missing programs and what to do about them as the error.
    pub fn locate() -> Result<Self, String> {
        match assets() {
            Some(directory) => Self::in_directory(&directory, ASSETS_INCOMPLETE),
            None => Self::in_directory(&built(), "build them: `cargo xtask control-plane build`"),
        }
    }

    fn in_directory(directory: &Path, advice: &str) -> Result<Self, String> {
        let missing: Vec<_> = NAMES
            .into_iter()
            .filter(|name| !directory.join(name).is_file())
            .collect();
        if !missing.is_empty() {
            return Err(format!(
                "a control plane needs {} in {}: {advice}",
                missing.join(", "),
                directory.display()
            ));
        }
        Ok(Self {
            directory: directory.to_owned(),
        })
    }

    /// The folder that holds all of them.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The path of kubectl.
    pub fn kubectl(&self) -> PathBuf {
        self.path("kubectl")
    }

    /// The path of one of [`NAMES`].
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

/// What setup-envtest brings is not enough: namespaces would never end and nothing would be collected.
const ASSETS_INCOMPLETE: &str = "KUBEBUILDER_ASSETS must name a folder with all of them (setup-envtest brings no \
     kube-controller-manager: put the one of the same version beside the others), or be unset, \
     and then `cargo xtask control-plane build` builds them";

/// The folder `KUBEBUILDER_ASSETS` names, if it is set.
pub fn assets() -> Option<PathBuf> {
    std::env::var_os(ASSETS)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// The Go module of the control plane.
pub fn sources() -> PathBuf {
    workspace().join("e2e/control-plane")
}

/// Where the programs built from [`sources`] lie, or will: the folder's name tells the sources.
pub fn built() -> PathBuf {
    let sources = sources();
    let texts = SOURCES
        .map(|name| fs::read(sources.join(name)).expect("the repository holds e2e/control-plane"));
    let digest = digest(&texts.concat());
    let hex = digest.trim_start_matches("sha256:");
    tools_directory().join(format!("control-plane-{}", &hex[..12]))
}

/// Where programs lie that are built once for all clones: the user's cache.
pub fn tools_directory() -> PathBuf {
    let variable = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let cache =
        variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")));
    cache.map_or_else(
        || workspace().join("target/tools"),
        |cache| cache.join("repin-tools"),
    )
}

/// The root of the repository.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the crate lies in crates/ of the repository")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_the_controller_manager_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["etcd", "kube-apiserver", "kubectl"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let problem = Programs::in_directory(folder.path(), ASSETS_INCOMPLETE).unwrap_err();
        assert!(
            problem.starts_with("a control plane needs kube-controller-manager in /"),
            "{problem}"
        );
        assert!(
            problem.contains("cargo xtask control-plane build"),
            "{problem}"
        );
        fs::write(folder.path().join("kube-controller-manager"), "").unwrap();
        let programs = Programs::in_directory(folder.path(), "").unwrap();
        assert_eq!(programs.kubectl(), folder.path().join("kubectl"));
    }
}
