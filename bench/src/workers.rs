//! What this program does in processes of its own, so that a measurement sees one thing alone.

mod edit;
mod measure;
mod scan;
mod serve;

use std::ffi::OsString;

use anyhow::{Result, bail};
use clap::Subcommand;

/// A part of a measurement.
#[derive(Debug, Subcommand)]
pub(crate) enum Worker {
    /// Run a program and print what it cost
    Measure {
        /// The program and its arguments
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
    /// Serve a registry until standard input ends
    ServeRegistry(serve::Args),
    /// List the tags of many repositories
    Scan(scan::Args),
    /// Edit one file of a Git repository and push the commit
    Edit(edit::Args),
    /// Find that a Git repository has not changed
    Unchanged(edit::Place),
}

/// Does the part.
pub(crate) fn run(worker: Worker) -> Result<()> {
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        bail!("the process has a crypto provider already");
    }
    match worker {
        Worker::Measure { command } => measure::run(&command),
        Worker::ServeRegistry(args) => serve::run(&args),
        Worker::Scan(args) => scan::run(&args),
        Worker::Edit(args) => edit::run(&args),
        Worker::Unchanged(place) => edit::unchanged(&place),
    }
}
