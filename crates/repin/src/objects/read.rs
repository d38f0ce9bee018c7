use std::io;
use std::path::PathBuf;
use std::sync::LazyLock;

use api::object::{Object, ObjectError};
use regex::bytes::Regex;
use serde_json::Value;

use super::files::{Inputs, MAX_INPUT_BYTES};
use super::{Store, StoreError};
use crate::yaml;

/// Why the objects cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// A file or folder cannot be read.
    #[error("cannot read {}", path.display())]
    ReadFile {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is too large to hold objects.
    #[error("{origin} is larger than {MAX_INPUT_BYTES} bytes, which no file of objects is")]
    TooLarge {
        /// The file.
        origin: String,
    },
    /// A folder lies too deep.
    #[error("{} lies too deep to be searched for objects: pass the folder that holds them with -f", folder.display())]
    TooDeep {
        /// The folder.
        folder: PathBuf,
    },
    /// A file that seems to hold objects is not YAML.
    #[error("{origin}: not valid YAML: {problem}")]
    ParseYaml {
        /// The file.
        origin: String,
        /// What the parser says, with line and column.
        problem: String,
    },
    /// An object is not what its kind and version allow.
    #[error("{origin}")]
    ParseObject {
        /// The file.
        origin: String,
        /// What is wrong with the object.
        source: Box<ObjectError>,
    },
    /// An object lacks a field that its kind requires.
    #[error("{origin}: looks like a patch: pass the output of `kustomize build`, or add the field")]
    Partial {
        /// The file.
        origin: String,
        /// Which field.
        source: Box<ObjectError>,
    },
    /// Two documents define the same object, or something refers to an object that cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No object was found at all.
    #[error(
        "no object of image automation found in {origins}: expected at least one ImagePolicy or ImageUpdateAutomation"
    )]
    Nothing {
        /// Where it was looked for.
        origins: String,
    },
}

/// Reads all objects from files, folders (recursively, `.yaml`, `.yml` and `.json`) and, for `-`, standard input.
///
/// Documents of other kinds are skipped, and so are files that hold no kind that matters.
pub(crate) fn read_all(paths: &[PathBuf], namespace: &str) -> Result<Store, ReadError> {
    let (mut store, mut inputs) = (Store::default(), Inputs::default());
    inputs.read(paths, |origin, bytes| {
        read_documents(bytes, origin, namespace, &mut store)
    })?;
    store.passed_over.append(&mut inputs.passed_over);
    complete(store, || {
        let origins = paths.iter().map(|path| path.display().to_string());
        origins.collect::<Vec<_>>().join(", ")
    })
}

/// A store that was read to its end, if it can be worked with.
pub(crate) fn complete(store: Store, origins: impl FnOnce() -> String) -> Result<Store, ReadError> {
    if store.is_empty() {
        let origins = origins();
        return Err(ReadError::Nothing { origins });
    }
    store.check_references()?;
    Ok(store)
}

/// Reads the documents of one file into the store. Documents of other kinds are skipped; `List`s are opened.
///
/// A file that is not YAML is an error only where it speaks of Flux's objects: the templates of Helm charts are not.
pub(crate) fn read_documents(
    bytes: &[u8],
    origin: &str,
    namespace: &str,
    store: &mut Store,
) -> Result<(), ReadError> {
    if !holds_objects(bytes) {
        return Ok(());
    }
    let documents = match yaml::documents(bytes) {
        Ok(documents) => documents,
        Err(_) if !names_flux(bytes) => {
            store.templates.push(origin.to_owned());
            return Ok(());
        }
        Err(problem) => {
            return Err(ReadError::ParseYaml {
                origin: origin.to_owned(),
                problem,
            });
        }
    };
    documents
        .into_iter()
        .flat_map(open_list)
        .try_for_each(|object| read_object(object, origin, namespace, store))
}

fn read_object(
    value: Value,
    origin: &str,
    namespace: &str,
    store: &mut Store,
) -> Result<(), ReadError> {
    let identity = identity(&value);
    match Object::from_value(value) {
        Ok(Some(object)) => Ok(store.add(object, namespace, origin)?),
        Ok(None) => Ok(()),
        Err(source) if store.set_unusable(&identity, namespace, &format!("{origin}: {source}")) => {
            Ok(())
        }
        Err(source) => Err(object_error(origin.to_owned(), source)),
    }
}

fn object_error(origin: String, source: ObjectError) -> ReadError {
    let lacks_field = matches!(&source, ObjectError::Field { problem, .. } if problem.starts_with("missing field"));
    let source = Box::new(source);
    if lacks_field {
        ReadError::Partial { origin, source }
    } else {
        ReadError::ParseObject { origin, source }
    }
}

/// What an object is and is called, without its content.
fn identity(object: &Value) -> Value {
    let text = |pointer| object.pointer(pointer).and_then(Value::as_str);
    serde_json::json!({
        "apiVersion": text("/apiVersion"),
        "kind": text("/kind"),
        "metadata": {"namespace": text("/metadata/namespace"), "name": text("/metadata/name")},
    })
}

/// Whether a file may hold an object that matters: a cheap look before it is parsed, so that templates and other files
/// of a repository need not be valid YAML.
pub(crate) fn holds_objects(bytes: &[u8]) -> bool {
    static KINDS: LazyLock<Regex> = LazyLock::new(|| {
        let kinds = "ImageRepository|ImagePolicy|ImageUpdateAutomation|GitRepository|Secret|ServiceAccount|Namespace";
        Regex::new(&format!(
            r#"(?-u)\bkind["']?[ \t]*:[ \t]*["']?(?:{kinds})\b"#
        ))
        .expect("the pattern is constant")
    });
    KINDS.is_match(bytes)
}

/// Whether a file speaks of the API groups of image automation and its sources.
fn names_flux(bytes: &[u8]) -> bool {
    static GROUPS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?-u)\b(?:image|source)\.toolkit\.fluxcd\.io/")
            .expect("the pattern is constant")
    });
    GROUPS.is_match(bytes)
}

/// The items of a `List`, else the object itself.
fn open_list(object: Value) -> Vec<Value> {
    let is_list = object
        .get("kind")
        .and_then(Value::as_str)
        .is_some_and(|kind| kind.ends_with("List"));
    match object {
        Value::Object(mut fields) if is_list => match fields.remove("items") {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        },
        object => vec![object],
    }
}
