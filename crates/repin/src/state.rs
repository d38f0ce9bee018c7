//! What a run leaves for the next one: the file of `--state`.
//!
//! Two things a decision may depend on are in no registry: when each tag was first seen (`minimumAge`), and what a policy
//! chose before (`downgradePolicy: Refuse`). A cluster keeps them in its objects, the command line in this file.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use api::Time;
use api::image::v1::ImageRef;
use api::repin::v1alpha1::Observation;
use image_ref::{ImageName, Tags, TagsTooLarge};
use serde::{Deserialize, Serialize};
use tag_slices::TagHistory;

/// The version of the format.
const VERSION: u32 = 1;
/// Most bytes of a state file: some million tags.
const MAX_BYTES: u64 = 256 << 20;

/// Why the state cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    /// The file cannot be read.
    #[error("cannot read the state file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is larger than any state.
    #[error("state file {} is larger than {MAX_BYTES} bytes: expected a file that `repin run --state` wrote", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file holds something else, or part of a state.
    #[error(
        "state file {} is damaged: {detail}; restore it from a copy, or remove it to begin anew, with every tag that is \
         there now counting as old enough",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The file is of another release.
    #[error("state file {} has version {found}, expected {VERSION}: use the release of repin that wrote it", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// Another run holds the file.
    #[error("state file {} is in use by another `repin run`: wait for it to end", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file beside it that keeps two runs apart cannot be locked.
    #[error("cannot lock {}", path.display())]
    Lock {
        /// The file that is locked.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write the state file {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The content of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    version: u32,
    image_repositories: BTreeMap<String, Seen>,
    image_policies: BTreeMap<String, ImageRef>,
}

/// The tags of an image repository, by when they were first seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Seen {
    /// Canonical name of the image: the tags of another one are not those of this one.
    image: String,
    observations: Vec<Observation>,
}

/// What is asked of the version alone, before the rest of the file is looked at.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// The memory of earlier runs. Names are `namespace/name`.
#[derive(Debug)]
pub(crate) struct State {
    path: PathBuf,
    document: Document,
    /// The file as it is; none where there is none yet.
    written: Option<Document>,
    /// Keeps other runs away; none where nothing will be written.
    lock: Option<File>,
}

impl State {
    /// Reads the state, to leave it as it is. A file that does not exist is an empty state.
    pub(crate) fn read(path: &Path) -> Result<Self, StateError> {
        let path = &resolved(path);
        let written = read(path)?;
        Ok(Self {
            path: path.clone(),
            document: written.clone().unwrap_or_default(),
            written,
            lock: None,
        })
    }

    /// Reads the state, to [`Self::save`] it. Until it is dropped no other run can do the same.
    pub(crate) fn hold(path: &Path) -> Result<Self, StateError> {
        let path = &resolved(path);
        let lock = lock(path)?;
        Ok(Self {
            lock: Some(lock),
            ..Self::read(path)?
        })
    }

    /// Whether an earlier run wrote it.
    pub(crate) fn exists(&self) -> bool {
        self.written.is_some()
    }

    /// The history of an image repository, now that a scan has found `tags`. Tags that no run has seen are seen `now`; where
    /// this is the first scan of the image, no tag has a time.
    pub(crate) fn history(
        &self,
        repository: &str,
        image: &ImageName,
        (tags, now): (Tags, &Time),
    ) -> Result<TagHistory, StateError> {
        let known = self.document.image_repositories.get(repository);
        let Some(known) = known.filter(|known| known.image == image.canonical()) else {
            return Ok(TagHistory::first(tags));
        };
        let known = TagHistory::from_observations(&known.observations);
        let known = known.map_err(|error: TagsTooLarge| self.damaged(&error))?;
        Ok(known.next(tags, now))
    }

    /// Remembers the history of an image repository.
    pub(crate) fn remember_tags(
        &mut self,
        repository: String,
        image: &ImageName,
        history: &TagHistory,
    ) {
        let seen = Seen {
            image: image.canonical(),
            observations: history.observations(),
        };
        self.document.image_repositories.insert(repository, seen);
    }

    /// What a policy chose in the last run that evaluated it.
    pub(crate) fn choice(&self, policy: &str) -> Option<&ImageRef> {
        self.document.image_policies.get(policy)
    }

    /// Remembers what a policy chose.
    pub(crate) fn remember_choice(&mut self, policy: String, choice: ImageRef) {
        self.document.image_policies.insert(policy, choice);
    }

    /// Writes the file where it differs, all of it or nothing.
    pub(crate) fn save(&mut self) -> Result<(), StateError> {
        debug_assert!(self.lock.is_some(), "only a state that is held is written");
        if self.written.as_ref() == Some(&self.document) {
            return Ok(());
        }
        replace(&self.path, &self.document).map_err(|source| StateError::Write {
            path: self.path.clone(),
            source,
        })?;
        self.written = Some(self.document.clone());
        Ok(())
    }

    fn damaged(&self, error: &impl ToString) -> StateError {
        StateError::Damaged {
            path: self.path.clone(),
            detail: error.to_string(),
        }
    }
}

impl Default for Document {
    fn default() -> Self {
        Self {
            version: VERSION,
            image_repositories: BTreeMap::new(),
            image_policies: BTreeMap::new(),
        }
    }
}

fn read(path: &Path) -> Result<Option<Document>, StateError> {
    let failed = |source| StateError::Read {
        path: path.to_owned(),
        source,
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        let path = path.to_owned();
        return Err(StateError::TooLarge { path });
    }
    let damaged = |error: serde_json::Error| StateError::Damaged {
        path: path.to_owned(),
        detail: error.to_string(),
    };
    let Versioned { version } = serde_json::from_slice(&bytes).map_err(damaged)?;
    if version != VERSION {
        return Err(StateError::Version {
            path: path.to_owned(),
            found: version,
        });
    }
    serde_json::from_slice(&bytes).map(Some).map_err(damaged)
}

/// Locks a file beside the state, which itself is replaced by each write.
fn lock(state: &Path) -> Result<File, StateError> {
    let path = beside(state, ".lock");
    let failed = |source| StateError::Lock {
        path: path.clone(),
        source,
    };
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    let file = options.open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StateError::InUse {
            path: state.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Writes a new file and puts it in the place of the old one. Whoever holds the lock is the only one to do so.
fn replace(path: &Path, document: &Document) -> io::Result<()> {
    let new = beside(path, ".new");
    let mut text = serde_json::to_vec(document)?;
    text.push(b'\n');
    if text.len() as u64 > MAX_BYTES {
        let (found, limit) = (text.len(), MAX_BYTES);
        let text = format!(
            "{found} bytes are more than the {limit} that a run reads: scan fewer images with one file"
        );
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    let mut file = File::create(&new)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

/// The file itself where the path is a link to it: it is what is replaced, and locked.
fn resolved(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests;
