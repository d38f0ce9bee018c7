use api::reasons;
use controller_runtime::{Class, End, NotLeading};
use image_ref::ImageNameError;
use registry_access::{AccessError, FeatureGateDisabled, IdentityError};
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

/// Why a pass over an ImageRepository failed. The texts are those of conditions, Flux's where Flux has one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PassError {
    /// The object asks for an identity of its own, and the gate is off.
    #[error(transparent)]
    Gate(FeatureGateDisabled),
    /// The image cannot be scanned.
    #[error("{0}")]
    Image(ScanError),
    /// Credentials cannot be made.
    #[error("failed to configure authentication options: {0}")]
    Authenticate(AccessError),
    /// Credentials were not there in time.
    #[error(
        "failed to configure authentication options: Secrets and ServiceAccounts could not be read within {limit}; raise spec.timeout"
    )]
    AuthenticateInTime {
        /// The bound on the pass.
        limit: api::Duration,
    },
    /// A cloud gives no credentials.
    #[error("scan failed: {0}")]
    Identify(IdentityError),
    /// The registry gave no complete list.
    #[error("{}", chain(.0))]
    Scan(ScanError),
    /// The scan was not done in time.
    #[error("scan failed: no complete list within {limit}; raise spec.timeout")]
    ScanInTime {
        /// The bound on the pass.
        limit: api::Duration,
    },
    /// The list was read and could not be kept.
    #[error("scan failed: failed to set tags for {image:?}: {source}")]
    SetTags {
        /// Canonical name of the image.
        image: String,
        /// Why.
        source: WriteError,
    },
}

/// Why a slice could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// The API server refused.
    #[error("ImageTagSlice {slice}: {}", answer(.source))]
    Refused {
        /// Name of the slice.
        slice: String,
        /// What the API server said.
        source: kube::Error,
    },
    /// The API server did not answer.
    #[error("ImageTagSlice {slice}: the API server did not answer within {seconds} s")]
    InTime {
        /// Name of the slice.
        slice: String,
        /// The bound.
        seconds: u64,
    },
    /// Somebody else has changed slices that were right.
    #[error("ImageTagSlices were changed by somebody else while they were written")]
    Overtaken,
    /// Another instance has taken over.
    #[error(transparent)]
    NotLeading(NotLeading),
}

impl PassError {
    /// What the conditions are to say.
    pub(crate) fn end(&self) -> End {
        let message = self.to_string();
        match self {
            Self::Gate(_) => stalled(reasons::FEATURE_GATE_DISABLED, message),
            Self::Image(_) => stalled(reasons::IMAGE_URL_INVALID, message),
            Self::Authenticate(_) | Self::AuthenticateInTime { .. } => {
                failed(reasons::AUTHENTICATION_FAILED, message, Class::Transient)
            }
            Self::Identify(error) => failed(
                reasons::READ_OPERATION_FAILED,
                message,
                class(error.class()),
            ),
            Self::Scan(error) => failed(reasons::READ_OPERATION_FAILED, message, error.class()),
            Self::ScanInTime { .. } | Self::SetTags { .. } => {
                failed(reasons::READ_OPERATION_FAILED, message, Class::Transient)
            }
        }
    }
}

impl ScanError {
    /// When the scan is to be tried again.
    fn class(&self) -> Class {
        match self {
            Self::ListTags(error) => class(error.class()),
            Self::ParseImage(_) | Self::CompileExclusion { .. } => Class::Transient,
        }
    }
}

fn stalled(reason: &'static str, message: String) -> End {
    End::Stalled { reason, message }
}

fn failed(reason: &'static str, message: String, class: Class) -> End {
    End::Failed {
        reason: Some(reason),
        message,
        class,
    }
}

/// As Flux does, everything is tried again: what looks final may be put right on the registry's side.
fn class(class: registry_client::Class) -> Class {
    match class {
        registry_client::Class::Throttled { retry_after } => Class::Throttled { retry_after },
        registry_client::Class::Authentication
        | registry_client::Class::NotFound
        | registry_client::Class::Transient
        | registry_client::Class::Terminal => Class::Transient,
    }
}

/// What the API server said, without what the client adds for developers.
fn answer(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if !status.message.is_empty() => status.message.clone(),
        other => other.to_string(),
    }
}

/// An error and its causes, joined by colons.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let texts: Vec<String> = causes.map(ToString::to_string).collect();
    texts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_is_none_is_reported_with_its_cause() {
        let error = crate::Exclusions::new(&["(".to_owned()]).unwrap_err();
        let End::Failed {
            reason, message, ..
        } = PassError::Scan(error).end()
        else {
            panic!("a failure");
        };
        assert_eq!(reason, Some(reasons::READ_OPERATION_FAILED));
        let beginning = "scan failed: failed to compile regex (: ";
        assert!(
            message.starts_with(beginning) && message.len() > beginning.len(),
            "{message}"
        );
    }

    #[test]
    fn a_refusal_is_told_in_the_words_of_the_api_server() {
        let status = kube::core::Status::failure("exceeded quota: tags", "Forbidden");
        let error = PassError::SetTags {
            image: "ghcr.io/a/b".to_owned(),
            source: WriteError::Refused {
                slice: "b-e3b0c44298".to_owned(),
                source: kube::Error::Api(status.boxed()),
            },
        };
        let expected = "scan failed: failed to set tags for \"ghcr.io/a/b\": \
                        ImageTagSlice b-e3b0c44298: exceeded quota: tags";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn an_image_that_is_none_stalls_with_the_text_of_flux() {
        let error =
            ScanError::ParseImage(image_ref::ImageName::parse("https://ghcr.io/a/b").unwrap_err());
        let expected = End::Stalled {
            reason: reasons::IMAGE_URL_INVALID,
            message: "image 'https://ghcr.io/a/b' should not include URL scheme; remove 'https://'"
                .to_owned(),
        };
        assert_eq!(PassError::Image(error).end(), expected);
    }
}
