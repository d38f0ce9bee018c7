use std::fmt;

/// Namespace and name of an image policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyName {
    /// Namespace of the ImagePolicy.
    pub namespace: String,
    /// Name of the ImagePolicy.
    pub name: String,
}

impl fmt::Display for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.namespace, self.name)
    }
}

/// The part of the policy's image that a marker asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// `name:tag[@digest]`: a key of two parts.
    Reference,
    /// `:tag`
    Tag,
    /// `:name`
    Name,
    /// `:digest`
    Digest,
}

/// The Kubernetes object a value belongs to; every field is empty where the file does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// `apps/v1`
    pub api_version: String,
    /// `Deployment`
    pub kind: String,
    /// `metadata.namespace`
    pub namespace: String,
    /// `metadata.name`
    pub name: String,
}

/// A well-formed marker on a scalar value, whether or not its policy is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// The setter key, with JSON escapes and percent signs decoded: `NS:NAME` or `NS:NAME:tag`.
    pub setter: String,
    /// The policy the key names.
    pub policy: PolicyName,
    /// What it asks for.
    pub part: Part,
    /// 1-based line on which the marked value begins.
    pub line: usize,
    /// The value as it stands in the file, decoded.
    pub value: String,
    /// The object the value belongs to.
    pub object: ObjectId,
    /// Path of the value in the object: `.spec.template.spec.containers[0].image`.
    pub field: String,
}
