//! Whether an object may be used from another namespace: `spec.accessFrom` of ImageRepository and ImagePolicy.

use std::collections::BTreeMap;

use crate::image::v1::AccessFrom;

/// An object of another namespace may not be used (Flux's reason `AccessDenied`).
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessDenied {
    /// It has no `spec.accessFrom`.
    #[error(
        "access denied: '{namespace}/{name}' can't be accessed due to missing ACL labels on 'accessFrom'"
    )]
    NoAccessFrom {
        /// Namespace of the object.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// No selector of `spec.accessFrom` matches the labels of the namespace that wants to use it.
    #[error(
        "access denied: '{namespace}/{name}' can't be accessed due to ACL labels mismatch on namespace '{from}'"
    )]
    LabelsMismatch {
        /// Namespace of the object.
        namespace: String,
        /// Its name.
        name: String,
        /// The namespace that wants to use it.
        from: String,
    },
}

/// Whether the namespace `from`, which carries `labels`, may use the object `namespace/name`.
///
/// The own namespace is always allowed; another one where [`AccessFrom::admits`] its labels.
pub fn check_access(
    from: &str,
    labels: &BTreeMap<String, String>,
    (namespace, name): (&str, &str),
    access_from: Option<&AccessFrom>,
) -> Result<(), AccessDenied> {
    if from == namespace {
        return Ok(());
    }
    let Some(access_from) = access_from else {
        return Err(AccessDenied::NoAccessFrom {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        });
    };
    if access_from.admits(labels) {
        return Ok(());
    }
    Err(AccessDenied::LabelsMismatch {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        from: from.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use crate::image::v1::NamespaceSelector;

    use super::*;

    fn check(from: &str, selectors: Option<&[&[(&str, &str)]]>) -> Result<(), String> {
        let labels = BTreeMap::from([
            ("team".to_owned(), "a".to_owned()),
            ("env".to_owned(), "prod".to_owned()),
        ]);
        let selector = |labels: &&[(&str, &str)]| NamespaceSelector {
            match_labels: labels
                .iter()
                .map(|&(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        };
        let access_from = selectors.map(|selectors| AccessFrom {
            namespace_selectors: selectors.iter().map(selector).collect(),
        });
        check_access(from, &labels, ("images", "app"), access_from.as_ref())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_own_namespace_may_always() {
        assert_eq!(check("images", None), Ok(()));
        assert_eq!(check("images", Some(&[])), Ok(()));
    }

    #[test]
    fn another_namespace_needs_a_selector_that_matches() {
        assert_eq!(
            check(
                "apps",
                Some(&[&[("team", "b")], &[("team", "a"), ("env", "prod")]])
            ),
            Ok(())
        );
        assert_eq!(check("apps", Some(&[&[]])), Ok(()));
        let mismatch = "access denied: 'images/app' can't be accessed due to ACL labels mismatch on namespace 'apps'";
        assert_eq!(
            check("apps", Some(&[&[("team", "a"), ("env", "dev")]])),
            Err(mismatch.to_owned())
        );
        assert_eq!(check("apps", Some(&[])), Err(mismatch.to_owned()));
        let missing = "access denied: 'images/app' can't be accessed due to missing ACL labels on 'accessFrom'";
        assert_eq!(check("apps", None), Err(missing.to_owned()));
    }
}
