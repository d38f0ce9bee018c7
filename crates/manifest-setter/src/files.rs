//! From the marked files of a commit to their edits.

use std::sync::Arc;

use git_remote::ObjectId;
use yaml_setter::{Edit, Setters};

use crate::ground::Ground;
use crate::knowledge::{self, Found, Reading};
use crate::policies::Policies;
use crate::tree::Marked;
use crate::{Finding, PlanError};

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

/// Bytes of edits that are held, about: a plan has room for a fraction of them.
const MAX_EDITS: usize = 4 << 20;
/// Findings that are held.
const MAX_FINDINGS: usize = 10_000;

/// What the policies change in the files.
#[derive(Debug, Default)]
pub(crate) struct Edited {
    /// In the order of their paths.
    pub(crate) files: Vec<EditedFile>,
    /// Files with edits that are not among `files`, since there are more than anybody can do with at once.
    pub(crate) left_over: usize,
    /// Valid markers, of files with edits or without.
    pub(crate) markers: usize,
    bytes: usize,
}

/// What the policies change in the marked files. Reads only files of which it is not known what they say.
pub(crate) fn edits(
    ground: &mut Ground<'_>,
    marked: &Marked,
    policies: &Policies<'_>,
    findings: &mut Vec<Finding>,
) -> Result<Edited, PlanError> {
    let setters = &policies.setters;
    let unknown = |blob: &&ObjectId| ground.knowledge.file(**blob, setters).is_none();
    let unknown: Vec<ObjectId> = marked.files.values().filter(unknown).copied().collect();
    let unread = ground.fetch_blobs(&unknown)?;
    let (unread, read): (Vec<_>, Vec<_>) = marked
        .files
        .iter()
        .partition(|(_, blob)| unread.contains(*blob));
    let too_large = unread.into_iter().map(|(path, _)| path);
    findings.extend(
        too_large
            .chain(&marked.too_large)
            .map(|path| Finding::too_large(path)),
    );
    let mut edited = Edited::default();
    for (path, blob) in read {
        let said = said(ground, (path, *blob), setters)?;
        let told = said.found.findings.iter();
        findings.extend(told.map(|finding| Finding::in_file(path, finding, policies)));
        findings.truncate(MAX_FINDINGS);
        edited.add(path, *blob, &said.found);
    }
    Ok(edited)
}

impl Edited {
    fn add(&mut self, path: &str, blob: ObjectId, found: &Found) {
        self.markers += found.markers;
        if found.edits.is_empty() {
            return;
        }
        if self.bytes > MAX_EDITS {
            self.left_over += 1;
            return;
        }
        self.bytes += found.edits.iter().map(knowledge::weight).sum::<usize>();
        self.files.push(EditedFile {
            path: path.to_owned(),
            blob,
            edits: found.edits.clone(),
        });
    }
}

/// What a file says: what is known of it, else what is read.
fn said(
    ground: &mut Ground<'_>,
    (path, blob): (&str, ObjectId),
    setters: &Setters,
) -> Result<Arc<Reading>, PlanError> {
    if let Some(reading) = ground.knowledge.file(blob, setters) {
        return Ok(reading);
    }
    // It may have been known a moment ago, and be forgotten since.
    ground.fetch_blobs(&[blob])?;
    let content = ground.blob(blob)?.ok_or_else(|| PlanError::MissingBlob {
        path: path.to_owned(),
        blob,
    })?;
    let reading = Arc::new(Reading::new(yaml_setter::edit(&content, setters), setters));
    ground.knowledge.learn_file(blob, Arc::clone(&reading));
    Ok(reading)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_that_nobody_can_do_with_at_once_are_left_over() {
        let file =
            "tags:\n".to_owned() + &"- v0 # {\"$imagepolicy\": \"ns:app:tag\"}\n".repeat(1_000);
        let mut setters = Setters::new();
        let image = yaml_setter::LatestImage {
            name: "reg.io/app",
            tag: "v1",
            digest: None,
        };
        setters.policy("ns", "app", &image);
        let said = Reading::new(yaml_setter::edit(file.as_bytes(), &setters), &setters);
        let blob = ObjectId::try_from([0; 20].as_slice()).unwrap();
        let mut edited = Edited::default();
        for number in 0..20 {
            edited.add(&number.to_string(), blob, &said.found);
        }
        assert_eq!((edited.files.len(), edited.left_over), (8, 12));
        assert_eq!(edited.markers, 20_000);
    }
}
