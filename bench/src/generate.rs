//! The inputs: lists of tags, manifests, a repository with a history. The same ones every time.

mod history;
mod manifests;
mod random;
mod small;
mod tags;

pub(crate) use history::{Shape, write_history};
pub(crate) use manifests::{
    FILES, NAMESPACE, POLICIES, image_repository, manifest, marked_files, path, policy_name,
};
pub(crate) use random::Random;
pub(crate) use small::small_repository;
pub(crate) use tags::{build_tags, version_tags};
