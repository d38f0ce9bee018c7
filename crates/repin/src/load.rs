//! Where the objects of a command come from.

use std::path::PathBuf;

use api::source::{GitRepository, GitRepositorySpec};
use git_remote::{Cache, CacheLimits, FileEntry, ObjectId, Options, Remote, Repository};
use manifest_setter::{BlobIndex, Content};

use crate::args::ObjectArgs;
use crate::console::Console;
use crate::environment::{self, EnvironmentError};
use crate::objects::{self, ReadError, Store};

/// Name of the index of blobs that hold objects, beside the cached repository.
const INDEX: &str = "repin-objects-1";

/// Why the objects could not be loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// Neither -f nor --repo.
    #[error(
        "no objects: pass them with -f FILE|DIR|-, or name the repository that holds them with --repo URL --branch BRANCH"
    )]
    NoInput,
    /// The objects cannot be read.
    #[error(transparent)]
    Read(ReadError),
    /// The Git cache cannot be used.
    #[error("cannot open the Git cache {}: pass another folder with --cache-dir", folder.display())]
    OpenCache {
        /// Folder of the cache.
        folder: PathBuf,
        /// Why.
        source: git_remote::Error,
    },
    /// The repository cannot be read.
    #[error("cannot read the objects of --repo")]
    ReadRepository(#[source] git_remote::Error),
    /// The path leads out of the repository.
    #[error("--path {path} leads out of the repository: expected a path below its root")]
    PathEscapes {
        /// The path as written.
        path: String,
    },
    /// The branch has no such path.
    #[error(
        "--path {path} does not exist on branch {branch} of {url}: expected the folder that holds the objects"
    )]
    NoPath {
        /// The path as written.
        path: String,
        /// The branch.
        branch: String,
        /// The repository, without credentials.
        url: String,
    },
    /// The surroundings cannot be used.
    #[error(transparent)]
    Environment(EnvironmentError),
}

/// The objects of a command, and the cache.
pub(crate) struct Loaded {
    /// The objects.
    pub store: Store,
    /// The Git cache.
    pub cache: Cache,
    /// The repository of --repo.
    pub repo: Option<Remote>,
}

/// Loads the objects. Blocks on files and, with --repo, on the network. Warns of what was passed over.
pub(crate) fn load(args: &ObjectArgs) -> Result<Loaded, LoadError> {
    let (Some(url), Some(branch)) = (&args.repo, &args.branch) else {
        let store = read_files(args)?;
        let cache = open_cache(args)?;
        return Ok(Loaded {
            store,
            cache,
            repo: None,
        });
    };
    let credentials = environment::git_credentials(url).map_err(LoadError::Environment)?;
    let remote =
        Remote::new(url, credentials, Options::default()).map_err(LoadError::ReadRepository)?;
    let cache = open_cache(args)?;
    let store = read_repository(&remote, &cache, args, branch)?;
    warn(&store);
    Ok(Loaded {
        store,
        cache,
        repo: Some(remote),
    })
}

/// Loads the objects alone: without --repo, this needs no cache.
pub(crate) fn load_objects(args: &ObjectArgs) -> Result<Store, LoadError> {
    if args.repo.is_none() {
        read_files(args)
    } else {
        load(args).map(|loaded| loaded.store)
    }
}

fn open_cache(args: &ObjectArgs) -> Result<Cache, LoadError> {
    let folder = args
        .cache_dir
        .clone()
        .unwrap_or_else(environment::cache_dir)
        .join("git");
    Cache::open(&folder, CacheLimits::default())
        .map_err(|source| LoadError::OpenCache { folder, source })
}

fn read_files(args: &ObjectArgs) -> Result<Store, LoadError> {
    if args.filenames.is_empty() {
        return Err(LoadError::NoInput);
    }
    let store = objects::read_all(&args.filenames, &args.namespace).map_err(LoadError::Read)?;
    warn(&store);
    Ok(store)
}

/// Warnings are told also when quiet, so that any console will do.
fn warn(store: &Store) {
    let console = Console::new(true);
    for warning in store.warnings() {
        console.warn(&warning);
    }
}

fn read_repository(
    remote: &Remote,
    cache: &Cache,
    args: &ObjectArgs,
    branch: &str,
) -> Result<Store, LoadError> {
    let path = git_access::clean_path(&args.path).map_err(|_| LoadError::PathEscapes {
        path: args.path.clone(),
    })?;
    let repository = cache
        .repository(remote)
        .map_err(LoadError::ReadRepository)?;
    let (mut store, mut passed_over) = (Store::default(), Vec::new());
    let files = files_with_objects(remote, &repository, (branch, &path), &mut passed_over)
        .map_err(|error| match error {
            git_remote::Error::PathNotFound { .. } => LoadError::NoPath {
                path: args.path.clone(),
                branch: branch.to_owned(),
                url: remote.url().to_string(),
            },
            error => LoadError::ReadRepository(error),
        })?;
    for (path, content) in files {
        objects::read_documents(&content, &path, &args.namespace, &mut store)
            .map_err(LoadError::Read)?;
    }
    store.passed_over.append(&mut passed_over);
    objects::complete(store, || {
        format!("{} ({branch}, {})", remote.url(), args.path)
    })
    .map_err(LoadError::Read)
}

/// The manifests below the path of a branch that may hold objects. Content that was never seen is streamed, and kept
/// where it does.
fn files_with_objects(
    remote: &Remote,
    repository: &Repository,
    (branch, path): (&str, &str),
    passed_over: &mut Vec<String>,
) -> Result<Vec<(String, Vec<u8>)>, git_remote::Error> {
    let mut session = remote.connect()?;
    let head = session.find_ref(&format!("refs/heads/{branch}"))?.commit();
    session.fetch_commit(repository, head)?;
    let files: Vec<FileEntry> = repository
        .files(head, path)?
        .into_iter()
        .filter(|file| objects::is_manifest(&file.path))
        .collect();
    let mut index = BlobIndex::open(repository.dir(), INDEX);
    index.learn(
        &mut session,
        repository,
        files.iter().map(|file| file.blob),
        |content| objects::holds_objects(content).into(),
        &mut |_, _| {},
    )?;
    let index = &index;
    let are = |content| {
        files
            .iter()
            .filter(move |file| index.content(&file.blob) == Some(content))
    };
    passed_over.extend(are(Content::TooLarge).map(too_large));
    let holding: Vec<_> = are(Content::Carries).cloned().collect();
    let blobs: Vec<ObjectId> = holding.iter().map(|file| file.blob).collect();
    session.fetch_blobs(repository, &blobs)?;
    holding
        .into_iter()
        .filter_map(|file| {
            Some(
                repository
                    .blob(file.blob)
                    .transpose()?
                    .map(|content| (file.path, content)),
            )
        })
        .collect()
}

fn too_large(file: &FileEntry) -> String {
    format!(
        "{} is not read: it is larger than a file of objects; split it into several files",
        file.path
    )
}

/// A GitRepository that stands for --repo, for automations whose own is not among the objects.
pub(crate) fn stand_in(namespace: &str, name: &str, url: &str) -> GitRepository {
    let mut source = GitRepository::new(
        name,
        GitRepositorySpec {
            url: url.to_owned(),
            ..GitRepositorySpec::default()
        },
    );
    source.metadata.namespace = Some(namespace.to_owned());
    source
}
