//! `cargo xtask control-plane`: a Kubernetes API server on this machine, for tests and for trying things by hand.
//!
//! The programs are built once from Go modules and kept outside the clone; `KUBEBUILDER_ASSETS` names others to use instead.

mod build;
mod go;

use anyhow::{Context as _, Error, Result, bail};
use test_support::control_plane::{Programs, programs, standing};

use crate::console;

pub(crate) use go::needs_pip;

/// What `cargo xtask control-plane` takes.
#[derive(clap::Subcommand)]
pub(crate) enum Task {
    /// Build the programs, unless they are there: about six minutes, once.
    Build,
    /// Start a control plane with our resource definitions that runs until `down`; print the path of its kubeconfig.
    Up,
    /// Tell which control planes of this clone run.
    Status,
    /// End what `up` started, and remove what it stored.
    Down,
}

/// Runs one task.
pub(crate) fn run(task: &Task) -> Result<()> {
    match task {
        Task::Build => {
            let programs = ensure()?;
            console::line(programs.directory().display());
        }
        Task::Up => up()?,
        Task::Status => status(),
        Task::Down => down(),
    }
    Ok(())
}

/// The programs of a control plane; builds them when they are missing.
pub(crate) fn ensure() -> Result<Programs> {
    match Programs::locate() {
        Ok(programs) => Ok(programs),
        // These are somebody else's: nothing is built into them.
        Err(problem) if programs::assets().is_some() => bail!(problem),
        Err(_) => {
            build::run()?;
            Programs::locate().map_err(Error::msg)
        }
    }
}

fn up() -> Result<()> {
    ensure()?;
    let runtime = tokio::runtime::Runtime::new().context("start a runtime")?;
    let kubeconfig = runtime.block_on(standing::up()).map_err(Error::msg)?;
    console::line(kubeconfig.display());
    Ok(())
}

fn status() {
    let running = standing::running();
    if running.is_empty() {
        console::line("no control plane of this clone runs");
    }
    for plane in running {
        match plane.kubeconfig {
            Some(path) => console::line(format_args!("{}: {}", plane.name, path.display())),
            None => console::line(format_args!("{}: starting", plane.name)),
        }
    }
}

fn down() {
    console::line(if standing::down() {
        "the control plane is down"
    } else {
        "no control plane was up"
    });
}
