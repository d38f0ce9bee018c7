//! The digest that a tag stands for now.

use std::fmt::Write as _;

use image_ref::{Digest, is_valid_tag};
use reqwest::{Method, StatusCode};
use sha2::{Digest as _, Sha256};

use crate::error::{Bound, Problem};
use crate::excerpt::excerpt;
use crate::exchange::Answer;
use crate::options::Limits;
use crate::session::{Session, Target};

const DIGEST_HEADER: &str = "docker-content-digest";

/// Every type of manifest there is: the digest of a multi-platform image is that of its index.
const MANIFEST_TYPES: &str = "application/vnd.docker.distribution.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v1+prettyjws, \
    application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.oci.image.index.v1+json";

/// Asks for the head of the manifest, which does not count as a pull, and for the whole of it where the
/// head is refused or names no digest.
pub(crate) async fn resolve(
    session: &Session,
    tag: &str,
    limits: &Limits,
) -> Result<Digest, Problem> {
    if !is_valid_tag(tag) {
        return Err(Problem::Address {
            text: excerpt::<&str>(tag, &[]),
            detail: "it is no tag".to_owned(),
        });
    }
    let limit = (Bound::ManifestBytes, limits.manifest_bytes);
    let target = Target::Manifest {
        tag,
        accept: MANIFEST_TYPES,
    };
    let head = session.request(Method::HEAD, &target, limit).await?;
    match head.status {
        StatusCode::OK => {
            if let Some(digest) = named(&head)? {
                return Ok(digest);
            }
        }
        // Some proxies answer so to every HEAD.
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {}
        _ => return Err(session.refusal(&head)),
    }
    let whole = session.request(Method::GET, &target, limit).await?;
    if whole.status != StatusCode::OK {
        return Err(session.refusal(&whole));
    }
    let digest = computed(&whole)?;
    match named(&whole)? {
        Some(named) if named.algorithm() == digest.algorithm() && named != digest => {
            Err(Problem::DigestMismatch {
                request: whole.call.describe(),
                named: named.to_string(),
                found: digest.to_string(),
            })
        }
        Some(named) => Ok(named),
        None => Ok(digest),
    }
}

/// The digest of the header, if there is one.
fn named(answer: &Answer) -> Result<Option<Digest>, Problem> {
    let Some(header) = answer.header(DIGEST_HEADER) else {
        return Ok(None);
    };
    match Digest::parse(header) {
        Ok(digest) => Ok(Some(digest)),
        Err(_) => Err(Problem::Unexpected {
            request: answer.call.describe(),
            expected: "a digest in Docker-Content-Digest",
            found: format!("{:?}", answer.excerpt(header)),
        }),
    }
}

/// The digest of the bytes, when they are a manifest: every manifest is a JSON object with a version.
fn computed(answer: &Answer) -> Result<Digest, Problem> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Manifest {
        #[expect(dead_code, reason = "its presence is what counts")]
        schema_version: u32,
    }
    let no_manifest = || Problem::Unexpected {
        request: answer.call.describe(),
        expected: "a manifest as JSON",
        found: answer.found(),
    };
    let manifest = serde_json::from_slice::<Manifest>(&answer.body);
    manifest.map_err(|_| no_manifest())?;
    let mut text = String::from("sha256:");
    for byte in Sha256::digest(&answer.body) {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    Digest::parse(&text).map_err(|_| no_manifest())
}
