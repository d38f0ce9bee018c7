use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The edits of one file.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct FileEdits {
    /// Path from the root of the repository, with `/` between its parts.
    pub path: String,
    /// Id of the blob that the edits apply to.
    pub blob: String,
    /// The edits in ascending order of their offsets, without overlap.
    pub edits: Vec<Edit>,
}

/// Replaces one run of bytes by another.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Edit {
    /// Offset of the first byte replaced, from the start of the file.
    #[schemars(range(min = 0))]
    pub offset: i64,
    /// The bytes that stand there, quotes included where they change.
    pub old: String,
    /// The bytes that take their place.
    pub new: String,
    /// Line of the edit, counted from 1.
    #[schemars(range(min = 1))]
    pub line: i64,
    /// Path of the field in its object, such as `.spec.template.spec.containers[0].image`.
    pub field: String,
    /// The object that the field belongs to.
    pub object: EditedObject,
    /// The marker's text: `namespace:policy`, with `:tag`, `:name` or `:digest` behind it.
    pub setter: String,
    /// The field's value before, without quotes.
    pub old_value: String,
    /// The field's value after, without quotes.
    pub new_value: String,
}

/// The object that an edit changes; members that the manifest lacks are empty.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct EditedObject {
    /// `apiVersion` of the manifest.
    #[serde(default)]
    pub api_version: String,
    /// `kind` of the manifest.
    #[serde(default)]
    pub kind: String,
    /// `metadata.namespace` of the manifest.
    #[serde(default)]
    pub namespace: String,
    /// `metadata.name` of the manifest.
    #[serde(default)]
    pub name: String,
}
