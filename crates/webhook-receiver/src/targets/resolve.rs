//! Which objects an entry of `spec.resources` means, as far as that can be said without asking the API server.

use api::notification::v1::{ResourceKind, ResourceReference};
use kube::core::{ApiResource, GroupVersion};

use super::error::TargetError;

/// What an entry means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    /// The kind of the objects.
    pub(super) kind: ResourceKind,
    /// How the API server serves them.
    pub(super) resource: ApiResource,
    /// Their namespace.
    pub(super) namespace: String,
    /// Which ones.
    pub(super) which: Which,
}

/// Which objects of a kind and a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// The one of this name.
    Named(String),
    /// Those that a label selector selects.
    Selected(String),
}

/// Says what an entry of a Receiver in namespace `home` means; entries of other namespaces are refused unless `elsewhere`.
pub(super) fn resolve(
    reference: &ResourceReference,
    home: &str,
    elsewhere: bool,
) -> Result<Resolved, TargetError> {
    let resource = resource(reference.kind, reference.api_version.as_deref())?;
    let namespace = reference.namespace.as_deref().unwrap_or(home);
    for name in [namespace, &reference.name] {
        if !is_path_segment(name) {
            return Err(TargetError::Name(name.to_owned()));
        }
    }
    if namespace != home && !elsewhere {
        return Err(TargetError::CrossNamespace);
    }
    let which = match (reference.name.as_str(), &reference.match_labels) {
        ("*", None) => return Err(TargetError::NoLabels),
        ("*", Some(labels)) => {
            let terms: Vec<_> = labels
                .iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
            Which::Selected(terms.join(","))
        }
        (name, _) => Which::Named(name.to_owned()),
    };
    Ok(Resolved {
        kind: reference.kind,
        resource,
        namespace: namespace.to_owned(),
        which,
    })
}

/// How the API server serves a kind. The plurals of all kinds are regular, so it need not be asked for them.
fn resource(kind: ResourceKind, api_version: Option<&str>) -> Result<ApiResource, TargetError> {
    let name = kind.as_str();
    let api_version = api_version.or_else(|| kind.default_api_version());
    let api_version = api_version.ok_or(TargetError::NoApiVersion(name))?;
    let malformed = || TargetError::ApiVersion(api_version.to_owned());
    let version: GroupVersion = api_version.parse().map_err(|_| malformed())?;
    if !is_path_segment(&version.version) || !is_path_segment(&version.group) {
        return Err(malformed());
    }
    Ok(ApiResource::from_gvk(&version.with_kind(name)))
}

/// Whether a text is one part of a path, and stays in it: it goes into the address of a request as it is.
fn is_path_segment(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:*".contains(&byte);
    !matches!(text, "" | "." | "..") && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn reference(kind: ResourceKind, name: &str) -> ResourceReference {
        ResourceReference {
            kind,
            name: name.to_owned(),
            ..ResourceReference::default()
        }
    }

    fn error(reference: &ResourceReference, elsewhere: bool) -> String {
        resolve(reference, "home", elsewhere)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn each_kind_has_its_place() {
        for (kind, expected) in [
            (ResourceKind::Bucket, "source.toolkit.fluxcd.io/v1 buckets"),
            (
                ResourceKind::GitRepository,
                "source.toolkit.fluxcd.io/v1 gitrepositories",
            ),
            (
                ResourceKind::HelmChart,
                "source.toolkit.fluxcd.io/v1 helmcharts",
            ),
            (
                ResourceKind::HelmRepository,
                "source.toolkit.fluxcd.io/v1 helmrepositories",
            ),
            (
                ResourceKind::OciRepository,
                "source.toolkit.fluxcd.io/v1 ocirepositories",
            ),
            (
                ResourceKind::ImageRepository,
                "image.toolkit.fluxcd.io/v1 imagerepositories",
            ),
            (
                ResourceKind::ArtifactGenerator,
                "source.extensions.fluxcd.io/v1beta1 artifactgenerators",
            ),
        ] {
            let resource = resource(kind, None).unwrap();
            assert_eq!(
                format!("{} {}", resource.api_version, resource.plural),
                expected
            );
        }
        for (kind, plural) in [
            (ResourceKind::Kustomization, "kustomizations"),
            (ResourceKind::HelmRelease, "helmreleases"),
            (ResourceKind::ImagePolicy, "imagepolicies"),
            (
                ResourceKind::ImageUpdateAutomation,
                "imageupdateautomations",
            ),
            (ResourceKind::ExternalArtifact, "externalartifacts"),
        ] {
            let message = format!("apiVersion must be specified for kind {:?}", kind.as_str());
            assert_eq!(error(&reference(kind, "a"), true), message);
            assert_eq!(resource(kind, Some("g/v1beta1")).unwrap().plural, plural);
        }
    }

    #[test]
    fn an_api_version_that_is_named_counts() {
        let resource = resource(ResourceKind::Bucket, Some("source.example/v9")).unwrap();
        assert_eq!(
            (resource.group.as_str(), resource.version.as_str()),
            ("source.example", "v9")
        );
    }

    #[test]
    fn nothing_leads_to_another_place_of_the_api_server() {
        for api_version in [
            "a/b/c",
            "a",
            "/v1",
            "a/..",
            "a/v1?x",
            "a/v1/namespaces/b",
            "a/v 1",
        ] {
            let mut wrong = reference(ResourceKind::Bucket, "a");
            wrong.api_version = Some(api_version.to_owned());
            let message = format!("apiVersion {api_version:?}: expected GROUP/VERSION");
            assert_eq!(error(&wrong, true), message);
        }
        for name in ["..", "a/status", "../b", "a?b", "a#b", "a%2fb"] {
            let wrong = reference(ResourceKind::Bucket, name);
            let message = format!("{name:?}: expected the name of an object");
            assert_eq!(error(&wrong, true), message);
            let mut wrong = reference(ResourceKind::Bucket, "a");
            wrong.namespace = Some(name.to_owned());
            assert_eq!(error(&wrong, true), message);
        }
    }

    #[test]
    fn other_namespaces_may_be_forbidden() {
        let mut other = reference(ResourceKind::Bucket, "a");
        assert_eq!(resolve(&other, "home", false).unwrap().namespace, "home");
        other.namespace = Some("home".to_owned());
        assert_eq!(resolve(&other, "home", false).unwrap().namespace, "home");
        other.namespace = Some("other".to_owned());
        assert_eq!(resolve(&other, "home", true).unwrap().namespace, "other");
        assert_eq!(
            error(&other, false),
            "cross-namespace references are not allowed"
        );
    }

    #[test]
    fn all_objects_are_meant_by_their_labels_only() {
        let labels = |pairs: &[(&str, &str)]| {
            let pairs = pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            Some(pairs.collect::<BTreeMap<_, _>>())
        };
        let mut all = reference(ResourceKind::Bucket, "*");
        assert_eq!(
            error(&all, true),
            "matchLabels field not set when using wildcard '*' as name"
        );
        for (pairs, selector) in [
            (&[][..], ""),
            (&[("a", "b")][..], "a=b"),
            (&[("app/x", ""), ("c", "d")][..], "app/x=,c=d"),
        ] {
            all.match_labels = labels(pairs);
            let which = resolve(&all, "home", true).unwrap().which;
            assert_eq!(which, Which::Selected(selector.to_owned()));
        }
        let mut named = reference(ResourceKind::Bucket, "a");
        named.match_labels = labels(&[("a", "b")]);
        let which = resolve(&named, "home", true).unwrap().which;
        assert_eq!(which, Which::Named("a".to_owned()));
    }
}
