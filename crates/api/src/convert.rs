//! Conversion between the served versions of the Flux kinds, losing nothing.
//!
//! [`to_v1`] maps an object of any served version to the stored one. [`from_v1`] maps back; what
//! the older version cannot hold is kept in the annotation
//! [`annotations::CARRIED`](crate::annotations::CARRIED) and put back by the next [`to_v1`], unless
//! somebody has changed its surroundings in the meantime: then the change wins.

mod carry;
mod shape;

use kube::CustomResourceExt as _;
use serde_json::{Map, Value};

pub(crate) use self::carry::drop_nulls;
use crate::{image, notification};

pub(crate) type Members = Map<String, Value>;

/// The stored version of every kind that is converted.
const STORED: &str = "v1";

/// Why an object cannot be converted.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The value is not an object with `apiVersion` and `kind`.
    #[error("expected an object with apiVersion and kind")]
    NotAnObject,
    /// The kind has no conversion.
    #[error("{kind} of {api_version} is not converted")]
    UnknownKind {
        /// `apiVersion` as written.
        api_version: String,
        /// `kind` as written.
        kind: String,
    },
    /// The kind has no such version.
    #[error("{kind} has no version {version} in {group}: expected one of {served}")]
    UnknownVersion {
        /// The kind.
        kind: &'static str,
        /// Its group.
        group: &'static str,
        /// The version asked for.
        version: String,
        /// The versions there are.
        served: String,
    },
    /// The object is to be converted from v1 and is of another version.
    #[error("{kind}: expected version v1, found {version}")]
    NotStored {
        /// The kind.
        kind: &'static str,
        /// The version found.
        version: &'static str,
    },
    /// A member has another type than the version gives it.
    #[error("{path}: expected {expected}")]
    Shape {
        /// Path of the member.
        path: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A member of a newer version stands in an older object.
    #[error("{path}: not a field of {version}; write the whole object in v1 or remove the field")]
    NewerField {
        /// Path of the member.
        path: &'static str,
        /// Version of the object.
        version: &'static str,
    },
    /// The annotation with what was carried cannot be read.
    #[error("annotation {annotation} is damaged and has to be removed: {source}")]
    Carried {
        /// Name of the annotation.
        annotation: &'static str,
        /// Why it cannot be read.
        #[source]
        source: serde_json::Error,
    },
}

/// A kind that has several versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    ImageRepository,
    ImagePolicy,
    ImageUpdateAutomation,
    Receiver,
}

impl Kind {
    pub(crate) fn find(group: &str, kind: &str) -> Option<Self> {
        Some(match (group, kind) {
            (image::GROUP, "ImageRepository") => Self::ImageRepository,
            (image::GROUP, "ImagePolicy") => Self::ImagePolicy,
            (image::GROUP, "ImageUpdateAutomation") => Self::ImageUpdateAutomation,
            (notification::GROUP, "Receiver") => Self::Receiver,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::ImageRepository => "ImageRepository",
            Self::ImagePolicy => "ImagePolicy",
            Self::ImageUpdateAutomation => "ImageUpdateAutomation",
            Self::Receiver => "Receiver",
        }
    }

    fn group(self) -> &'static str {
        match self {
            Self::ImageRepository | Self::ImagePolicy | Self::ImageUpdateAutomation => image::GROUP,
            Self::Receiver => notification::GROUP,
        }
    }

    fn definition(self) -> &'static str {
        match self {
            Self::ImageRepository => image::v1::ImageRepository::crd_name(),
            Self::ImagePolicy => image::v1::ImagePolicy::crd_name(),
            Self::ImageUpdateAutomation => image::v1::ImageUpdateAutomation::crd_name(),
            Self::Receiver => notification::v1::Receiver::crd_name(),
        }
    }

    fn versions(self) -> &'static [&'static str] {
        match self {
            Self::ImageRepository | Self::ImagePolicy | Self::ImageUpdateAutomation => {
                &["v1", "v1beta2", "v1beta1", "v1alpha2", "v1alpha1"]
            }
            Self::Receiver => &["v1", "v1beta2", "v1beta1"],
        }
    }

    /// The version out of those that are served.
    fn version(self, version: &str) -> Result<&'static str, ConvertError> {
        let served = self.versions();
        served
            .iter()
            .find(|name| **name == version)
            .copied()
            .ok_or_else(|| ConvertError::UnknownVersion {
                kind: self.name(),
                group: self.group(),
                version: version.to_owned(),
                served: served.join(", "),
            })
    }
}

/// Every kind that is converted: the name of its CustomResourceDefinition, and its versions, the stored one first.
///
/// The same as [`crds()`](crate::crds()) says, without making their schemas.
pub fn definitions() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    let kinds = [
        Kind::ImagePolicy,
        Kind::ImageRepository,
        Kind::ImageUpdateAutomation,
        Kind::Receiver,
    ];
    kinds
        .into_iter()
        .map(|kind| (kind.definition(), kind.versions()))
}

/// Whether objects of this `apiVersion` and `kind` are converted, as far as group and kind tell.
///
/// ```
/// assert!(api::convert::is_convertible("image.toolkit.fluxcd.io/v1alpha1", "ImagePolicy"));
/// assert!(!api::convert::is_convertible("v1", "Secret"));
/// ```
pub fn is_convertible(api_version: &str, kind: &str) -> bool {
    api_version
        .split_once('/')
        .is_some_and(|(group, _)| Kind::find(group, kind).is_some())
}

/// The object in the stored version.
///
/// Members that neither version knows are kept. Schema defaults are not filled in.
///
/// ```
/// # fn main() -> Result<(), api::convert::ConvertError> {
/// let old = serde_json::json!({
///     "apiVersion": "image.toolkit.fluxcd.io/v1alpha1",
///     "kind": "ImageUpdateAutomation",
///     "spec": {
///         "checkout": { "branch": "main", "gitRepositoryRef": { "name": "flux-system" } },
///         "commit": { "authorName": "flux", "authorEmail": "flux@example.com" },
///         "interval": "1m0s",
///     },
/// });
/// let new = api::convert::to_v1(old)?;
/// assert_eq!(new["apiVersion"], "image.toolkit.fluxcd.io/v1");
/// assert_eq!(new["spec"]["git"]["checkout"]["ref"]["branch"], "main");
/// # Ok(())
/// # }
/// ```
pub fn to_v1(object: Value) -> Result<Value, ConvertError> {
    stored(members(object)?).map(Value::Object)
}

/// The object of the stored version in another one.
///
/// What `version` cannot hold goes into an annotation. Null members are dropped: they mean absent.
pub fn from_v1(object: Value, version: &str) -> Result<Value, ConvertError> {
    let mut whole = members(object)?;
    let (kind, found) = identified(&whole)?;
    if found != STORED {
        return Err(ConvertError::NotStored {
            kind: kind.name(),
            version: found,
        });
    }
    let version = kind.version(version)?;
    if version == STORED {
        return Ok(Value::Object(whole));
    }
    carry::drop_nulls(&mut whole);
    // Of a stored object nothing is carried: what stands there is somebody's mistake, and would be believed on the way back.
    carry::forget(&mut whole);
    let mut old = whole.clone();
    shape::down(kind, version, &mut old)?;
    carry::prune(kind.group(), kind.name(), version, &mut old);
    let mut back = old.clone();
    shape::up(kind, version, &mut back)?;
    carry::keep(&back, &whole, &mut old);
    set_version(kind, version, &mut old);
    Ok(Value::Object(old))
}

/// The object in any served version.
pub fn convert(object: Value, version: &str) -> Result<Value, ConvertError> {
    from_v1(to_v1(object)?, version)
}

/// The members of an object in the stored version.
pub(crate) fn stored(mut members: Members) -> Result<Members, ConvertError> {
    let (kind, version) = identified(&members)?;
    if version != STORED {
        shape::up(kind, version, &mut members)?;
        carry::restore(&mut members)?;
        set_version(kind, STORED, &mut members);
    }
    Ok(members)
}

fn members(object: Value) -> Result<Members, ConvertError> {
    match object {
        Value::Object(members) => Ok(members),
        _ => Err(ConvertError::NotAnObject),
    }
}

fn identified(members: &Members) -> Result<(Kind, &'static str), ConvertError> {
    let text = |name| members.get(name).and_then(Value::as_str);
    let (Some(api_version), Some(kind)) = (text("apiVersion"), text("kind")) else {
        return Err(ConvertError::NotAnObject);
    };
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let kind = Kind::find(group, kind).ok_or_else(|| ConvertError::UnknownKind {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
    })?;
    Ok((kind, kind.version(version)?))
}

fn set_version(kind: Kind, version: &str, members: &mut Members) {
    members.insert(
        "apiVersion".to_owned(),
        format!("{}/{version}", kind.group()).into(),
    );
}

#[cfg(test)]
mod tests;
