//! The controller `policy-evaluator`.

use std::process::ExitCode;

use clap::Parser as _;
use policy_evaluator::Args;

#[tokio::main]
async fn main() -> ExitCode {
    match policy_evaluator::run(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        // The error is in the log already.
        Err(_) => ExitCode::FAILURE,
    }
}
