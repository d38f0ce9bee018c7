//! The controller `webhook-receiver`.

use std::process::ExitCode;

use clap::Parser as _;
use webhook_receiver::Args;

#[tokio::main]
async fn main() -> ExitCode {
    match webhook_receiver::run(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        // The error is in the log already.
        Err(_) => ExitCode::FAILURE,
    }
}
