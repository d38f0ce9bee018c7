//! What a request asks of the API server, and sets of such calls.

use std::fmt;

use axum::http::{Method, Uri};

/// What a call does, as RBAC names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Reads one object.
    Get,
    /// Reads a collection.
    List,
    /// Follows a collection or one object.
    Watch,
    /// Makes an object.
    Create,
    /// Replaces an object.
    Update,
    /// Changes an object, server-side apply included.
    Patch,
    /// Removes an object.
    Delete,
    /// Removes a collection.
    DeleteCollection,
}

/// One request to the API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What it does.
    pub verb: Verb,
    /// Plural of the kind, as in `imagerepositories`; empty for paths that are no objects, as `/version`.
    pub resource: String,
    /// Namespace; empty for cluster-wide kinds and collections.
    pub namespace: String,
    /// Name of the object; empty for a collection.
    pub name: String,
    /// As in `status`; empty for the object itself.
    pub subresource: String,
}

impl Call {
    /// Reads method, path and query by the rules of the Kubernetes API's paths.
    pub(super) fn of(method: &Method, uri: &Uri) -> Self {
        let words: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
        let rest = match &words[..] {
            ["api", _version, rest @ ..] | ["apis", _, _version, rest @ ..] => rest,
            _ => &[],
        };
        let (namespace, rest) = match rest {
            // What follows a namespace's name is a kind inside it, unless it is a part of the namespace itself.
            ["namespaces", namespace, inner, ..] if !["status", "finalize"].contains(inner) => {
                (*namespace, &rest[2..])
            }
            _ => ("", rest),
        };
        let word = |index: usize| rest.get(index).copied().unwrap_or_default().to_owned();
        let mut query = uri.query().unwrap_or_default().split('&');
        let watch = query.any(|pair| ["watch=true", "watch=1"].contains(&pair));
        Self {
            verb: Verb::of(method, rest.get(1).is_some(), watch),
            resource: word(0),
            namespace: namespace.to_owned(),
            name: word(1),
            subresource: word(2),
        }
    }

    /// Whether it changes an object that tests count: not a lease, not an Event, not a question in the form of an
    /// object.
    pub(super) fn is_write(&self) -> bool {
        let changes = match self.verb {
            Verb::Get | Verb::List | Verb::Watch => false,
            Verb::Create | Verb::Update | Verb::Patch | Verb::Delete | Verb::DeleteCollection => {
                true
            }
        };
        let counted =
            !self.resource.ends_with("reviews") && !["leases", "events"].contains(&&*self.resource);
        changes && counted && self.subresource != "token"
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.verb, self.resource)?;
        for part in [&self.namespace, &self.name, &self.subresource] {
            if !part.is_empty() {
                write!(f, "/{part}")?;
            }
        }
        Ok(())
    }
}

/// Which calls a rule or a count is about.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    verbs: Option<&'static [Verb]>,
    resource: Option<&'static str>,
    subresource: Option<&'static str>,
    name: Option<String>,
}

const WRITES: &[Verb] = &[
    Verb::Create,
    Verb::Update,
    Verb::Patch,
    Verb::Delete,
    Verb::DeleteCollection,
];

impl Calls {
    /// Every call.
    pub fn all() -> Self {
        Self::default()
    }

    /// Every call about objects of this plural, their subresources included.
    pub fn to(resource: &'static str) -> Self {
        Self {
            resource: Some(resource),
            ..Self::default()
        }
    }

    /// Creates, updates, patches and deletes of objects of this plural, but not of their subresources.
    pub fn writes(resource: &'static str) -> Self {
        Self {
            verbs: Some(WRITES),
            subresource: Some(""),
            ..Self::to(resource)
        }
    }

    /// Writes of the status of objects of this plural.
    pub fn status_writes(resource: &'static str) -> Self {
        Self {
            subresource: Some("status"),
            ..Self::writes(resource)
        }
    }

    /// Deletes of objects of this plural.
    pub fn deletes(resource: &'static str) -> Self {
        Self {
            verbs: Some(&[Verb::Delete]),
            ..Self::writes(resource)
        }
    }

    /// Watches of objects of this plural.
    pub fn watches(resource: &'static str) -> Self {
        Self {
            verbs: Some(&[Verb::Watch]),
            ..Self::to(resource)
        }
    }

    /// Only those about the object of this name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Whether `call` is one of them.
    pub fn cover(&self, call: &Call) -> bool {
        self.verbs.is_none_or(|verbs| verbs.contains(&call.verb))
            && self.resource.is_none_or(|wanted| wanted == call.resource)
            && self
                .subresource
                .is_none_or(|wanted| wanted == call.subresource)
            && self.name.as_ref().is_none_or(|wanted| *wanted == call.name)
    }
}

impl Verb {
    fn of(method: &Method, named: bool, watch: bool) -> Self {
        match method.as_str() {
            "POST" => Self::Create,
            "PUT" => Self::Update,
            "PATCH" => Self::Patch,
            "DELETE" if named => Self::Delete,
            "DELETE" => Self::DeleteCollection,
            _ if watch => Self::Watch,
            _ if named => Self::Get,
            _ => Self::List,
        }
    }
}
