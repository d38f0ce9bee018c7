//! Objects as they stand in files: any served version in, v1 out.

use k8s_openapi::api::core::v1::{Namespace, Secret, ServiceAccount};
use kube::Resource as _;
use kube::core::ObjectMeta;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::convert::{self, ConvertError, Kind, Members};
use crate::image::{v1, v1alpha1, v1alpha2, v1beta1, v1beta2};
use crate::source::{self, GitRepository};
use crate::{image, notification};

/// An object that image automation reads, in its stored version, with the schema's defaults.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each variant is called by its kind")]
pub enum Object {
    ImageRepository(Box<v1::ImageRepository>),
    ImagePolicy(Box<v1::ImagePolicy>),
    ImageUpdateAutomation(Box<v1::ImageUpdateAutomation>),
    GitRepository(Box<GitRepository>),
    Receiver(Box<notification::v1::Receiver>),
    Secret(Box<Secret>),
    ServiceAccount(Box<ServiceAccount>),
    Namespace(Box<Namespace>),
}

/// Why an object cannot be read. Names the object as `Kind namespace/name`.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// The version is not served, or the object cannot be converted.
    #[error("{object}: {source}")]
    Convert {
        /// The object.
        object: String,
        /// Why it cannot be converted.
        #[source]
        source: ConvertError,
    },
    /// The GitRepository is of a version that is not known.
    #[error("{object}: unknown version {version}: expected v1, v1beta2 or v1beta1")]
    Version {
        /// The object.
        object: String,
        /// Its version.
        version: String,
    },
    /// A field is missing or has a wrong value.
    #[error("{object}: {path}: {problem}")]
    Field {
        /// The object.
        object: String,
        /// Path of the field in the version that the object is written in.
        path: String,
        /// What is wrong with it; holds no value of a Secret.
        problem: String,
    },
}

impl Object {
    /// Reads an object of one of the kinds above; `None` for everything else, documents that are no
    /// objects and Secrets that SOPS has encrypted included.
    ///
    /// Nulls count as absent. `stringData` of a Secret is folded into `data`.
    pub fn from_value(value: Value) -> Result<Option<Self>, ObjectError> {
        let Value::Object(mut members) = value else {
            return Ok(None);
        };
        let (Some(api_version), Some(kind)) =
            (text(&members, "apiVersion"), text(&members, "kind"))
        else {
            return Ok(None);
        };
        convert::drop_nulls(&mut members);
        let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
        match (group, kind.as_str()) {
            (image::GROUP | notification::GROUP, _) => match Kind::find(group, &kind) {
                Some(kind) => flux(kind, version, members).map(Some),
                None => Ok(None),
            },
            (source::GROUP, "GitRepository") => git_repository(version, members).map(Some),
            ("", "Secret") => secret(members),
            ("", "ServiceAccount") => Ok(Some(Self::ServiceAccount(read(members)?))),
            ("", "Namespace") => Ok(Some(Self::Namespace(read(members)?))),
            _ => Ok(None),
        }
    }

    /// The kind, as in `kind`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ImageRepository(_) => "ImageRepository",
            Self::ImagePolicy(_) => "ImagePolicy",
            Self::ImageUpdateAutomation(_) => "ImageUpdateAutomation",
            Self::GitRepository(_) => "GitRepository",
            Self::Receiver(_) => "Receiver",
            Self::Secret(_) => "Secret",
            Self::ServiceAccount(_) => "ServiceAccount",
            Self::Namespace(_) => "Namespace",
        }
    }

    /// Name, namespace, labels and annotations.
    pub fn metadata(&self) -> &ObjectMeta {
        match self {
            Self::ImageRepository(object) => object.meta(),
            Self::ImagePolicy(object) => object.meta(),
            Self::ImageUpdateAutomation(object) => object.meta(),
            Self::GitRepository(object) => object.meta(),
            Self::Receiver(object) => object.meta(),
            Self::Secret(object) => object.meta(),
            Self::ServiceAccount(object) => object.meta(),
            Self::Namespace(object) => object.meta(),
        }
    }

    /// The same, to fill in a namespace that the file leaves out.
    pub fn metadata_mut(&mut self) -> &mut ObjectMeta {
        match self {
            Self::ImageRepository(object) => object.meta_mut(),
            Self::ImagePolicy(object) => object.meta_mut(),
            Self::ImageUpdateAutomation(object) => object.meta_mut(),
            Self::GitRepository(object) => object.meta_mut(),
            Self::Receiver(object) => object.meta_mut(),
            Self::Secret(object) => object.meta_mut(),
            Self::ServiceAccount(object) => object.meta_mut(),
            Self::Namespace(object) => object.meta_mut(),
        }
    }
}

/// Reads the object in its own version first, so that an error speaks of what is written there.
fn flux(kind: Kind, version: &str, members: Members) -> Result<Object, ObjectError> {
    check(kind, version, &members)?;
    let object = described(&members);
    let members =
        convert::stored(members).map_err(|source| ObjectError::Convert { object, source })?;
    Ok(match kind {
        Kind::ImageRepository => Object::ImageRepository(read(members)?),
        Kind::ImagePolicy => Object::ImagePolicy(read(members)?),
        Kind::ImageUpdateAutomation => Object::ImageUpdateAutomation(read(members)?),
        Kind::Receiver => Object::Receiver(read(members)?),
    })
}

fn check(kind: Kind, version: &str, members: &Members) -> Result<(), ObjectError> {
    fn reads<T: DeserializeOwned>(members: &Members) -> Result<(), ObjectError> {
        read::<T>(members.clone()).map(drop)
    }
    match (kind, version) {
        (Kind::ImageRepository, "v1beta2") => reads::<v1beta2::ImageRepository>(members),
        (Kind::ImageRepository, "v1beta1") => reads::<v1beta1::ImageRepository>(members),
        (Kind::ImageRepository, "v1alpha2") => reads::<v1alpha2::ImageRepository>(members),
        (Kind::ImageRepository, "v1alpha1") => reads::<v1alpha1::ImageRepository>(members),
        (Kind::ImagePolicy, "v1beta2") => reads::<v1beta2::ImagePolicy>(members),
        (Kind::ImagePolicy, "v1beta1") => reads::<v1beta1::ImagePolicy>(members),
        (Kind::ImagePolicy, "v1alpha2") => reads::<v1alpha2::ImagePolicy>(members),
        (Kind::ImagePolicy, "v1alpha1") => reads::<v1alpha1::ImagePolicy>(members),
        (Kind::ImageUpdateAutomation, "v1beta2") => {
            reads::<v1beta2::ImageUpdateAutomation>(members)
        }
        (Kind::ImageUpdateAutomation, "v1beta1") => {
            reads::<v1beta1::ImageUpdateAutomation>(members)
        }
        (Kind::ImageUpdateAutomation, "v1alpha2") => {
            reads::<v1alpha2::ImageUpdateAutomation>(members)
        }
        (Kind::ImageUpdateAutomation, "v1alpha1") => {
            reads::<v1alpha1::ImageUpdateAutomation>(members)
        }
        (Kind::Receiver, "v1beta2") => reads::<notification::v1beta2::Receiver>(members),
        (Kind::Receiver, "v1beta1") => reads::<notification::v1beta1::Receiver>(members),
        // The stored version is read anyway; a version that is not served fails to convert.
        _ => Ok(()),
    }
}

fn git_repository(version: &str, mut members: Members) -> Result<Object, ObjectError> {
    if !["v1", "v1beta2", "v1beta1"].contains(&version) {
        let (object, version) = (described(&members), version.to_owned());
        return Err(ObjectError::Version { object, version });
    }
    members.insert(
        "apiVersion".to_owned(),
        format!("{}/v1", source::GROUP).into(),
    );
    Ok(Object::GitRepository(read(members)?))
}

fn secret(members: Members) -> Result<Option<Object>, ObjectError> {
    if members.contains_key("sops") {
        return Ok(None);
    }
    let object = described(&members);
    let mut secret: Box<Secret> = read(members).map_err(|error| match error {
        ObjectError::Field { path, .. } => {
            let problem = "expected texts under data (base64) and stringData".to_owned();
            ObjectError::Field {
                object,
                path,
                problem,
            }
        }
        other => other,
    })?;
    if let Some(texts) = secret.string_data.take() {
        let data = secret.data.get_or_insert_default();
        let bytes = |text: String| k8s_openapi::ByteString(text.into_bytes());
        data.extend(texts.into_iter().map(|(key, text)| (key, bytes(text))));
    }
    Ok(Some(Object::Secret(secret)))
}

fn read<T: DeserializeOwned>(members: Members) -> Result<Box<T>, ObjectError> {
    let object = described(&members);
    serde_path_to_error::deserialize(Value::Object(members))
        .map(Box::new)
        .map_err(|error| ObjectError::Field {
            object,
            path: error.path().to_string(),
            problem: error.into_inner().to_string(),
        })
}

fn text(members: &Members, name: &str) -> Option<String> {
    members
        .get(name)
        .and_then(Value::as_str)
        .map(ToOwned::to_owned)
}

/// The object as messages name it.
fn described(members: &Members) -> String {
    let part = |name| {
        members
            .get("metadata")
            .and_then(|metadata| metadata.get(name)?.as_str())
    };
    let kind = members
        .get("kind")
        .and_then(Value::as_str)
        .unwrap_or("object");
    match (part("namespace"), part("name")) {
        (Some(namespace), Some(name)) => format!("{kind} {namespace}/{name}"),
        (None, Some(name)) => format!("{kind} {name}"),
        (_, None) => format!("{kind} without a name"),
    }
}

#[cfg(test)]
mod tests;
