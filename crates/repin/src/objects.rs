//! The objects of a pipeline, read from files, standard input or a repository, and kept in memory.

mod files;
mod read;
mod shelf;
mod store;

pub(crate) use files::{Inputs, MAX_INPUT_BYTES, is_manifest, read_file, read_input};
pub(crate) use read::{ReadError, complete, holds_objects, read_all, read_documents};
pub(crate) use shelf::{Key, StoreError};
pub(crate) use store::Store;
