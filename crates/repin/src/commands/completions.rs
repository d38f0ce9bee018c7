use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{CommandError, Outcome};
use crate::args::Cli;
use crate::console::Console;

/// Prints the completions of a shell.
pub(crate) fn completions(shell: Shell, console: &Console) -> Result<Outcome, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "repin", &mut script);
    console
        .result(&String::from_utf8_lossy(&script))
        .map_err(CommandError::Output)?;
    Ok(Outcome::Done)
}
