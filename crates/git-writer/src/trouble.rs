//! Why a pass over a plan did not end with a commit.

use std::error::Error;

use api::safeguards::SafeguardError;
use git_access::AccessError;
use tokio::task::JoinError;

use crate::signing::SigningError;
use crate::{Fate, Forged, WriteError};

/// Why a pass over a plan did not end with a commit. No text holds a secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The automation is gone, or never was.
    #[error("ImageUpdateAutomation '{automation}' does not exist")]
    NoAutomation {
        /// The automation, `namespace/name`.
        automation: String,
    },
    /// The plan says otherwise than its automation.
    #[error(transparent)]
    Forged(Forged),
    /// The plan said what its automation said when it was looked at before.
    #[error("the automation has changed since the plan was made: {}: expected {}, found {}", .0.field, .0.expected, .0.found)]
    Outdated(Forged),
    /// An object cannot be read.
    #[error("failed to get {object}: {problem}")]
    Read {
        /// Kind and `namespace/name`.
        object: String,
        /// What the API server said.
        problem: String,
    },
    /// Whether the plan needs an approval cannot be told.
    #[error("the automation contradicts itself: {0}")]
    Safeguard(SafeguardError),
    /// The repository cannot be reached for the automation.
    #[error("{}", .0.message())]
    Access(AccessError),
    /// There is no key to sign with.
    #[error("failed configuring source manager: {0}")]
    Signing(#[from] SigningError),
    /// The plan could not be written.
    #[error("{}", chain(.0))]
    Write(WriteError),
    /// A thread of this process broke down.
    #[error("a part of git-writer broke down: {0}")]
    Task(JoinError),
}

impl Trouble {
    /// What it means for the plan.
    pub(crate) fn fate(&self) -> Fate {
        match self {
            Self::NoAutomation { .. } | Self::Forged(_) => Fate::Failed,
            Self::Outdated(_) => Fate::Superseded,
            Self::Write(error) => error.fate(),
            Self::Read { .. }
            | Self::Safeguard(_)
            | Self::Access(_)
            | Self::Signing(_)
            | Self::Task(_) => Fate::Waits,
        }
    }
}

/// An error and its causes, joined by colons; what is told already is not repeated.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let told = error.to_string();
        if !text.contains(&told) {
            text = format!("{text}: {told}");
        }
        cause = error.source();
    }
    text
}
