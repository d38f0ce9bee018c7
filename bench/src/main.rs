//! The benchmarks behind `cargo xtask bench [GROUP…]`: speed and memory of Repin on generated inputs.
//!
//! Each result is one JSON object on a line of standard output, `{"name","value","unit"}`, where the value is the
//! median of its runs; what is going on goes to standard error. The names, the work behind each and the bars are
//! in `docs/benchmarks.md`.
//!
//! Inputs are generated here, the same ones every time. Processes that are measured run alone: servers and the
//! measuring itself are other processes, started from this same program as hidden [`workers`]. The whole command
//! line is measured on the `repin` program that lies beside this one.
//!
//! It keeps nothing: what it writes lies in temporary folders that go with it.

mod args;
mod controllers;
mod generate;
mod groups;
mod measure;
mod report;
mod servers;
mod stage;
mod updates;
mod workers;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Args, Mode};

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.mode {
        Some(Mode::Worker(worker)) => workers::run(worker),
        None => groups::run(&args.groups),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::progress(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
