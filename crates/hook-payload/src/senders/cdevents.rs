//! CDEvents: <https://cdevents.dev/docs/spec/>, of any version 0.x.

mod vocabulary;

use chrono::{DateTime, FixedOffset};
use serde::Deserialize;

use crate::json::{self, Object};
use crate::rejection::shown;
use crate::{JsonError, Pushed};

/// Why a body is not a CDEvent.
#[derive(Debug, thiserror::Error)]
pub enum CdEventError {
    /// It is no JSON, or a field is of another type.
    #[error("the event cannot be read")]
    Read(#[source] JsonError),
    /// A field that every event has is missing or empty.
    #[error("the event has no {field}")]
    Missing {
        /// The field.
        field: &'static str,
    },
    /// There is no such event, or it is of a major version that we do not know.
    #[error("the event's type '{found}' is not one of CDEvents 0.4 and none of a custom event")]
    UnknownType {
        /// The type, at most 100 characters of it.
        found: String,
    },
}

/// What every event has. What is in `content` differs from type to type, and is not looked into.
#[derive(Deserialize, Default)]
struct Event {
    #[serde(default)]
    context: Object<Context>,
    #[serde(default)]
    subject: Object<Subject>,
}

#[derive(Deserialize, Default)]
struct Context {
    version: Option<String>,
    id: Option<String>,
    source: Option<String>,
    r#type: Option<String>,
    timestamp: Option<DateTime<FixedOffset>>,
}

#[derive(Deserialize, Default)]
struct Subject {
    id: Option<String>,
    content: Option<Object<Content>>,
}

/// An object, of which nothing is kept: there is no bound on what may be in it.
#[derive(Deserialize, Default)]
struct Content {}

/// The image that an event about an artifact names: its subject is then a package URL of an OCI image.
pub(crate) fn pushed(body: &[u8]) -> Result<Option<Pushed>, CdEventError> {
    let Object(event) = json::whole(body).map_err(CdEventError::Read)?;
    let (kind, subject) = envelope(&event)?;
    let about_artifact = kind.starts_with("dev.cdevents.artifact.");
    Ok(Some(subject).filter(|_| about_artifact).and_then(image))
}

/// The type and the subject of an event that has all that every event has.
fn envelope(event: &Event) -> Result<(&str, &str), CdEventError> {
    let Event {
        context: Object(context),
        subject: Object(subject),
    } = event;
    present(context.version.as_deref(), "context.version")?;
    present(context.id.as_deref(), "context.id")?;
    present(context.source.as_deref(), "context.source")?;
    present(
        context.timestamp.as_ref().map(|_| "some time"),
        "context.timestamp",
    )?;
    let kind = present(context.r#type.as_deref(), "context.type")?;
    if !vocabulary::is_known(kind) {
        return Err(CdEventError::UnknownType { found: shown(kind) });
    }
    let id = present(subject.id.as_deref(), "subject.id")?;
    present(
        subject.content.as_ref().map(|_| "something"),
        "subject.content",
    )?;
    Ok((kind, id))
}

fn present<'a>(value: Option<&'a str>, field: &'static str) -> Result<&'a str, CdEventError> {
    let value = value.filter(|value| !value.is_empty());
    value.ok_or(CdEventError::Missing { field })
}

/// The image of a package URL such as `pkg:oci/app@sha256%3A6c3c…?repository_url=ghcr.io/org/app&tag=v1`.
fn image(url: &str) -> Option<Pushed> {
    let (package, qualifiers) = url.strip_prefix("pkg:oci/")?.split_once('?')?;
    let digest = package
        .split_once('@')
        .map(|(_, version)| version.replace("%3A", ":"));
    let qualifiers = qualifiers.split('#').next().unwrap_or_default();
    let value = |name| {
        let mut all = form_urlencoded::parse(qualifiers.as_bytes());
        all.find(|(key, _)| key == name).map(|(_, value)| value)
    };
    let (registry, repository) = value("repository_url")?.split_once('/').map(owned)?;
    let image = Pushed::at(&registry, &repository)?;
    Some(
        image
            .with_tag(value("tag").as_deref())
            .with_digest(digest.as_deref()),
    )
}

fn owned((registry, repository): (&str, &str)) -> (String, String) {
    (registry.to_owned(), repository.to_owned())
}
