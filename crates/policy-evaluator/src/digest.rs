use api::image::v1::{DigestReflectionPolicy, ImageRef};
use image_ref::ImageName;
use registry_client::{Access, Client};

use crate::EvaluateError;

/// Whether the digest of `selected` must be asked for, given what the policy chose before.
///
/// `Never` asks never, `Always` at every evaluation, `IfNotPresent` when name or tag changed or no digest is known.
pub fn needs_digest(
    policy: DigestReflectionPolicy,
    selected: &ImageRef,
    previous: Option<&ImageRef>,
) -> bool {
    match policy {
        DigestReflectionPolicy::Never => false,
        DigestReflectionPolicy::Always => true,
        DigestReflectionPolicy::IfNotPresent => !previous.is_some_and(|previous| {
            previous.name == selected.name
                && previous.tag == selected.tag
                && previous.digest.is_some()
        }),
    }
}

/// Fills in the digest of `selected` as the policy asks: from the registry, from what was known before, or none.
pub async fn reflect_digest(
    (client, access): (&Client, &Access),
    policy: DigestReflectionPolicy,
    image: &ImageName,
    selected: ImageRef,
    previous: Option<&ImageRef>,
) -> Result<ImageRef, EvaluateError> {
    if policy == DigestReflectionPolicy::Never {
        return Ok(ImageRef {
            digest: None,
            ..selected
        });
    }
    if !needs_digest(policy, &selected, previous) {
        let digest = previous.and_then(|previous| previous.digest.clone());
        return Ok(ImageRef { digest, ..selected });
    }
    let digest = client
        .resolve_digest(image, &selected.tag, access)
        .await
        .map_err(|source| EvaluateError::FetchDigest {
            image: selected.name.clone(),
            tag: selected.tag.clone(),
            source: Box::new(source),
        })?;
    Ok(ImageRef {
        digest: Some(digest.to_string()),
        ..selected
    })
}
