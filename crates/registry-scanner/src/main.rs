//! The controller `registry-scanner`.

use std::process::ExitCode;

use clap::Parser as _;
use registry_scanner::Args;

#[tokio::main]
async fn main() -> ExitCode {
    match registry_scanner::run(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        // The error is in the log already.
        Err(_) => ExitCode::FAILURE,
    }
}
