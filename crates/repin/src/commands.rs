//! One module per subcommand, and what `plan` and `run` share.

pub(crate) mod automations;
pub(crate) mod completions;
pub(crate) mod convert;
pub(crate) mod explain;
pub(crate) mod lint;
pub(crate) mod plan;
pub(crate) mod run;

use std::io;
use std::path::Path;

use crate::args::ObjectArgs;
use crate::console::Console;
use crate::state::State;

/// How a command ended, other than by an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All is done.
    Done,
    /// `plan --detailed-exitcode` found changes.
    Changes,
    /// Something failed, and was reported where it happened.
    Failed,
}

/// Why a command gave up as a whole.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// The objects could not be loaded.
    #[error(transparent)]
    Load(crate::load::LoadError),
    /// The objects could not be read.
    #[error(transparent)]
    Read(crate::objects::ReadError),
    /// The file of --state cannot be used.
    #[error(transparent)]
    State(crate::state::StateError),
    /// What was named is not among the objects.
    #[error(transparent)]
    Find(crate::objects::StoreError),
    /// The surroundings cannot be used.
    #[error(transparent)]
    Environment(crate::environment::EnvironmentError),
    /// No registry client could be made.
    #[error("cannot make a registry client")]
    RegistryClient(#[source] registry_client::Error),
    /// The policy has no tag.
    #[error("ImagePolicy '{policy}'")]
    Policy {
        /// The policy, `namespace/name`.
        policy: String,
        /// Why.
        source: crate::pipeline::PolicyError,
    },
    /// There is nothing to plan or run.
    #[error("no ImageUpdateAutomation among the objects")]
    NoAutomation,
    /// The command's own arguments do not fit together.
    #[error("{0}")]
    Usage(String),
    /// A file cannot be written.
    #[error("cannot write {}", path.display())]
    WriteFile {
        /// Its path.
        path: std::path::PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An object cannot be converted.
    #[error("{origin}")]
    Convert {
        /// The file.
        origin: String,
        /// Why.
        source: Box<api::convert::ConvertError>,
    },
    /// Standard output cannot be written to.
    #[error("cannot write to standard output")]
    Output(#[source] io::Error),
    /// A thread of the command ended too early, which is a defect of Repin.
    #[error("a task ended unexpectedly")]
    Task(#[source] tokio::task::JoinError),
}

/// The state of --state as it is, for a command that writes nothing.
pub(crate) fn read_state(
    args: &ObjectArgs,
    console: &Console,
) -> Result<Option<State>, CommandError> {
    let read = |path: &Path| {
        let state = State::read(path).map_err(CommandError::State)?;
        if !state.exists() {
            console.note(&format!(
                "state file {} does not exist yet: every tag counts as old enough; `repin run` makes the file",
                path.display()
            ));
        }
        Ok(state)
    };
    args.state.as_deref().map(read).transpose()
}
