//! The real servers the tests run against: each is there, or installed, or the run fails naming it.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::program::Program;
use crate::{console, control_plane};

/// A program the tests start, and the Debian package that brings it.
struct Server {
    program: &'static str,
    package: &'static str,
}

const SERVERS: &[Server] = &[
    Server {
        program: "docker-registry",
        package: "docker-registry",
    },
    Server {
        program: "git",
        package: "git",
    },
    Server {
        program: "sshd",
        package: "openssh-server",
    },
    Server {
        program: "ssh-keygen",
        package: "openssh-server",
    },
    Server {
        program: "nginx",
        package: "nginx-light",
    },
    Server {
        program: "fcgiwrap",
        package: "fcgiwrap",
    },
    Server {
        program: "flock",
        package: "util-linux",
    },
    Server {
        program: "gpg",
        package: "gnupg",
    },
    Server {
        program: "gpg-agent",
        package: "gnupg",
    },
];

/// Debian keeps servers in directories that are not on the path of an ordinary user.
const SYSTEM_DIRECTORIES: &[&str] = &["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Makes sure that every server is there; installs the missing ones from Debian when we may.
pub(crate) fn ensure() -> Result<()> {
    let mut missing = missing(is_installed);
    if control_plane::needs_pip() {
        missing.push("python3-pip");
    }
    if missing.is_empty() {
        console::line("every server is installed");
        return Ok(());
    }
    if !may_install()? {
        bail!(
            "these Debian packages are missing: {0}; install them with `apt-get install {0}`",
            missing.join(" ")
        );
    }
    console::line(format_args!("installing {}", missing.join(" ")));
    apt_get().arg("update").run()?;
    apt_get()
        .args(["install", "--yes", "--no-install-recommends"])
        .args(&missing)
        .run()?;
    let missing = self::missing(is_installed);
    if !missing.is_empty() {
        bail!(
            "apt-get installed these packages, yet their programs are not found: {}",
            missing.join(" ")
        );
    }
    Ok(())
}

/// The packages that bring what is not installed, each once, in the order of the table.
fn missing(is_installed: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let mut packages: Vec<_> = SERVERS
        .iter()
        .filter(|server| !is_installed(server.program))
        .map(|server| server.package)
        .collect();
    packages.dedup();
    packages
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = SYSTEM_DIRECTORIES.iter().map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(system)
        .any(|directory| directory.join(program).is_file())
}

/// Root on a system with apt-get.
fn may_install() -> Result<bool> {
    let uid = fs::metadata("/proc/self")
        .context("look up who runs this")?
        .uid();
    Ok(uid == 0 && is_installed("apt-get"))
}

fn apt_get() -> Program {
    Program::new("apt-get")
        .arg("--quiet")
        .env("DEBIAN_FRONTEND", "noninteractive")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_named_once_however_many_programs_it_brings() {
        assert_eq!(missing(|_| true), Vec::<&str>::new());
        assert_eq!(
            missing(|program| !program.starts_with("ssh")),
            ["openssh-server"]
        );
        assert_eq!(
            missing(|_| false),
            [
                "docker-registry",
                "git",
                "openssh-server",
                "nginx-light",
                "fcgiwrap",
                "util-linux",
                "gnupg"
            ]
        );
    }

    #[test]
    fn a_program_is_looked_for_on_the_path() {
        assert!(is_installed("sh"));
        assert!(!is_installed("no-such-server"));
    }
}
