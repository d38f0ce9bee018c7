//! The controller `git-writer`.

use std::process::ExitCode;

use clap::Parser as _;
use git_writer::Args;

#[tokio::main]
async fn main() -> ExitCode {
    match git_writer::run(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        // The error is in the log already.
        Err(_) => ExitCode::FAILURE,
    }
}
