use std::fmt;

use api::image::v1::ImageRepositorySpec;
use image_ref::{ImageName, Tags};
use registry_client::{Access, Client};
use tag_slices::revision;

use crate::{Exclusions, ScanError};

/// How many of the newest names `status.lastScanResult.latestTags` shows, as in Flux.
const LATEST_TAGS: usize = 10;

/// The complete tag list of one image repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// The image that was scanned.
    pub image: ImageName,
    /// Its tags without the excluded ones.
    pub tags: Tags,
    /// How many tags the exclusion list dropped.
    pub excluded: usize,
    /// `sha256:` and the hex digest over the tags in descending byte order, each followed by a newline, as Flux's file
    /// store computes it. Equal lists have equal revisions.
    pub revision: String,
}

impl Scan {
    pub(crate) fn new(image: ImageName, listed: Tags, exclusions: &Exclusions) -> Self {
        let before = listed.len();
        let tags = listed.retain(|tag| !exclusions.excludes(tag));
        Self {
            image,
            excluded: before - tags.len(),
            revision: revision(&tags),
            tags,
        }
    }

    /// The ten byte-greatest tags, greatest first.
    pub fn latest_tags(&self) -> Vec<String> {
        self.tags
            .iter()
            .rev()
            .take(LATEST_TAGS)
            .map(str::to_owned)
            .collect()
    }

    /// The Ready message of a successful scan, as Flux writes it.
    pub fn message(&self) -> String {
        successful(self.tags.len(), &self.revision)
    }
}

/// Flux's words for a scan that succeeded.
pub(crate) fn successful(tags: impl fmt::Display, revision: &str) -> String {
    format!("successful scan: found {tags} tags with checksum {revision}")
}

/// Lists the tags of `spec.image` and drops the excluded ones.
///
/// One deadline, `access.timeout`, spans all requests. The list is complete or the scan fails.
pub async fn scan(
    client: &Client,
    spec: &ImageRepositorySpec,
    access: &Access,
) -> Result<Scan, ScanError> {
    let image = image_name(spec)?;
    let exclusions = Exclusions::new(&spec.effective_exclusion_list())?;
    let listed = client
        .list_tags(&image, access)
        .await
        .map_err(ScanError::ListTags)?;
    Ok(Scan::new(image, listed, &exclusions))
}

/// `spec.image` as the name of an image repository.
pub fn image_name(spec: &ImageRepositorySpec) -> Result<ImageName, ScanError> {
    ImageName::parse(&spec.image).map_err(ScanError::ParseImage)
}
