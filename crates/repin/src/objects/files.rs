//! Which files a path of the command line stands for, and their bytes.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::ReadError;

/// Most bytes of one file, or of standard input.
pub(crate) const MAX_INPUT_BYTES: u64 = 64 << 20;
/// A folder deeper than this is refused: hardly a tree of manifests.
const MAX_DEPTH: usize = 64;
/// The folder of Git's own files.
const GIT: &str = ".git";

/// Whether a file of this name is searched for objects: `.yaml`, `.yml` and `.json`.
pub(crate) fn is_manifest(path: &str) -> bool {
    let extension = Path::new(path).extension();
    extension.is_some_and(|name| ["yaml", "yml", "json"].iter().any(|known| name == *known))
}

/// The files of several paths, each once however many paths and links lead to it.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    seen: BTreeSet<PathBuf>,
    /// What was passed over, as warnings.
    pub passed_over: Vec<String>,
}

impl Inputs {
    /// The files that a path stands for and that no path before stood for, in lexical order.
    ///
    /// A link to a file is followed where that file lies within the path, as in a mounted ConfigMap; links to folders
    /// never are.
    pub(crate) fn files(&mut self, path: &Path) -> Result<Vec<PathBuf>, ReadError> {
        let root = canonical(path)?;
        let mut found = Vec::new();
        if root.is_dir() {
            self.walk(path, &root, &mut found)?;
            found.sort_unstable();
        } else {
            found.push(path.to_owned());
        }
        let mut fresh = Vec::with_capacity(found.len());
        for file in found {
            if self.seen.insert(canonical(&file)?) {
                fresh.push(file);
            }
        }
        Ok(fresh)
    }

    /// Calls `visit` with the name and the bytes of every file, and of standard input for `-`.
    pub(crate) fn read(
        &mut self,
        paths: &[PathBuf],
        mut visit: impl FnMut(&str, &[u8]) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        for path in paths {
            if path.as_os_str() == "-" {
                visit("standard input", &read_input()?)?;
                continue;
            }
            for file in self.files(path)? {
                visit(&file.display().to_string(), &read_file(&file)?)?;
            }
        }
        Ok(())
    }

    fn walk(
        &mut self,
        path: &Path,
        root: &Path,
        found: &mut Vec<PathBuf>,
    ) -> Result<(), ReadError> {
        let mut folders = vec![(path.to_owned(), 0)];
        while let Some((folder, depth)) = folders.pop() {
            if depth > MAX_DEPTH {
                return Err(ReadError::TooDeep { folder });
            }
            let error = |source| read_error(&folder, source);
            for entry in fs::read_dir(&folder).map_err(error)? {
                let entry = entry.map_err(error)?;
                let (path, kind) = (entry.path(), entry.file_type().map_err(error)?);
                if kind.is_dir() && entry.file_name() != GIT {
                    folders.push((path, depth + 1));
                } else if kind.is_file() && is_manifest(&path.to_string_lossy())
                    || kind.is_symlink() && self.leads_to_manifest(&path, root)
                {
                    found.push(path);
                }
            }
        }
        Ok(())
    }

    /// Whether a link stands for a file of objects; one that leads out of the root, or nowhere, is told of.
    fn leads_to_manifest(&mut self, link: &Path, root: &Path) -> bool {
        let is_named = is_manifest(&link.to_string_lossy());
        let why = match fs::canonicalize(link) {
            Ok(target) if target.starts_with(root) => return is_named && target.is_file(),
            Ok(target) if is_named || target.is_dir() => format!(
                "the link leads out of {} to {}: pass that with -f as well, if it holds objects",
                root.display(),
                target.display()
            ),
            Err(error) if is_named => format!("the link leads nowhere: {error}"),
            _ => return false,
        };
        self.passed_over
            .push(format!("{} is not read: {why}", link.display()));
        false
    }
}

/// The bytes of a file of objects.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, ReadError> {
    let file = fs::File::open(path).map_err(|source| read_error(path, source))?;
    bounded(file, path)
}

/// The bytes of standard input.
pub(crate) fn read_input() -> Result<Vec<u8>, ReadError> {
    bounded(io::stdin().lock(), Path::new("standard input"))
}

fn bounded(input: impl io::Read, path: &Path) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    input
        .take(MAX_INPUT_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| read_error(path, source))?;
    if bytes.len() as u64 > MAX_INPUT_BYTES {
        return Err(ReadError::TooLarge {
            origin: path.display().to_string(),
        });
    }
    Ok(bytes)
}

fn canonical(path: &Path) -> Result<PathBuf, ReadError> {
    fs::canonicalize(path).map_err(|source| read_error(path, source))
}

fn read_error(path: &Path, source: io::Error) -> ReadError {
    ReadError::ReadFile {
        path: path.to_owned(),
        source,
    }
}
