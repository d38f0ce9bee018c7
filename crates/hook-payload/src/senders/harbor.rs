//! Harbor: <https://goharbor.io/docs/latest/working-with-projects/project-configuration/configure-webhooks/>.

use serde::Deserialize;

use crate::Pushed;
use crate::json;

/// A hook in Harbor's own format, or as a CloudEvent, which has the same under another name.
#[derive(Deserialize)]
struct Notification {
    #[serde(alias = "data")]
    event_data: EventData,
}

#[derive(Deserialize)]
struct EventData {
    resources: Vec<Artifact>,
}

#[derive(Deserialize)]
struct Artifact {
    #[serde(rename = "resource_url")]
    reference: String,
    tag: Option<String>,
    digest: Option<String>,
}

/// The image that a hook about an artifact names. All the artifacts of one hook are of one repository.
pub(crate) fn pushed(body: &[u8]) -> Option<Pushed> {
    let resources = json::first::<Notification>(body).ok()?.event_data.resources;
    let first = resources.first()?;
    let image = Pushed::parse(&first.reference)?.with_digest(first.digest.as_deref());
    let with_tag = |image: Pushed, resource: &Artifact| image.with_tag(tag(resource));
    Some(resources.iter().fold(image, with_tag))
}

/// The tag of an artifact; one without a tag has its digest in this place.
fn tag(resource: &Artifact) -> Option<&str> {
    resource.tag.as_deref().filter(|tag| !tag.contains(':'))
}
