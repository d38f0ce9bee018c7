//! Why a pass ended without what it was for. The texts are those of conditions, Flux's where Flux has one.

use std::error::Error;

use api::reasons;
use api::safeguards::SafeguardError;
use controller_runtime::{Class, End, NamespaceError, NotLeading};
use git_access::AccessError;

use crate::PlanError;

/// Why a pass failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PassError {
    /// Field and annotation disagree.
    #[error(transparent)]
    Safeguard(SafeguardError),
    /// The labels of the automation's namespace are not known, and policies of other namespaces ask for them.
    #[error("failed to read the labels of the namespace: {0}")]
    Namespace(NamespaceError),
    /// The repository cannot be reached.
    #[error("{}", .0.message())]
    Access(AccessError),
    /// The step failed.
    #[error("{}", .0.message())]
    Plan(PlanError),
    /// The cache cannot be used.
    #[error("failed to checkout source: {}", chain(.0))]
    Cache(git_remote::Error),
    /// A thread ended too early, which is a defect of Repin.
    #[error("a task ended unexpectedly: {0}")]
    Task(tokio::task::JoinError),
    /// The lease is gone.
    #[error("failed to {operation} plan '{name}': {source}")]
    NotLeading {
        /// What was to be done.
        operation: &'static str,
        /// Name of the plan.
        name: String,
        /// Why not.
        source: NotLeading,
    },
    /// The API server did not do something with a plan.
    #[error("failed to {operation} plan '{name}': {problem}")]
    Write {
        /// What was to be done.
        operation: &'static str,
        /// Name of the plan.
        name: String,
        /// What the API server said, or that it said nothing.
        problem: String,
    },
    /// The plan of an automation that was deleted has the name.
    #[error(
        "plan '{name}' belongs to an earlier automation of this name: it is made once that plan is collected"
    )]
    Leftover {
        /// Name of the plan.
        name: String,
    },
}

impl PassError {
    /// What the conditions are to say.
    pub(crate) fn end(&self) -> End {
        let message = self.to_string();
        let (reason, stalled) = match self {
            Self::Safeguard(_) => (Some(reasons::ANNOTATION_MISMATCH), true),
            Self::Access(error) => (Some(error.reason()), error.is_stalled()),
            Self::Plan(error) => (Some(error.reason()), error.is_stalled()),
            Self::Cache(_) => (Some(reasons::GIT_OPERATION_FAILED), false),
            Self::Namespace(_)
            | Self::Task(_)
            | Self::NotLeading { .. }
            | Self::Write { .. }
            | Self::Leftover { .. } => (None, false),
        };
        match reason {
            Some(reason) if stalled => End::Stalled { reason, message },
            reason => End::Failed {
                reason,
                message,
                class: Class::Transient,
            },
        }
    }

    /// Whether another try has to ask the server again.
    pub(crate) fn is_of_git(&self) -> bool {
        matches!(self, Self::Plan(_) | Self::Cache(_))
    }
}

/// An error and its causes, joined by colons.
fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
