//! Bare repositories on disk that hold what was fetched. They may be deleted at any time.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant, SystemTime},
};

use sha2::{Digest as _, Sha256};

use crate::{
    error::{Cause, Error},
    remote::Remote,
    repository::{Repository, remove},
};

/// Part of the name of each repository. Another layout gets another number, and leaves the old ones to be removed.
const LAYOUT: &str = "v1";
/// What the name of a lock file adds to that of the repository.
const LOCK: &str = "lock";
/// Between two looks at a lock that somebody else holds.
const LOCK_POLL: Duration = Duration::from_millis(20);
/// Between two looks at the size of all repositories together.
const TRIM_INTERVAL: Duration = Duration::from_secs(600);
/// Its modification time says when that was done last.
const TRIMMED: &str = "trimmed";
/// Objects that are files of their own, in one repository.
const MAX_LOOSE: usize = 8192;

/// A directory of bare repositories, one per remote, shared by any number of processes.
#[derive(Clone, Debug)]
pub struct Cache {
    dir: PathBuf,
    limits: CacheLimits,
}

/// Bounds of a cache. What is over them is removed, and fetched again when it is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheLimits {
    /// Bytes of all repositories together; those not used for longest go first. Looked at every ten minutes.
    pub total_bytes: u64,
    /// Bytes of the objects of one repository.
    pub repository_bytes: u64,
    /// Packs of one repository.
    pub packs: usize,
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self {
            total_bytes: 4 << 30,
            repository_bytes: 1 << 30,
            packs: 50,
        }
    }
}

impl Cache {
    /// Uses `dir`, which is created where it does not exist.
    pub fn open(dir: &Path, limits: CacheLimits) -> Result<Self, Error> {
        fs::create_dir_all(dir).map_err(|error| failed("create", dir, error.into()))?;
        Ok(Self {
            dir: dir.to_owned(),
            limits,
        })
    }

    /// The repository of a remote, locked until it is dropped: a second call for the same remote waits, for as
    /// long as an operation of this remote may take. One that is damaged or too large starts anew.
    pub fn repository(&self, remote: &Remote) -> Result<Repository, Error> {
        self.trim();
        let name = name(&remote.key());
        let dir = self.dir.join(&name);
        let lock = self.lock(&name, remote.options().timeout)?;
        let prepared = self
            .prepare(&dir)
            .and_then(|()| Repository::open(dir.clone(), lock, self.limits.packs));
        prepared.map_err(|error| failed("open", &dir, error.into()))
    }

    fn prepare(&self, dir: &Path) -> io::Result<()> {
        // Something else than a directory cannot be ours.
        if dir.symlink_metadata().is_ok_and(|found| !found.is_dir()) {
            fs::remove_file(dir)?;
        }
        if Repository::is_damaged(dir) || self.is_too_large(dir) {
            return Repository::clear(dir);
        }
        Repository::lay_out(dir)
    }

    fn is_too_large(&self, dir: &Path) -> bool {
        let objects = usage(&dir.join("objects"));
        objects.bytes > self.limits.repository_bytes
            || objects.packs > self.limits.packs
            || objects.files > MAX_LOOSE
    }

    /// Waits for the lock of a repository. The file stays, so that nobody locks one that is being removed.
    fn lock(&self, name: &str, patience: Duration) -> Result<Lock, Error> {
        let path = self.dir.join(name).with_extension(LOCK);
        let failed = |error: Cause| failed("lock", &path, error);
        // The directory may have been deleted since it was opened.
        fs::create_dir_all(&self.dir).map_err(|error| failed(error.into()))?;
        let file = open_lock(&path).map_err(|error| failed(error.into()))?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if started.elapsed() < patience => {
                    thread::sleep(LOCK_POLL);
                }
                Err(error) => return Err(failed(error.into())),
            }
        }
        // When the repository was used last; an old time only makes it go earlier.
        file.set_modified(SystemTime::now()).ok();
        Ok(Lock(file))
    }

    /// Removes the repositories that were not used for longest, until the rest is small enough. Errors are left
    /// to the next time: another process may be at it too.
    fn trim(&self) {
        let stamp = self.dir.join(TRIMMED);
        let age = stamp
            .metadata()
            .and_then(|found| found.modified())
            .ok()
            .and_then(|time| time.elapsed().ok());
        if age.is_some_and(|age| age < TRIM_INTERVAL) {
            return;
        }
        fs::write(&stamp, "").ok();
        let mut repositories = self.repositories();
        repositories.sort_by_key(|repository| repository.used);
        let mut total: u64 = repositories.iter().map(|repository| repository.bytes).sum();
        for repository in repositories {
            if total > self.limits.total_bytes && self.remove(&repository.name) {
                total -= repository.bytes;
            }
        }
    }

    fn repositories(&self) -> Vec<Known> {
        let entries = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            entry
                .file_type()
                .is_ok_and(|kind| kind.is_dir())
                .then_some(name)
        });
        // A folder that is not ours, in a cache folder that somebody else uses too, is nobody's to remove.
        names
            .filter(|name| is_ours(name))
            .map(|name| self.known(name))
            .collect()
    }

    fn known(&self, name: String) -> Known {
        let lock = self.dir.join(&name).with_extension(LOCK);
        let used = lock
            .metadata()
            .and_then(|found| found.modified())
            .unwrap_or(SystemTime::UNIX_EPOCH);
        Known {
            bytes: usage(&self.dir.join(&name)).bytes,
            used,
            name,
        }
    }

    /// Removes a repository, unless somebody uses it.
    fn remove(&self, name: &str) -> bool {
        self.lock(name, Duration::ZERO)
            .is_ok_and(|_lock| remove(fs::remove_dir_all(self.dir.join(name))).is_ok())
    }
}

/// A lock that is held. It is given back by name: closing the file leaves it to a child process that is just being
/// started and has the file open too.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Where this fails, closing the file does it.
        self.0.unlock().ok();
    }
}

/// A repository as the trimming sees it.
struct Known {
    name: String,
    bytes: u64,
    used: SystemTime,
}

/// What lies below a directory.
#[derive(Default)]
struct Usage {
    bytes: u64,
    files: usize,
    packs: usize,
}

/// Sums up a directory. What vanishes meanwhile does not count.
fn usage(dir: &Path) -> Usage {
    let mut total = Usage::default();
    let mut left = vec![dir.to_owned()];
    while let Some(dir) = left.pop() {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let Ok(found) = entry.metadata() else {
                continue;
            };
            if found.is_dir() {
                left.push(entry.path());
                continue;
            }
            total.bytes += found.len();
            total.files += 1;
            total.packs += usize::from(
                entry
                    .path()
                    .extension()
                    .is_some_and(|extension| extension == "pack"),
            );
        }
    }
    total
}

/// The directory of a remote: readable, and different for different keys.
fn name(key: &str) -> String {
    let readable: String = key
        .rsplit("://")
        .next()
        .unwrap_or(key)
        .chars()
        .map(|char| {
            if char.is_ascii_alphanumeric() {
                char.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .take(60)
        .collect();
    let digest = Sha256::digest(key.as_bytes());
    let digest = digest
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{}-{digest:016x}-{LAYOUT}", readable.trim_matches('-'))
}

/// Whether a folder has a name as [`name`] gives it, whatever the layout's version: `<readable>-<16 hex digits>-v<number>`.
fn is_ours(name: &str) -> bool {
    let Some((rest, version)) = name.rsplit_once("-v") else {
        return false;
    };
    let digest = rest.rsplit('-').next().unwrap_or_default();
    let is_digest = digest.len() == 16 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest && !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit())
}

fn open_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
}

fn failed(action: &'static str, path: &Path, source: Cause) -> Error {
    Error::Cache {
        action,
        path: path.to_owned(),
        source,
    }
}
