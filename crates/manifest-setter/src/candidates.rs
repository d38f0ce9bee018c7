//! Which files of a tree may carry markers, links included.

use std::collections::BTreeMap;

use git_remote::{FileEntry, FileKind, ObjectId, Repository, Session};

use crate::{Finding, PlanError};

/// A chain of more links than this is not followed.
const MAX_LINKS: usize = 8;
/// A link whose text is longer than this leads nowhere that Git could hold.
const MAX_LINK_BYTES: usize = 4096;

/// The files below `under` that may carry markers, by path.
///
/// A link with the name of a manifest stands for the file of the repository that it leads to, as in Flux; one that leads
/// out of the tree is a finding and is never followed, one that dangles is skipped.
pub(crate) fn candidates(
    session: &mut Session,
    repository: &Repository,
    (commit, under): (ObjectId, &str),
    findings: &mut Vec<Finding>,
) -> Result<BTreeMap<String, ObjectId>, PlanError> {
    let files = repository
        .files(commit, under)
        .map_err(PlanError::ReadTree)?;
    let mut candidates = BTreeMap::new();
    for file in files
        .into_iter()
        .filter(|file| yaml_setter::is_candidate(&file.path))
    {
        match file.kind {
            FileKind::Regular | FileKind::Executable => {
                candidates.insert(file.path, file.blob);
            }
            FileKind::Symlink => match follow(session, repository, commit, &file)? {
                Followed::File(target) => {
                    candidates.insert(target.path, target.blob);
                }
                Followed::Dangling => {}
                Followed::Refused(message) => findings.push(Finding::link(&file.path, message)),
            },
            FileKind::Submodule => {}
        }
    }
    Ok(candidates)
}

enum Followed {
    File(FileEntry),
    Dangling,
    Refused(String),
}

fn follow(
    session: &mut Session,
    repository: &Repository,
    commit: ObjectId,
    link: &FileEntry,
) -> Result<Followed, PlanError> {
    let mut entry = link.clone();
    for _ in 0..MAX_LINKS {
        let text = link_text(session, repository, entry.blob)?;
        let Some(path) = resolve(&entry.path, &text) else {
            return Ok(Followed::Refused(
                "the link leads out of the repository and is not followed".to_owned(),
            ));
        };
        let target = match repository.files(commit, &path) {
            Ok(files) => files.into_iter().find(|file| file.path == path),
            Err(git_remote::Error::PathNotFound { .. }) => None,
            Err(error) => return Err(PlanError::ReadTree(error)),
        };
        match target {
            Some(file) if file.kind == FileKind::Symlink => entry = file,
            Some(file) if file.kind != FileKind::Submodule => return Ok(Followed::File(file)),
            _ => return Ok(Followed::Dangling),
        }
    }
    Ok(Followed::Refused(format!(
        "the link leads through more than {MAX_LINKS} other links and is not followed"
    )))
}

fn link_text(
    session: &mut Session,
    repository: &Repository,
    blob: ObjectId,
) -> Result<Vec<u8>, PlanError> {
    session
        .fetch_blobs(repository, &[blob])
        .map_err(PlanError::FetchBlobs)?;
    repository
        .blob(blob)
        .map_err(PlanError::ReadTree)
        .map(Option::unwrap_or_default)
}

/// Where a link at `path` leads, as a path of the repository; `None` when that is outside.
fn resolve(path: &str, text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text)
        .ok()
        .filter(|text| text.len() <= MAX_LINK_BYTES && !text.starts_with('/'))?;
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    crate::target::clean_path(&format!("{folder}/{text}"))
        .ok()
        .filter(|path| !path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_resolve_within_the_repository_only() {
        for (path, text, expected) in [
            ("a/b.yaml", "c.yaml", Some("a/c.yaml")),
            ("a/b.yaml", "../c.txt", Some("c.txt")),
            ("b.yaml", "./x/../c.txt", Some("c.txt")),
            ("a/b.yaml", "../../c.yaml", None),
            ("a/b.yaml", "/etc/passwd", None),
            ("a/b.yaml", "..", None),
        ] {
            assert_eq!(
                resolve(path, text.as_bytes()).as_deref(),
                expected,
                "{path} -> {text}"
            );
        }
    }
}
