//! One ImageRepository, as far as policies depend on it.

use std::sync::Arc;

use api::Duration;
use api::image::v1::{ImageRepository, ImageRepositorySpec, ScanResult};
use image_ref::{ImageName, ImageNameError};
use kube::ResourceExt as _;
use kube::core::ObjectMeta;

/// What is kept of an ImageRepository.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    /// Without the status, and without the metadata and those fields of the spec that only its own controller reads.
    pub(crate) object: Arc<ImageRepository>,
    /// `spec.image`.
    pub(crate) image: Result<Arc<ImageName>, ImageNameError>,
    /// The list that its status speaks of; none before the first scan, and as long as that list is one of another image.
    pub(crate) list: Option<ListId>,
}

/// A list of tags: of which repository and image, and with which content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListId {
    /// Uid of the repository.
    pub(crate) uid: Arc<str>,
    /// Canonical name of the image.
    pub(crate) image: Arc<str>,
    /// Count and revision; nothing else.
    pub(crate) result: Arc<ScanResult>,
}

impl Repository {
    pub(crate) fn read(object: &ImageRepository) -> Self {
        let image = ImageName::parse(&object.spec.image).map(Arc::new);
        Self {
            list: image.as_ref().ok().and_then(|image| list(object, image)),
            object: Arc::new(lean(object)),
            image,
        }
    }

    /// Whether a policy need not care which of the two it is.
    pub(crate) fn means_the_same(&self, other: &Self) -> bool {
        let without_time = |repository: &Self| ImageRepositorySpec {
            timeout: None,
            ..repository.object.spec.clone()
        };
        self.object.metadata.uid == other.object.metadata.uid
            && without_time(self) == without_time(other)
    }
}

fn list(object: &ImageRepository, image: &ImageName) -> Option<ListId> {
    let status = object.status.as_ref()?;
    let canonical = image.canonical();
    if status.canonical_image_name.as_ref() != Some(&canonical) {
        return None;
    }
    let result = status.last_scan_result.as_ref()?;
    Some(ListId {
        uid: object.uid()?.into(),
        image: canonical.into(),
        result: Arc::new(ScanResult {
            revision: result.revision.clone(),
            tag_count: result.tag_count,
            ..ScanResult::default()
        }),
    })
}

fn lean(object: &ImageRepository) -> ImageRepository {
    let (meta, spec) = (&object.metadata, &object.spec);
    ImageRepository {
        metadata: ObjectMeta {
            name: meta.name.clone(),
            namespace: meta.namespace.clone(),
            uid: meta.uid.clone(),
            creation_timestamp: meta.creation_timestamp.clone(),
            ..ObjectMeta::default()
        },
        spec: ImageRepositorySpec {
            interval: Duration::ZERO,
            timeout: Some(spec.timeout()),
            exclusion_list: Vec::new(),
            suspend: false,
            ..spec.clone()
        },
        status: None,
    }
}
