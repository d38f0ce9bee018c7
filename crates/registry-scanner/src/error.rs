use image_ref::ImageNameError;
use tag_policy::PatternError;

/// Why a scan gave no tags.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// `spec.image` is not the name of an image repository (Flux's reason `ImageURLInvalid`).
    #[error(transparent)]
    ParseImage(ImageNameError),
    /// An entry of `spec.exclusionList` is not a regular expression.
    #[error("scan failed: failed to compile regex {pattern}")]
    CompileExclusion {
        /// The entry as written.
        pattern: String,
        /// What is wrong with it.
        source: PatternError,
    },
    /// The registry did not give its complete list of tags (Flux's reason `ReadOperationFailed`).
    #[error("scan failed")]
    ListTags(#[source] registry_client::Error),
}
