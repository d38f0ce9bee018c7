//! `cargo xtask bench`: the release build of the bench program, with the caller's arguments.

use anyhow::Result;

use crate::program::cargo;

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
