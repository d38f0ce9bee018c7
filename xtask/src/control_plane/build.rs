//! One binary with every program of a control plane, built from the Go module in `e2e/control-plane/`.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use test_support::control_plane::{Programs, programs};

use super::go::Go;
use crate::console;

/// The name of the binary.
const BINARY: &str = "control-plane";
/// How many packages are compiled between two lines of progress.
const STEP: usize = 100;

/// Builds the programs into the folder that is named after their sources. The folder appears when it is complete.
pub(super) fn run() -> Result<()> {
    let tools = programs::tools_directory();
    fs::create_dir_all(&tools).with_context(|| format!("create {}", tools.display()))?;
    let _one_at_a_time = lock(&tools.join("control-plane.lock"))?;
    if Programs::locate().is_ok() {
        // Another process was first.
        return Ok(());
    }
    let folder = programs::built();
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("remove {}", folder.display()))?;
    }
    let draft = tempfile::tempdir_in(&tools).context("create a folder for the build")?;
    compile(&draft.path().join(BINARY), &tools.join("control-plane.log"))?;
    for name in programs::NAMES {
        symlink(BINARY, draft.path().join(name)).with_context(|| format!("link {name}"))?;
    }
    fs::rename(draft.keep(), &folder).with_context(|| format!("create {}", folder.display()))
}

fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).with_context(|| format!("create {}", path.display()))?;
    file.lock()
        .with_context(|| format!("wait for another build, {}", path.display()))?;
    Ok(file)
}

fn compile(binary: &Path, log: &Path) -> Result<()> {
    let sources = programs::sources();
    let manifest = fs::read_to_string(sources.join("go.mod")).context("read go.mod")?;
    let version = kubernetes_version(&manifest).context("go.mod names no Kubernetes version")?;
    console::line(format_args!(
        "building the control plane of Kubernetes {version}: about six minutes, once; the log is {}",
        log.display()
    ));
    let started = Instant::now();
    let mut packages = 0;
    Go::find(version_wanted(&manifest).context("go.mod names no version of Go")?)?
        .program()
        .directory(&sources)
        // -v names each package as it is compiled: the progress.
        .args(["build", "-v", "-trimpath", "-buildvcs=false", "-ldflags"])
        .arg(linker_flags(version))
        .arg("-o")
        .arg(binary)
        .arg(".")
        .env("CGO_ENABLED", "0")
        .env("GOWORK", "off")
        .log_to(log, |line| {
            packages += usize::from(!line.starts_with("go: "));
            if packages % STEP == 0 {
                let seconds = started.elapsed().as_secs();
                console::line(format_args!("{packages} packages after {seconds} s"));
            }
        })
}

/// `v1.36.3`, from the line that requires it.
fn kubernetes_version(manifest: &str) -> Option<&str> {
    after(manifest, "k8s.io/kubernetes ")
}

/// The minor version of Go 1 that the module asks for.
fn version_wanted(manifest: &str) -> Option<u32> {
    let version = after(manifest, "go 1.")?;
    version.split('.').next()?.parse().ok()
}

fn after<'a>(manifest: &'a str, prefix: &str) -> Option<&'a str> {
    let mut lines = manifest.lines().map(str::trim);
    lines.find_map(|line| line.strip_prefix(prefix))
}

/// Without a version of its own the server reports one that no client can parse.
fn linker_flags(version: &str) -> String {
    let mut numbers = version.trim_start_matches('v').split('.');
    let (major, minor) = (numbers.next(), numbers.next());
    let set = |name: &str, value: &str| format!(" -X k8s.io/component-base/version.{name}={value}");
    [
        "-s -w".to_owned(),
        set("gitVersion", version),
        set("gitMajor", major.unwrap_or_default()),
        set("gitMinor", minor.unwrap_or_default()),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_from_the_manifest_of_the_module() {
        let manifest = fs::read_to_string(programs::sources().join("go.mod")).unwrap();
        let version = kubernetes_version(&manifest).unwrap();
        assert!(version.starts_with("v1."), "{version}");
        assert!(version_wanted(&manifest).unwrap() >= 26);
        assert_eq!(version_wanted("module a\n"), None);
    }

    #[test]
    fn the_server_knows_its_version() {
        assert_eq!(
            linker_flags("v1.36.3"),
            "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3 \
             -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36"
        );
    }
}
