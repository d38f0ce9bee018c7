//! From the candidates of a tree to the edits of its marked files, reading each blob once in its life.

use std::collections::BTreeMap;

use git_remote::{ObjectId, Oversize, Repository, Session};
use yaml_setter::{Edit, Setters};

use crate::{BlobIndex, Finding, PlanError, Progress};

/// Name of the [`BlobIndex`] beside the cached repository. A change of what counts as a marker needs a new name.
const INDEX: &str = "repin-markers-1";

/// The edits of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditedFile {
    /// Path from the root of the repository.
    pub path: String,
    /// Object id of the content that the edits apply to.
    pub blob: ObjectId,
    /// In ascending order of their offsets, without overlap; never empty.
    pub edits: Vec<Edit>,
}

/// The marked files of `candidates` and what the setters change in them.
pub(crate) fn edits(
    session: &mut Session,
    repository: &Repository,
    candidates: &BTreeMap<String, ObjectId>,
    setters: &Setters,
    found: &mut Gathered<'_>,
) -> Result<Vec<EditedFile>, PlanError> {
    let marked = marked(session, repository, candidates, found)?;
    let blobs: Vec<ObjectId> = marked.iter().map(|(_, blob)| *blob).collect();
    session
        .fetch_blobs(repository, &blobs)
        .map_err(PlanError::FetchBlobs)?;
    let mut files = Vec::new();
    for (path, blob) in marked {
        let content = repository
            .blob(blob)
            .map_err(PlanError::ReadTree)?
            .ok_or_else(|| PlanError::MissingBlob {
                path: path.clone(),
                blob,
            })?;
        let pass = yaml_setter::edit(&content, setters);
        found.markers += pass.markers.len();
        found.findings.extend(
            pass.findings
                .iter()
                .map(|finding| Finding::in_file(&path, finding)),
        );
        if !pass.edits.is_empty() {
            files.push(EditedFile {
                path,
                blob,
                edits: pass.edits,
            });
        }
    }
    Ok(files)
}

/// What a pass gathers beside its edits.
pub(crate) struct Gathered<'a> {
    pub(crate) findings: &'a mut Vec<Finding>,
    pub(crate) markers: usize,
    pub(crate) progress: &'a mut dyn FnMut(Progress),
}

/// The candidates whose content carries a marker. Content that was never seen is streamed, and kept only where it does.
fn marked(
    session: &mut Session,
    repository: &Repository,
    candidates: &BTreeMap<String, ObjectId>,
    found: &mut Gathered<'_>,
) -> Result<Vec<(String, ObjectId)>, PlanError> {
    let Gathered {
        findings, progress, ..
    } = found;
    let mut index = BlobIndex::open(repository.dir(), INDEX);
    let oversize = index
        .learn(
            session,
            repository,
            candidates.values().copied(),
            yaml_setter::may_hold_marker,
            &mut |done, total| progress(Progress::Reading { done, total }),
        )
        .map_err(PlanError::FetchBlobs)?;
    oversized(candidates, &oversize, findings);
    let marked = candidates
        .iter()
        .filter(|(_, blob)| index.carries(blob) == Some(true));
    Ok(marked.map(|(path, blob)| (path.clone(), *blob)).collect())
}

/// Files that are larger than the remote's bound were not read, so they may carry markers that nobody sees.
fn oversized(
    candidates: &BTreeMap<String, ObjectId>,
    oversize: &[Oversize],
    findings: &mut Vec<Finding>,
) {
    for Oversize { id, bytes } in oversize {
        let paths = candidates.iter().filter(|(_, blob)| *blob == id);
        findings.extend(paths.map(|(path, _)| Finding::too_large(path, *bytes)));
    }
}
