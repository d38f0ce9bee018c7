use git_remote::ObjectId;

use crate::TargetError;

/// Why no plan was made.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The specs do not say where to read or push.
    #[error(transparent)]
    ResolveTarget(TargetError),
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
    #[error("encountered invalid image ref \"{reference}\" of ImagePolicy '{policy}'")]
    ParseImage {
        /// The policy, `namespace/name`.
        policy: String,
        /// `name:tag[@digest]`.
        reference: String,
        /// What is wrong with it.
        source: image_ref::ImageRefError,
    },
    /// The commit message could not be rendered.
    #[error("failed to update source: {}", template_step(.0))]
    RenderMessage(#[source] commit_message::Error),
    /// One file alone has more edits than a plan may hold.
    #[error(
        "failed to apply policies: the edits of {path} need {size} bytes, a plan holds at most {bound}"
    )]
    FileTooLarge {
        /// Path of the file.
        path: String,
        /// Bytes its edits need.
        size: usize,
        /// The bound.
        bound: usize,
    },
}

/// What failed, in Flux's words. The text of a removed field says all by itself.
fn template_step(error: &commit_message::Error) -> String {
    match error {
        commit_message::Error::Parse { .. } => {
            "unable to create commit message template from spec".to_owned()
        }
        commit_message::Error::RemovedField { .. } => error.to_string(),
        _ => "failed to run template from spec".to_owned(),
    }
}
