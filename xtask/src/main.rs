//! The tasks of this repository: `cargo xtask demo|test|tidy|codegen|control-plane|bench|soak`.
//!
//! Every check that guards the repository is started from here and nowhere else, so that a developer and CI run the same thing.
//! The crate is never part of the product.

mod bench;
mod codegen;
mod console;
mod control_plane;
mod demo;
mod program;
mod soak;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

/// The tasks of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Run the whole pipeline on an embedded registry and Git server, and check the commit it makes.
    Demo(demo::Args),
    /// Run every check: formatting, lints, layout, licences, tests, documentation.
    Test(test::Args),
    /// Check the layout of the repository: crate arrows, file sizes, generated files.
    Tidy,
    /// Write the generated files: crds/ and docs/api.md.
    Codegen,
    /// Build, start, show and end a Kubernetes control plane on this machine.
    #[command(subcommand)]
    ControlPlane(control_plane::Task),
    /// Kill and trouble manifest-setter and git-writer at random, and count what is lost or repeated; every argument goes to the
    /// soak program.
    Soak(soak::Args),
    /// Run the benchmarks; every argument goes to the bench program.
    Bench(bench::Args),
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Demo(args) => demo::run(&args),
        Task::Test(args) => test::run(&args),
        Task::Tidy => tidy::run(),
        Task::Codegen => codegen::run(),
        Task::ControlPlane(task) => control_plane::run(&task),
        Task::Soak(args) => soak::run(&args),
        Task::Bench(args) => bench::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::error(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
