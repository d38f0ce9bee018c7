//! From the texts of a plan to the new contents, checked byte by byte.

use api::repin::v1alpha1::{FileEdits, ImageUpdatePlan};
use git_remote::{FileEntry, ObjectId, Repository};
use kube::ResourceExt as _;
use yaml_setter::Splice;

use crate::WriteError;

/// The object id in a field of the plan.
pub(crate) fn object_id(
    plan: &ImageUpdatePlan,
    field: &str,
    text: &str,
) -> Result<ObjectId, WriteError> {
    ObjectId::from_hex(text.as_bytes())
        .map_err(|_| malformed(plan, field, "40 hexadecimal digits", text))
}

fn malformed(
    plan: &ImageUpdatePlan,
    field: &str,
    expected: &'static str,
    found: &str,
) -> WriteError {
    WriteError::Malformed {
        plan: format!(
            "{}/{}",
            plan.namespace().unwrap_or_default(),
            plan.name_any()
        ),
        field: field.to_owned(),
        expected,
        found: found.to_owned(),
    }
}

/// The file at each path of the plan in the tree of `commit`, in the plan's order.
pub(crate) fn find(
    plan: &ImageUpdatePlan,
    repository: &Repository,
    commit: ObjectId,
) -> Result<Vec<Option<FileEntry>>, WriteError> {
    let files = &plan.spec.files;
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    repository
        .find_files(commit, &paths)
        .map_err(WriteError::Read)
}

/// Checks that every file of the plan has, in the tree of `commit`, the content that the plan edits.
pub(crate) fn same_blobs(
    plan: &ImageUpdatePlan,
    repository: &Repository,
    commit: ObjectId,
) -> Result<Vec<ObjectId>, WriteError> {
    let found = find(plan, repository, commit)?;
    plan.spec
        .files
        .iter()
        .zip(found)
        .map(|(file, found)| {
            let expected = object_id(plan, &format!("spec.files[{}].blob", file.path), &file.blob)?;
            match found {
                Some(found) if found.blob == expected => Ok(expected),
                found => Err(WriteError::Superseded {
                    path: file.path.clone(),
                    expected,
                    found: found
                        .map_or_else(|| "nothing".to_owned(), |found| found.blob.to_string()),
                }),
            }
        })
        .collect()
}

/// The path of a file of the plan by its blob.
pub(crate) fn path_of(plan: &ImageUpdatePlan, blob: ObjectId) -> String {
    let blob = blob.to_string();
    let mut files = plan.spec.files.iter();
    files
        .find(|file| file.blob == blob)
        .map(|file| file.path.clone())
        .unwrap_or_default()
}

/// The id of what a file was before the plan's edits, `content` being what it is after them; `None` if it is not.
pub(crate) fn before(file: &FileEdits, content: &[u8]) -> Option<ObjectId> {
    let mut grown = 0_i64;
    let mut back = Vec::with_capacity(file.edits.len());
    for edit in &file.edits {
        back.push(Splice {
            offset: usize::try_from(edit.offset.checked_add(grown)?).ok()?,
            old: &edit.new,
            new: &edit.old,
        });
        let (old, new) = (edit.old.len(), edit.new.len());
        grown += i64::try_from(new).ok()? - i64::try_from(old).ok()?;
    }
    let before = yaml_setter::splice(content, &back).ok()?;
    git_remote::blob_id(&before).ok()
}

/// The new content of each file: the content of its blob with the plan's bytes in place of the old ones.
pub(crate) fn contents(
    plan: &ImageUpdatePlan,
    repository: &Repository,
    blobs: &[ObjectId],
) -> Result<Vec<(String, Vec<u8>)>, WriteError> {
    plan.spec
        .files
        .iter()
        .zip(blobs)
        .map(|(file, blob)| {
            let content = repository
                .blob(*blob)
                .map_err(WriteError::Read)?
                .ok_or_else(|| WriteError::MissingBlob {
                    path: file.path.clone(),
                    blob: *blob,
                })?;
            Ok((file.path.clone(), splice(plan, file, &content)?))
        })
        .collect()
}

fn splice(plan: &ImageUpdatePlan, file: &FileEdits, content: &[u8]) -> Result<Vec<u8>, WriteError> {
    let edits = file
        .edits
        .iter()
        .map(|edit| {
            let offset = usize::try_from(edit.offset).map_err(|_| {
                let field = format!("spec.files[{}].edits.offset", file.path);
                malformed(plan, &field, "a number of bytes", &edit.offset.to_string())
            })?;
            Ok(Splice {
                offset,
                old: &edit.old,
                new: &edit.new,
            })
        })
        .collect::<Result<Vec<_>, WriteError>>()?;
    yaml_setter::splice(content, &edits).map_err(|source| WriteError::Splice {
        path: file.path.clone(),
        source,
    })
}
