//! The settings that hold something back: minimum age, downgrade policy, approval.
//!
//! Each is a field and an annotation. A cluster whose schema lacks the field drops it without a
//! word, and must not become less safe by that; so either counts, and where both are set they have
//! to agree.

use std::fmt;

use kube::ResourceExt as _;
use serde::de::DeserializeOwned;

use crate::image::v1::{Approval, DowngradePolicy, ImagePolicy, ImageUpdateAutomation};
use crate::{Duration, annotations};

/// Why a safeguard has no value. The object is Stalled until it is changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SafeguardError {
    /// Field and annotation have different values.
    #[error(
        "{field} is '{in_field}' but annotation {annotation} is '{in_annotation}': remove one of them or make them equal"
    )]
    Disagreement {
        /// Path of the field.
        field: &'static str,
        /// Value of the field.
        in_field: String,
        /// Name of the annotation.
        annotation: &'static str,
        /// Value of the annotation.
        in_annotation: String,
    },
    /// The value is none that the setting can have.
    #[error("{place} is '{value}': expected {expected}")]
    Malformed {
        /// Where it stands.
        place: Place,
        /// The value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
}

/// Where a safeguard is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the field of this path.
    Field(&'static str),
    /// In the annotation of this name.
    Annotation(&'static str),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(path) => f.write_str(path),
            Self::Annotation(name) => write!(f, "annotation {name}"),
        }
    }
}

/// One setting in its two places.
struct Safeguard<T> {
    field: &'static str,
    in_field: Option<T>,
    annotation: &'static str,
    expected: &'static str,
}

/// How long a tag must have been seen before the policy selects it; zero where nothing says.
pub fn minimum_age(policy: &ImagePolicy) -> Result<Duration, SafeguardError> {
    let safeguard = Safeguard {
        field: "spec.minimumAge",
        in_field: policy.spec.minimum_age,
        annotation: annotations::MINIMUM_AGE,
        expected: "a duration such as '72h'",
    };
    let place = safeguard.place();
    let age: Option<Duration> = safeguard.value(policy)?;
    if let Some(age) = age.filter(|age| *age < Duration::ZERO) {
        return Err(SafeguardError::Malformed {
            place,
            value: age.to_string(),
            expected: "a duration that is not negative",
        });
    }
    Ok(age.unwrap_or_default())
}

/// Whether the policy may replace its selection by a lower tag; it may where nothing says.
pub fn downgrade_policy(policy: &ImagePolicy) -> Result<DowngradePolicy, SafeguardError> {
    let safeguard = Safeguard {
        field: "spec.downgradePolicy",
        in_field: policy.spec.downgrade_policy,
        annotation: annotations::DOWNGRADE_POLICY,
        expected: "'Allow' or 'Refuse'",
    };
    Ok(safeguard.value(policy)?.unwrap_or_default())
}

/// Whether the automation's plans wait for approval; they do not where nothing says.
pub fn approval(automation: &ImageUpdateAutomation) -> Result<Approval, SafeguardError> {
    let safeguard = Safeguard {
        field: "spec.approval",
        in_field: automation.spec.approval,
        annotation: annotations::APPROVAL,
        expected: "'Required' or 'NotRequired'",
    };
    Ok(safeguard.value(automation)?.unwrap_or_default())
}

impl<T: Copy + PartialEq + DeserializeOwned + serde::Serialize> Safeguard<T> {
    /// Where the value comes from; from the field where it is in both places.
    fn place(&self) -> Place {
        match self.in_field {
            Some(_) => Place::Field(self.field),
            None => Place::Annotation(self.annotation),
        }
    }

    fn value(self, object: &impl kube::Resource) -> Result<Option<T>, SafeguardError> {
        let Some(text) = object.annotations().get(self.annotation) else {
            return Ok(self.in_field);
        };
        let value = text.as_str().into();
        let noted: T = serde_json::from_value(value).map_err(|_| SafeguardError::Malformed {
            place: Place::Annotation(self.annotation),
            value: text.clone(),
            expected: self.expected,
        })?;
        match self.in_field {
            Some(set) if set != noted => Err(SafeguardError::Disagreement {
                field: self.field,
                in_field: written(&set),
                annotation: self.annotation,
                in_annotation: text.clone(),
            }),
            _ => Ok(Some(noted)),
        }
    }
}

/// The value as a manifest has it.
fn written<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests;
