//! The controller `policy-evaluator`.

use std::process::ExitCode;

use clap::Parser as _;
use policy_evaluator::{Args, RunError};

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("another crypto provider is installed already"))?;
    match policy_evaluator::run(&Args::parse()).await {
        Ok(()) => Ok(ExitCode::SUCCESS),
        // It is in the log already.
        Err(RunError::Runtime(_)) => Ok(ExitCode::FAILURE),
        Err(error) => Err(error.into()),
    }
}
