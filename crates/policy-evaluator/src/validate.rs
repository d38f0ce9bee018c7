//! Pure: what a policy refers to, and whether its fields fit together.

use api::Duration;
use api::image::v1::{DigestReflectionPolicy, ImagePolicy, ImageRepository};
use kube::ResourceExt as _;
use kube::runtime::reflector::ObjectRef;

use crate::error::PassError;

/// An interval of zero behaves as this one (Flux).
const DEFAULT_INTERVAL: Duration = Duration::from_secs(600);

/// What a pass needs to know before it looks at anything else.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Valid {
    /// Namespace of the policy.
    pub(crate) namespace: String,
    /// The repository whose tags are the candidates.
    pub(crate) repository: ObjectRef<ImageRepository>,
    /// Namespace of the repository.
    pub(crate) repository_namespace: String,
    /// How often the digest is asked for; none where a look at each new tag is enough.
    pub(crate) interval: Option<Duration>,
}

/// Whether references to other namespaces are allowed: `--no-cross-namespace-refs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CrossNamespace {
    Allowed,
    Blocked,
}

pub(crate) fn policy(policy: &ImagePolicy, refs: CrossNamespace) -> Result<Valid, PassError> {
    let spec = &policy.spec;
    let interval = match spec.digest_reflection_policy {
        DigestReflectionPolicy::Always => Some(spec.interval.ok_or(PassError::NoInterval)?),
        DigestReflectionPolicy::IfNotPresent | DigestReflectionPolicy::Never => None,
    };
    let namespace = policy.namespace().unwrap_or_default();
    let reference = &spec.image_repository_ref;
    let repository_namespace = reference.namespace.as_ref().unwrap_or(&namespace).clone();
    let repository = ObjectRef::new(&reference.name).within(&repository_namespace);
    if repository_namespace != namespace && refs == CrossNamespace::Blocked {
        return Err(PassError::CrossNamespace {
            repository: format!("{repository_namespace}/{}", reference.name),
        });
    }
    Ok(Valid {
        namespace,
        repository,
        repository_namespace,
        interval: interval.map(|interval| {
            if interval.is_zero() {
                DEFAULT_INTERVAL
            } else {
                interval
            }
        }),
    })
}

#[cfg(test)]
mod tests {
    use controller_runtime::End;

    use super::*;

    fn object(spec: &str) -> ImagePolicy {
        let text = format!(
            "{{\"apiVersion\": \"image.toolkit.fluxcd.io/v1\", \"kind\": \"ImagePolicy\", \
             \"metadata\": {{\"name\": \"app\", \"namespace\": \"apps\"}}, \
             \"spec\": {{\"policy\": {{}}, {spec}}}}}"
        );
        serde_json::from_str(&text).unwrap()
    }

    fn valid(spec: &str, refs: CrossNamespace) -> Result<Valid, End> {
        policy(&object(spec), refs).map_err(|error| error.end())
    }

    const OWN: &str = r#""imageRepositoryRef": {"name": "app"}"#;
    const OTHER: &str = r#""imageRepositoryRef": {"name": "app", "namespace": "images"}"#;

    #[test]
    fn a_repository_is_in_the_own_namespace_unless_it_says_otherwise() {
        let allowed = CrossNamespace::Allowed;
        let own = valid(OWN, CrossNamespace::Blocked).unwrap();
        assert_eq!(own.repository, ObjectRef::new("app").within("apps"));
        let other = valid(OTHER, allowed).unwrap();
        assert_eq!(other.repository, ObjectRef::new("app").within("images"));
        assert_eq!(other.repository_namespace, "images");
        let blocked = valid(OTHER, CrossNamespace::Blocked);
        assert!(matches!(
            blocked,
            Err(End::Failed {
                reason: Some("AccessDenied"),
                ..
            })
        ));
    }

    #[test]
    fn always_needs_an_interval_and_nothing_else_uses_one() {
        let interval = |digests: &str| {
            let spec = format!("{OWN}, \"digestReflectionPolicy\": {digests}");
            valid(&spec, CrossNamespace::Allowed).map(|valid| valid.interval)
        };
        let seconds = |seconds| Ok(Some(Duration::from_secs(seconds)));
        assert_eq!(interval(r#""Always", "interval": "90s""#), seconds(90));
        assert_eq!(interval(r#""Always", "interval": "0s""#), seconds(600));
        assert_eq!(interval(r#""IfNotPresent""#), Ok(None));
        let message =
            "spec.interval must be set when spec.digestReflectionPolicy is set to 'Always'"
                .to_owned();
        let reason = "IntervalNotConfigured";
        assert_eq!(
            interval(r#""Always""#),
            Err(End::Stalled { reason, message })
        );
    }
}
