use std::error::Error as _;

use api::reasons;
use api::safeguards::SafeguardError;
use git_access::AccessError;
use git_remote::ObjectId;

/// Why no plan was made.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The specs do not say where to read or push.
    #[error("{}", .0.message())]
    ResolveTarget(AccessError),
    /// Whether plans wait for approval cannot be told.
    #[error(transparent)]
    Approval(SafeguardError),
    /// `spec.policySelector` is not a label selector.
    #[error("failed to parse policy selector: {0}")]
    ParseSelector(String),
    /// The remote cannot be reached, or does not let us in.
    #[error("failed to checkout source")]
    Connect(#[source] git_remote::Error),
    /// The references of the remote could not be listed.
    #[error("failed to checkout source")]
    ListReferences(#[source] git_remote::Error),
    /// No tag is in the range of `ref.semver`.
    #[error(
        "failed to checkout source: no tag of {remote} is in the range '{range}': tag a commit, or widen the range"
    )]
    NoTagInRange {
        /// The range as written.
        range: String,
        /// The repository, without user info.
        remote: String,
    },
    /// `ref.semver` is not a range.
    #[error("failed to checkout source: semver range '{range}' cannot be parsed")]
    ParseSemver {
        /// As written.
        range: String,
        /// What is wrong with it.
        source: tag_policy::ConstraintError,
    },
    /// `ref.commit` is not a full object id.
    #[error(
        "failed to checkout source: commit '{commit}' is not an object id: expected 40 hexadecimal digits"
    )]
    ParseCommit {
        /// As written.
        commit: String,
    },
    /// The commit could not be fetched.
    #[error("failed to checkout source")]
    FetchCommit(#[source] git_remote::Error),
    /// The tree could not be read, or `spec.update.path` is not in it.
    #[error("failed to apply policies")]
    ReadTree(#[source] git_remote::Error),
    /// The content of files could not be fetched.
    #[error("failed to apply policies")]
    FetchBlobs(#[source] git_remote::Error),
    /// The remote did not send a file that it lists.
    #[error("failed to apply policies: the remote did not send the content {blob} of {path}")]
    MissingBlob {
        /// Path of the file.
        path: String,
        /// Its object id.
        blob: ObjectId,
    },
    /// The latest reference of a policy is not a valid image reference.
    #[error(
        "failed to apply policies: encountered invalid image ref \"{reference}\" of ImagePolicy '{policy}'"
    )]
    ParseImage {
        /// The policy, `namespace/name`.
        policy: String,
        /// `name:tag[@digest]`.
        reference: String,
        /// What is wrong with it.
        source: image_ref::ImageRefError,
    },
    /// The template of the message reads a field that Flux has removed.
    #[error(transparent)]
    RemovedTemplateField(commit_message::Error),
    /// The commit message could not be rendered.
    #[error("failed to update source: {}", template_step(.0))]
    RenderMessage(#[source] commit_message::Error),
    /// The commit message is too long for a plan, also for the smallest one.
    #[error(
        "failed to update source: the commit message takes {bytes} bytes in the plan, which holds at most {bound}: shorten the template"
    )]
    MessageTooLong {
        /// Bytes that it takes, escapes included.
        bytes: usize,
        /// The bound.
        bound: usize,
    },
}

/// What failed, in Flux's words.
fn template_step(error: &commit_message::Error) -> &'static str {
    match error {
        commit_message::Error::Parse { .. } => "unable to create commit message template from spec",
        _ => "failed to run template from spec",
    }
}

impl PlanError {
    pub(crate) fn of_template(error: commit_message::Error) -> Self {
        match error {
            removed @ commit_message::Error::RemovedField { .. } => {
                Self::RemovedTemplateField(removed)
            }
            error => Self::RenderMessage(error),
        }
    }

    /// The reason of the condition that tells the error (Flux's), of [`api::reasons`].
    pub fn reason(&self) -> &'static str {
        match self {
            Self::ResolveTarget(error) => error.reason(),
            Self::Approval(_) => reasons::ANNOTATION_MISMATCH,
            Self::ParseSelector(_) => reasons::INVALID_POLICY_SELECTOR,
            Self::RemovedTemplateField(_) => reasons::REMOVED_TEMPLATE_FIELD,
            Self::ParseImage { .. }
            | Self::ReadTree(_)
            | Self::FetchBlobs(_)
            | Self::MissingBlob { .. } => reasons::UPDATE_FAILED,
            Self::Connect(_)
            | Self::ListReferences(_)
            | Self::NoTagInRange { .. }
            | Self::ParseSemver { .. }
            | Self::ParseCommit { .. }
            | Self::FetchCommit(_)
            | Self::RenderMessage(_)
            | Self::MessageTooLong { .. } => reasons::GIT_OPERATION_FAILED,
        }
    }

    /// Whether nothing helps but a change of the objects: the automation is Stalled. Everything else is tried again, as Flux
    /// does.
    pub fn is_stalled(&self) -> bool {
        match self {
            Self::ResolveTarget(error) => error.is_stalled(),
            Self::Approval(_) | Self::ParseSelector(_) | Self::RemovedTemplateField(_) => true,
            _ => false,
        }
    }

    /// The whole text, with the causes, as a condition shows it.
    pub fn message(&self) -> String {
        let mut text = self.to_string();
        let causes = std::iter::successors(self.source(), |cause| (*cause).source());
        for cause in causes.map(ToString::to_string) {
            text = format!("{text}: {cause}");
        }
        text
    }
}
