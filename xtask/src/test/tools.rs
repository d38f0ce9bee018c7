//! The runners that cargo does not bring: pinned, built once, kept outside the clone.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use test_support::control_plane::programs::tools_directory;

use crate::console;
use crate::program::{Program, cargo};

/// A program from crates.io at one version.
pub(crate) struct Tool {
    package: &'static str,
    version: &'static str,
}

/// The test runner.
pub(crate) const NEXTEST: Tool = Tool {
    package: "cargo-nextest",
    version: "0.9.151",
};

/// The judge of dependencies.
pub(crate) const DENY: Tool = Tool {
    package: "cargo-deny",
    version: "0.20.2",
};

impl Tool {
    /// The path of the program; builds it when it is missing.
    pub(crate) fn ensure(&self) -> Result<PathBuf> {
        if self.is_on_the_path() {
            return Ok(PathBuf::from(self.package));
        }
        let home = tools_directory();
        let root = home.join(format!("{}-{}", self.package, self.version));
        let program = root.join("bin").join(self.package);
        if !program.is_file() {
            console::line(format_args!(
                "building {} {} into {}",
                self.package,
                self.version,
                root.display()
            ));
            self.install(&root, &home.join("build"))?;
        }
        Ok(program)
    }

    /// A developer's own installation serves when it is the pinned version.
    fn is_on_the_path(&self) -> bool {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|directory| directory.join(self.package).is_file())
            && Program::new(self.package)
                .arg("--version")
                .output()
                .is_ok_and(|text| self.is_version(&text))
    }

    fn is_version(&self, text: &str) -> bool {
        text.split_whitespace().nth(1) == Some(self.version)
    }

    /// Unoptimised: building the tools takes longer than all the work they do.
    fn install(&self, root: &Path, build: &Path) -> Result<()> {
        cargo([
            "install",
            "--locked",
            "--no-track",
            "--version",
            self.version,
        ])
        .arg("--root")
        .arg(root)
        .arg("--target-dir")
        .arg(build)
        .arg(self.package)
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "none")
        .run()?;
        fs::remove_dir_all(build)
            .with_context(|| format!("remove the build directory {}", build.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_on_the_path_does_not_serve() {
        assert!(NEXTEST.is_version("cargo-nextest 0.9.151\nrelease: 0.9.151"));
        assert!(!NEXTEST.is_version("cargo-nextest 0.9.15"));
        assert!(!DENY.is_version(""));
    }
}
