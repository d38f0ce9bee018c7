//! `cargo xtask bench`: the release build of the bench program, with the caller's arguments.

use anyhow::Result;

use crate::control_plane;
use crate::program::cargo;

/// The groups that take a control plane.
const ON_A_CONTROL_PLANE: [&str; 3] = ["scan", "commit", "hook"];

/// What `cargo xtask bench` takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The groups to run and the bench program's own options.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds and runs the bench program; its standard output stays machine-readable. Whole processes are measured on the
/// programs that lie beside it, so those are built, too.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut groups = args.arguments.iter().filter(|word| !word.starts_with('-'));
    let all = groups.clone().next().is_none();
    if all || groups.any(|group| ON_A_CONTROL_PLANE.contains(&group.as_str())) {
        control_plane::ensure()?;
    }
    cargo([
        "build",
        "--release",
        "--locked",
        "--package",
        "repin",
        "--package",
        "registry-scanner",
        "--package",
        "policy-evaluator",
        "--package",
        "manifest-setter",
        "--package",
        "git-writer",
        "--package",
        "webhook-receiver",
        "--package",
        "bench",
    ])
    .run()?;
    cargo([
        "run",
        "--release",
        "--locked",
        "--quiet",
        "--package",
        "bench",
        "--",
    ])
    .args(&args.arguments)
    .run()
}
