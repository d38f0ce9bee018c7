use api::image::v1::{DigestReflectionPolicy, ImageRef};
use image_ref::ImageName;
use registry_client::{Access, Client};

use crate::{Decision, FetchDigestError};

/// Where the digest of a choice comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DigestSource {
    /// The policy wants none.
    Without,
    /// It is known already.
    Known(String),
    /// The registry is to be asked.
    Registry,
}

/// Where the digest of a decision comes from, given what the policy chose before.
///
/// `Never` has none, `Always` asks at every evaluation, `IfNotPresent` when name or tag changed or no digest is known. Of
/// a tag that is in the list no more and kept all the same, only the digest remains that was known: most likely nobody
/// else knows it. A tag that is kept although the policy no longer accepts it is asked for as any other one.
pub fn digest_source(
    policy: DigestReflectionPolicy,
    decision: &Decision,
    previous: Option<&ImageRef>,
) -> DigestSource {
    let selected = &decision.latest;
    let known = previous
        .filter(|previous| previous.tag == selected.tag)
        .filter(|previous| previous.name == selected.name || decision.is_unlisted)
        .and_then(|previous| previous.digest.clone());
    let ask_always = match policy {
        DigestReflectionPolicy::Never => return DigestSource::Without,
        DigestReflectionPolicy::IfNotPresent => false,
        DigestReflectionPolicy::Always => true,
    };
    match known {
        None if decision.is_unlisted => DigestSource::Without,
        Some(known) if decision.is_unlisted || !ask_always => DigestSource::Known(known),
        None | Some(_) => DigestSource::Registry,
    }
}

/// Asks the registry for the digest of the selected tag of `image`; of an image for several architectures it is that of
/// the index.
pub async fn fetch_digest(
    (client, access): (&Client, &Access),
    image: &ImageName,
    tag: &str,
) -> Result<String, FetchDigestError> {
    let digest = client
        .resolve_digest(image, tag, access)
        .await
        .map_err(|source| FetchDigestError {
            image: image.as_written().to_owned(),
            tag: tag.to_owned(),
            source,
        })?;
    Ok(digest.to_string())
}
