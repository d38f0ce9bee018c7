//! Azure Container Registry: <https://learn.microsoft.com/azure/container-registry/container-registry-webhook-reference>.

use serde::Deserialize;

use crate::json::{self, Object};
use crate::{JsonError, Pushed};

/// What has to be right.
#[derive(Deserialize, Default)]
struct Checked {
    #[serde(rename = "action")]
    _action: Option<String>,
    #[serde(default)]
    target: Object<Target>,
}

#[derive(Deserialize, Default)]
struct Target {
    repository: Option<String>,
    tag: Option<String>,
}

/// What is read besides.
#[derive(Deserialize)]
struct Named {
    target: Digest,
    request: Request,
}

#[derive(Deserialize)]
struct Digest {
    digest: Option<String>,
}

#[derive(Deserialize)]
struct Request {
    host: String,
}

/// The image that was pushed: the host is the one that the push was made to.
pub(crate) fn pushed(body: &[u8]) -> Result<Option<Pushed>, JsonError> {
    let Object(Checked {
        target: Object(target),
        ..
    }) = json::first(body)?;
    let named = json::first::<Named>(body).ok();
    Ok(named.and_then(|named| {
        let pushed = Pushed::at(&named.request.host, target.repository.as_deref()?)?;
        let pushed = pushed.with_tag(target.tag.as_deref());
        Some(pushed.with_digest(named.target.digest.as_deref()))
    }))
}
