//! From the texts of a plan to the new contents, checked byte by byte.

use api::repin::v1alpha1::{FileEdits, ImageUpdatePlan};
use git_remote::{ObjectId, Repository};
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

/// Checks that every file of the plan has, in the tree of `commit`, the content that the plan edits.
pub(crate) fn same_blobs(
    plan: &ImageUpdatePlan,
    repository: &Repository,
    commit: ObjectId,
) -> Result<Vec<ObjectId>, WriteError> {
    plan.spec
        .files
        .iter()
        .map(|file| {
            let expected = object_id(plan, &format!("spec.files[{}].blob", file.path), &file.blob)?;
            match blob_at(repository, commit, &file.path)? {
                Some(found) if found == expected => Ok(expected),
                found => Err(WriteError::Superseded {
                    path: file.path.clone(),
                    expected,
                    found: found.map_or_else(|| "nothing".to_owned(), |found| found.to_string()),
                }),
            }
        })
        .collect()
}

fn blob_at(
    repository: &Repository,
    commit: ObjectId,
    path: &str,
) -> Result<Option<ObjectId>, WriteError> {
    match repository.files(commit, path) {
        Ok(files) => Ok(files
            .into_iter()
            .find(|file| file.path == path)
            .map(|file| file.blob)),
        Err(git_remote::Error::PathNotFound { .. }) => Ok(None),
        Err(error) => Err(WriteError::Read(error)),
    }
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
