//! Nexus Repository 3: <https://help.sonatype.com/en/example-headers-and-payloads.html>.

use serde::Deserialize;

use crate::json::{self, Object};
use crate::{JsonError, Pushed};

/// What has to be right.
#[derive(Deserialize, Default)]
struct Checked {
    #[serde(rename = "action")]
    _action: Option<String>,
    #[serde(rename = "repositoryName")]
    _repository: Option<String>,
}

/// What is read besides, of the hooks about components.
#[derive(Deserialize)]
struct Named {
    component: Component,
}

#[derive(Deserialize)]
struct Component {
    format: String,
    name: String,
    version: Option<String>,
}

/// The image that a hook about a component of a Docker repository names. Nexus says neither its host nor its port.
pub(crate) fn pushed(body: &[u8]) -> Result<Option<Pushed>, JsonError> {
    let Object(Checked { .. }) = json::whole(body)?;
    let named = json::whole::<Named>(body).ok();
    let image = named
        .map(|named| named.component)
        .filter(|component| component.format == "docker" && !component.name.is_empty());
    Ok(image.map(|component| {
        let pushed = Pushed {
            repository: component.name,
            ..Pushed::default()
        };
        pushed.with_tag(component.version.as_deref())
    }))
}
