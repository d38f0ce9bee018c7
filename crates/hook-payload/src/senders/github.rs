//! GitHub: <https://docs.github.com/webhooks/webhook-events-and-payloads#package> and `registry_package`.

use serde::Deserialize;

use crate::json;
use crate::rejection::shown;
use crate::{Delivery, Pushed, Rejection};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// Checks that the body is of one of the two types that GitHub lets one choose from.
pub(crate) fn media_type(delivery: &Delivery<'_>) -> Result<(), Rejection> {
    let found = delivery.media_type();
    if [JSON, FORM]
        .iter()
        .any(|one| found.eq_ignore_ascii_case(one))
    {
        return Ok(());
    }
    Err(Rejection::MediaType {
        found: shown(found),
    })
}

/// What both events about packages say.
#[derive(Deserialize)]
struct Notification {
    #[serde(alias = "registry_package")]
    package: Package,
}

#[derive(Deserialize)]
struct Package {
    package_type: String,
    package_version: Version,
}

#[derive(Deserialize)]
struct Version {
    /// The image with its tag, such as `ghcr.io/octocat/app:v1`.
    package_url: String,
    container_metadata: Option<Container>,
}

#[derive(Deserialize)]
struct Container {
    tag: Option<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    name: Option<String>,
    digest: Option<String>,
}

/// The image that an event about a package of GitHub's container registry names.
pub(crate) fn pushed(delivery: &Delivery<'_>) -> Option<Pushed> {
    if !matches!(
        delivery.text("X-GitHub-Event"),
        "package" | "registry_package"
    ) {
        return None;
    }
    let package = notification(delivery)?.package;
    if !package.package_type.eq_ignore_ascii_case("container") {
        return None;
    }
    let image = Pushed::parse(&package.package_version.package_url)?;
    let tag = package
        .package_version
        .container_metadata
        .and_then(|container| container.tag);
    Some(match tag {
        Some(tag) => image
            .with_tag(tag.name.as_deref())
            .with_digest(tag.digest.as_deref()),
        None => image,
    })
}

fn notification(delivery: &Delivery<'_>) -> Option<Notification> {
    if delivery.media_type().eq_ignore_ascii_case(JSON) {
        return json::first(delivery.body).ok();
    }
    let mut form = form_urlencoded::parse(delivery.body);
    let (_, payload) = form.find(|(name, _)| name == "payload")?;
    json::first(payload.as_bytes()).ok()
}
