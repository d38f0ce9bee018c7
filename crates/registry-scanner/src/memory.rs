//! What this process remembers of the objects between passes. All of it may be lost.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use api::image::v1::ImageRepository;
use kube::ResourceExt as _;
use kube::runtime::reflector::ObjectRef;
use parking_lot::Mutex;
use registry_access::Sources;
use tokio::time::Instant;

use crate::decide::ScannedWith;
use crate::validate::Valid;

/// Scans that are due when the process starts are spread over at most this time.
const LONGEST_SPREAD: Duration = Duration::from_secs(300);
/// And over at most this part of their interval.
const SPREAD: u32 = 10;

type Reference = ObjectRef<ImageRepository>;

/// What is remembered of all objects.
#[derive(Debug)]
pub(crate) struct Memory {
    started: Instant,
    objects: Mutex<HashMap<Reference, Remembered>>,
}

#[derive(Debug, Default)]
struct Remembered {
    uid: String,
    /// The Secrets whose changes count.
    secrets: BTreeSet<String>,
    scanned_with: Option<ScannedWith>,
    /// Whether the user has asked for a scan since the last one.
    owes: bool,
    /// Whether this process is writing its slices at the moment.
    writing: bool,
}

impl Memory {
    /// The memory of a process that starts now.
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            objects: Mutex::default(),
        }
    }

    /// Notes which Secrets the object names itself. An object that was created anew begins anew.
    pub(crate) fn meet(&self, repository: &ImageRepository, valid: &Valid) {
        let secrets: Vec<String> = valid.asks_for.secrets().map(str::to_owned).collect();
        self.with(repository, |remembered| remembered.secrets.extend(secrets));
    }

    /// Notes which Secrets the credentials were made of. How the last scan of this process reached the registry.
    pub(crate) fn recall(
        &self,
        repository: &ImageRepository,
        valid: &Valid,
        sources: &Sources,
    ) -> Option<ScannedWith> {
        let own = valid.asks_for.secrets();
        let secrets = own.chain(sources.secrets()).map(str::to_owned).collect();
        self.with(repository, |remembered| {
            remembered.secrets = secrets;
            remembered.scanned_with.clone()
        })
    }

    /// Notes that the credentials lack a Secret, or cannot be made of it: that it comes or changes counts, too.
    pub(crate) fn lacks(&self, repository: &ImageRepository, secret: &str) {
        self.with(repository, |remembered| {
            remembered.secrets.insert(secret.to_owned());
        });
    }

    /// Notes a request. Whether one is without a scan: that a pass has failed before its scan answers nobody, while the
    /// status says that the request was handled.
    pub(crate) fn owes(&self, repository: &ImageRepository, requested: Option<&str>) -> bool {
        self.with(repository, |remembered| {
            remembered.owes |= requested.is_some();
            remembered.owes
        })
    }

    /// Notes how the list that the object has now was read.
    pub(crate) fn scanned(&self, repository: &ImageRepository, with: ScannedWith) {
        self.with(repository, |remembered| {
            remembered.scanned_with = Some(with);
            remembered.owes = false;
        });
    }

    /// Notes that the slices of the object are being written, until the returned value is dropped. Whoever writes looks
    /// for changes by others then, for meanwhile nobody is told of them.
    pub(crate) fn writing(&self, repository: &ImageRepository) -> Writing<'_> {
        self.with(repository, |remembered| remembered.writing = true);
        Writing {
            memory: self,
            reference: Reference::from(repository),
        }
    }

    /// Whether a change of the object's slices is to lead to a pass. While they are being written it is not: the watch
    /// shows most writes before their answers come, and by their versions alone nobody can tell them from those of others.
    pub(crate) fn is_at_rest(&self, reference: &Reference) -> bool {
        let objects = self.objects.lock();
        objects
            .get(reference)
            .is_some_and(|remembered| !remembered.writing)
    }

    /// The objects whose credentials a Secret is part of.
    pub(crate) fn users_of(&self, namespace: &str, secret: &str) -> Vec<Reference> {
        let objects = self.objects.lock();
        let uses = |(reference, remembered): &(&Reference, &Remembered)| {
            reference.namespace.as_deref() == Some(namespace) && remembered.secrets.contains(secret)
        };
        objects
            .iter()
            .filter(uses)
            .map(|(reference, _)| reference.clone())
            .collect()
    }

    pub(crate) fn forget(&self, reference: &Reference) {
        self.objects.lock().remove(reference);
    }

    /// How long a scan that is merely due is still held back after the start of the process. Objects of one image are held
    /// back for the same time, so that they can share a scan.
    pub(crate) fn hold(&self, valid: &Valid) -> Duration {
        let mut hasher = DefaultHasher::new();
        valid.image.canonical().hash(&mut hasher);
        let turn = share(
            hasher.finish(),
            (valid.interval / SPREAD).min(LONGEST_SPREAD),
        );
        turn.saturating_sub(self.started.elapsed())
    }

    fn with<T>(&self, repository: &ImageRepository, note: impl FnOnce(&mut Remembered) -> T) -> T {
        let uid = repository.uid().unwrap_or_default();
        let mut objects = self.objects.lock();
        let remembered = objects.entry(Reference::from(repository)).or_default();
        if remembered.uid != uid {
            *remembered = Remembered {
                uid,
                ..Remembered::default()
            };
        }
        note(remembered)
    }
}

/// The slices of an object are being written by this process.
#[derive(Debug)]
pub(crate) struct Writing<'a> {
    memory: &'a Memory,
    reference: Reference,
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if let Some(remembered) = self.memory.objects.lock().get_mut(&self.reference) {
            remembered.writing = false;
        }
    }
}

/// A part of `window` that only `hash` determines.
fn share(hash: u64, window: Duration) -> Duration {
    let thousandths = u32::try_from(hash % 1000).expect("below a thousand");
    window * thousandths / 1000
}

#[cfg(test)]
mod tests;
