//! Repositories, tags and manifests.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

/// The media type of every manifest here.
pub(super) const MANIFEST_TYPE: &str = "application/vnd.oci.image.index.v1+json";

/// What the registry holds.
#[derive(Debug, Default)]
pub(super) struct Store {
    repositories: BTreeMap<String, Arc<[String]>>,
    /// How often a tag was pushed: part of its manifest.
    pushes: HashMap<(String, String), usize>,
    /// Computed lists by length: they are the same for each repository.
    computed: HashMap<usize, Arc<[String]>>,
}

/// A manifest and its digest.
#[derive(Debug)]
pub(super) struct Manifest {
    pub(super) body: String,
    pub(super) digest: String,
}

impl Store {
    pub(super) fn set<I>(&mut self, repository: &str, tags: I)
    where
        I: IntoIterator<Item: Into<String>>,
    {
        let mut tags: Vec<String> = tags.into_iter().map(Into::into).collect();
        tags.sort_unstable();
        tags.dedup();
        self.repositories.insert(repository.to_owned(), tags.into());
    }

    pub(super) fn push(&mut self, repository: &str, tag: &str) -> String {
        let tags = self.tags(repository).unwrap_or_default();
        let pushed = std::iter::once(tag.to_owned());
        self.set(repository, tags.iter().cloned().chain(pushed));
        *self
            .pushes
            .entry((repository.to_owned(), tag.to_owned()))
            .or_default() += 1;
        self.manifest(repository, tag).digest
    }

    /// The sorted tags, or nothing for an unknown repository.
    pub(super) fn tags(&mut self, repository: &str) -> Option<Arc<[String]>> {
        if let Some(tags) = self.repositories.get(repository) {
            return Some(Arc::clone(tags));
        }
        let count: usize = repository.rsplit_once('-')?.1.parse().ok()?;
        let tags = self.computed.entry(count);
        Some(Arc::clone(tags.or_insert_with(|| compute(count).into())))
    }

    pub(super) fn manifest(&self, repository: &str, tag: &str) -> Manifest {
        let pushes = self.pushes.get(&(repository.to_owned(), tag.to_owned()));
        let body = serde_json::json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "manifests": [],
            "annotations": {"name": repository, "tag": tag, "pushes": pushes.unwrap_or(&0).to_string()},
        })
        .to_string();
        let digest = digest(body.as_bytes());
        Manifest { body, digest }
    }
}

/// `sha256:<hex>` of `bytes`.
pub(crate) fn digest(bytes: &[u8]) -> String {
    let mut text = String::from("sha256:");
    for byte in Sha256::digest(bytes) {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").expect("a String takes any text");
    }
    text
}

fn compute(count: usize) -> Vec<String> {
    let mut tags: Vec<String> = (0..count)
        .map(|i| format!("1.{}.{}", i / 100, i % 100))
        .collect();
    tags.sort_unstable();
    tags
}
