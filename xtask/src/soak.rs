//! `cargo xtask soak`: the two controllers of the commit under random troubles, for as long as the caller likes.

use std::os::unix::process::CommandExt as _;

use anyhow::{Context as _, Result};

use crate::control_plane;
use crate::program::cargo;

/// What `cargo xtask soak` takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The soak program's own options: `--minutes N`, `--seed S`, `--automations N`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds the controllers and the soak program, and becomes the latter: it alone hears Ctrl-C, and its exit code is ours.
pub(crate) fn run(args: &Args) -> Result<()> {
    control_plane::ensure()?;
    cargo([
        "build",
        "--locked",
        "--package",
        "manifest-setter",
        "--package",
        "git-writer",
        "--package",
        "e2e",
    ])
    .run()?;
    let error = cargo([
        "run",
        "--locked",
        "--quiet",
        "--package",
        "e2e",
        "--bin",
        "soak",
        "--",
    ])
    .args(&args.arguments)
    .into_command()
    .exec();
    Err(error).context("start the soak program")
}
