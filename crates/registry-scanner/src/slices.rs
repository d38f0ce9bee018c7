//! The ImageTagSlices of the cluster: what is known of them, and writing them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api::annotations::TRACEPARENT;
use api::image::v1::{ImageRepository, ScanResult};
use api::labels;
use api::repin::v1alpha1::ImageTagSlice;
use controller_runtime::{Claims, trace};
use futures_util::future;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::{DeleteParams, PostParams, Preconditions};
use kube::core::ObjectMeta;
use kube::runtime::watcher::Event;
use kube::{Api, Client, Resource as _};
use parking_lot::Mutex;
use tag_slices::{Change, Owner, Slice, SliceIndex, SliceSet, TagHistory};

use crate::error::WriteError;
use crate::metrics::{Metrics, Verb};

/// From this many tags on, work on them keeps other tasks waiting long enough to say so to tokio.
const MANY_TAGS: usize = 5_000;
/// How many slices are written at once.
const CONCURRENCY: usize = 16;
/// How long one write may take, repetitions of the client included.
const LONGEST_WRITE: Duration = Duration::from_secs(30);

/// The slices of all repositories. Clones share what is known.
#[derive(Clone)]
pub(crate) struct Slices {
    client: Client,
    field_manager: &'static str,
    index: Arc<Mutex<SliceIndex>>,
    metrics: Metrics,
}

impl Slices {
    pub(crate) fn new(client: Client, field_manager: &'static str, metrics: Metrics) -> Self {
        Self {
            client,
            field_manager,
            index: Arc::default(),
            metrics,
        }
    }

    /// Takes in what the watch says; the repositories whose slices somebody has changed since they were first listed.
    pub(crate) fn take_in(&self, event: &Event<ImageTagSlice>) -> Vec<Owner> {
        let mut index = self.index.lock();
        let was_listed = index.is_listed();
        let changed = match event {
            Event::Init => {
                index.begin();
                Vec::new()
            }
            Event::InitApply(slice) | Event::Apply(slice) => {
                index.apply(slice).into_iter().collect()
            }
            Event::Delete(slice) => index.delete(slice).into_iter().collect(),
            Event::InitDone => index.finish(),
        };
        if was_listed { changed } else { Vec::new() }
    }

    /// The list that a status speaks of, where the slices of the repository are that list.
    pub(crate) fn complete(&self, owner_uid: &str, result: &ScanResult) -> Option<TagHistory> {
        // The work is done on a copy: a hundred thousand tags would keep everybody else from the index for milliseconds.
        let slices = self.of(owner_uid).unwrap_or_default();
        without_delay(slices.tag_count(), || slices.complete(result))
    }

    /// All tags that the slices of a repository name; nothing where it has none.
    pub(crate) fn remembered(&self, owner_uid: &str) -> Option<TagHistory> {
        self.of(owner_uid)?.remembered().ok()
    }

    fn of(&self, owner_uid: &str) -> Option<SliceSet> {
        self.index.lock().set(owner_uid).cloned()
    }

    /// What to write so that the slices of the owner become `wanted`.
    pub(crate) fn changes(&self, owner: &Owner, wanted: Vec<Slice>) -> Vec<Change> {
        self.index.lock().changes(owner, wanted)
    }

    /// Writes changes, several at once, but none before those are done that must come first: creations, then replacements,
    /// then deletions. What is left behind where it fails still tells all there is to know.
    ///
    /// After a failure none is begun, and those under way are awaited: an answer that nobody takes in would come back by
    /// the watch as somebody else's change, and lead to a pass at once.
    pub(crate) async fn write(
        &self,
        owner: &Owner,
        claims: &Claims,
        changes: Vec<Change>,
    ) -> Result<(), WriteError> {
        let mut rest = changes.into_iter().peekable();
        while let Some(next) = rest.peek().map(verb) {
            let group: Vec<Change> =
                std::iter::from_fn(|| rest.next_if(|change| verb(change) == next)).collect();
            self.write_group(owner, claims, group).await?;
        }
        Ok(())
    }

    async fn write_group(
        &self,
        owner: &Owner,
        claims: &Claims,
        group: Vec<Change>,
    ) -> Result<(), WriteError> {
        let failed = AtomicBool::new(false);
        let written: Vec<Result<(), WriteError>> = stream::iter(group)
            .take_while(|_| future::ready(!failed.load(Ordering::Relaxed)))
            .map(|change| self.one(owner, claims, change))
            .buffer_unordered(CONCURRENCY)
            .inspect_err(|_| failed.store(true, Ordering::Relaxed))
            .collect()
            .await;
        written.into_iter().collect()
    }

    async fn one(&self, owner: &Owner, claims: &Claims, change: Change) -> Result<(), WriteError> {
        let time = claims
            .time_to_write(LONGEST_WRITE)
            .map_err(WriteError::NotLeading)?;
        let (name, verb) = (name(&change).to_owned(), verb(&change));
        match tokio::time::timeout(time, self.send(owner, change)).await {
            Ok(Ok(())) => {
                self.metrics.wrote(verb);
                Ok(())
            }
            Ok(Err(source)) => Err(WriteError::Refused {
                slice: name,
                source,
            }),
            Err(_) => Err(WriteError::InTime {
                slice: name,
                seconds: time.as_secs(),
            }),
        }
    }

    /// Sends one write, and takes its answer in.
    async fn send(&self, owner: &Owner, change: Change) -> Result<(), kube::Error> {
        let api: Api<ImageTagSlice> = Api::namespaced(self.client.clone(), &owner.namespace);
        let params = PostParams {
            field_manager: Some(self.field_manager.to_owned()),
            ..PostParams::default()
        };
        let written = match change {
            Change::Create(slice) => api.create(&params, &object(owner, &slice, None)).await?,
            Change::Replace {
                slice,
                resource_version,
            } => {
                let object = object(owner, &slice, Some(resource_version));
                api.replace(&slice.name, &params, &object).await?
            }
            Change::Delete {
                name,
                resource_version,
            } => return self.delete(&api, owner, &name, resource_version).await,
        };
        self.index.lock().apply(&written);
        Ok(())
    }

    async fn delete(
        &self,
        api: &Api<ImageTagSlice>,
        owner: &Owner,
        name: &str,
        resource_version: String,
    ) -> Result<(), kube::Error> {
        let params = DeleteParams::default().preconditions(Preconditions {
            resource_version: Some(resource_version.clone()),
            uid: None,
        });
        match api.delete(name, &params).await {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.is_not_found() => {}
            Err(error) => return Err(error),
        }
        self.index
            .lock()
            .deleted(&owner.namespace, name, &resource_version);
        Ok(())
    }
}

/// Computes something of so many tags, and lets other tasks go on meanwhile where it takes milliseconds.
pub(crate) fn without_delay<T>(tags: usize, compute: impl FnOnce() -> T) -> T {
    if tags < MANY_TAGS {
        compute()
    } else {
        tokio::task::block_in_place(compute)
    }
}

fn verb(change: &Change) -> Verb {
    match change {
        Change::Create(_) => Verb::Create,
        Change::Replace { .. } => Verb::Replace,
        Change::Delete { .. } => Verb::Delete,
    }
}

fn name(change: &Change) -> &str {
    match change {
        Change::Create(slice) | Change::Replace { slice, .. } => &slice.name,
        Change::Delete { name, .. } => name,
    }
}

/// A slice as the API holds it.
fn object(owner: &Owner, slice: &Slice, resource_version: Option<String>) -> ImageTagSlice {
    let label = (
        labels::IMAGE_REPOSITORY.to_owned(),
        tag_slices::label(&owner.name),
    );
    let trace = trace::current_traceparent().map(|trace| (TRACEPARENT.to_owned(), trace));
    ImageTagSlice {
        metadata: ObjectMeta {
            name: Some(slice.name.clone()),
            namespace: Some(owner.namespace.clone()),
            resource_version,
            labels: Some(BTreeMap::from([label])),
            annotations: trace.map(|trace| BTreeMap::from([trace])),
            owner_references: Some(vec![OwnerReference {
                api_version: ImageRepository::api_version(&()).into_owned(),
                kind: ImageRepository::kind(&()).into_owned(),
                name: owner.name.clone(),
                uid: owner.uid.clone(),
                controller: Some(true),
                ..OwnerReference::default()
            }]),
            ..ObjectMeta::default()
        },
        spec: slice.spec(),
    }
}
