//! Which files of a working tree are checked.

use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use super::{Level, Lint};
use crate::objects::ReadError;

/// A folder that is searched.
struct Root<'a> {
    /// As it was named.
    path: &'a Path,
    canonical: PathBuf,
}

/// The manifests of the paths, each once, in lexical order.
///
/// A link that leads out of its root is a finding and is never followed. One that stays inside stands for the file that
/// it leads to, as in `repin run`, whatever the name of that file.
pub(super) fn manifests(
    paths: &[PathBuf],
    lints: &mut Vec<Lint>,
) -> Result<Vec<PathBuf>, ReadError> {
    let mut found = Vec::new();
    for path in paths {
        let canonical = fs::canonicalize(path).map_err(|source| ReadError::ReadFile {
            path: path.clone(),
            source,
        })?;
        if !canonical.is_dir() {
            found.push(path.clone());
            continue;
        }
        let root = Root { path, canonical };
        let mut folders = vec![path.clone()];
        while let Some(folder) = folders.pop() {
            if let Err(error) = root.read_folder(&folder, (&mut folders, &mut found), lints) {
                lints.push(Lint::unreadable(&folder, &error));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

impl Root<'_> {
    fn read_folder(
        &self,
        folder: &Path,
        (folders, found): (&mut Vec<PathBuf>, &mut Vec<PathBuf>),
        lints: &mut Vec<Lint>,
    ) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let name = entry.file_name();
            let is_candidate = yaml_setter::is_candidate(&name.to_string_lossy());
            if kind.is_dir() && name != ".git" {
                folders.push(entry.path());
            } else if kind.is_file() && is_candidate {
                found.push(entry.path());
            } else if kind.is_symlink() && is_candidate {
                found.extend(self.follow(&entry, lints));
            }
        }
        Ok(())
    }

    /// The file that a link leads to; one that dangles leads to none.
    fn follow(&self, link: &DirEntry, lints: &mut Vec<Lint>) -> Option<PathBuf> {
        let target = fs::canonicalize(link.path()).ok()?;
        let Ok(inside) = target.strip_prefix(&self.canonical) else {
            lints.push(Lint::whole(
                &link.path().display().to_string(),
                Level::Warning,
                "link-not-followed",
                "the link leads out of the tree and is not followed".to_owned(),
            ));
            return None;
        };
        target.is_file().then(|| self.path.join(inside))
    }
}
