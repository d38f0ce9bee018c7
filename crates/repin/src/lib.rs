//! The command line of Repin: the whole pipeline without a cluster.
//!
//! `plan` and `run` read the objects of Flux's image automation from files or from the repository itself, and call the
//! step functions that the controllers call: scan, select, edit, write. `explain` says how a tag was chosen, `lint`
//! checks markers offline, `convert` rewrites objects to v1.
//!
//! - Reads: files, registries, Git repositories, the variables of `environment`.
//! - Writes: standard output, the Git cache; `run` pushes to Git and writes the file of `--state`, `convert --write`
//!   rewrites files.
//! - Never: takes a secret as an argument, runs another program, or needs a cluster.

mod access;
/// The arguments.
pub mod args;
mod commands;
mod console;
mod diff;
mod environment;
mod failure;
mod load;
mod objects;
mod pipeline;
mod report;
mod state;
mod yaml;

use std::process::ExitCode;

use crate::args::{Cli, Command};
use crate::commands::{CommandError, Outcome};
use crate::console::Console;

/// Exit code of a command that failed.
const EXIT_ERROR: u8 = 1;
/// Exit code of arguments that do not fit together, as of those that cannot be parsed.
const EXIT_USAGE: u8 = 2;
/// Exit code of `plan --detailed-exitcode` when there are changes.
const EXIT_CHANGES: u8 = 3;

/// Runs a command line to its end. Wrong usage ends with 2 before this is called.
pub async fn run(cli: Cli) -> ExitCode {
    let console = Console::new(cli.quiet);
    match dispatch(cli.command, &console).await {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Changes) => ExitCode::from(EXIT_CHANGES),
        Ok(Outcome::Failed) => ExitCode::from(EXIT_ERROR),
        Err(error) => {
            console.error(&failure::chain(&error));
            ExitCode::from(match error {
                CommandError::Usage(_) => EXIT_USAGE,
                _ => EXIT_ERROR,
            })
        }
    }
}

async fn dispatch(command: Command, console: &Console) -> Result<Outcome, CommandError> {
    match command {
        Command::Plan(args) => commands::plan::plan(&args, console).await,
        Command::Run(args) => commands::run::run(&args, console).await,
        Command::Explain(args) => commands::explain::explain(&args, console).await,
        Command::Lint(args) => commands::lint::lint(&args, console),
        Command::Convert(args) => commands::convert::convert(&args, console),
        Command::Completions { shell } => commands::completions::completions(shell, console),
    }
}
