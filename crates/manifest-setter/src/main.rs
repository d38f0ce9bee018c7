//! The controller `manifest-setter`.

use std::process::ExitCode;

use clap::Parser as _;
use manifest_setter::Args;

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let Ok(runtime) = runtime else {
        // Without threads there is nobody who could say so.
        return ExitCode::FAILURE;
    };
    let ended = runtime.block_on(manifest_setter::run(&args));
    // A thread that still reads from a Git server has nothing to finish: it is left behind.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        // The error is in the log already.
        Err(_) => ExitCode::FAILURE,
    }
}
