//! Docker Hub: <https://docs.docker.com/docker-hub/repos/manage/webhooks/>.

use serde::Deserialize;

use crate::json::{self, Object};
use crate::{JsonError, Pushed};

/// What has to be right.
#[derive(Deserialize, Default)]
struct Checked {
    #[serde(default)]
    push_data: Object<Push>,
    #[serde(default, rename = "repository")]
    _repository: Object<CheckedRepository>,
}

#[derive(Deserialize, Default)]
struct Push {
    tag: Option<String>,
}

#[derive(Deserialize, Default)]
struct CheckedRepository {
    #[serde(rename = "repo_url")]
    _url: Option<String>,
}

/// What is read besides.
#[derive(Deserialize)]
struct Named {
    repository: Repository,
}

#[derive(Deserialize)]
struct Repository {
    repo_name: String,
}

/// The image that was pushed: Docker Hub names it `namespace/name`.
pub(crate) fn pushed(body: &[u8]) -> Result<Option<Pushed>, JsonError> {
    let Object(Checked { push_data, .. }) = json::first(body)?;
    let named = json::first::<Named>(body).ok();
    let pushed = named.and_then(|named| Pushed::at("docker.io", &named.repository.repo_name));
    Ok(pushed.map(|pushed| pushed.with_tag(push_data.0.tag.as_deref())))
}
