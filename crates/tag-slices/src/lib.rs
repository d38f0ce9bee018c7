//! The tag list of an image repository as ImageTagSlice objects: cut, assembled, verified, with the time each tag was
//! first seen.
//!
//! A list can hold 100,000 tags and an object about a megabyte, so the sorted list is cut into slices of at most
//! [`MAX_TAGS`](api::repin::v1alpha1::MAX_TAGS) tags, at places that the tags themselves determine. One new tag therefore
//! changes one slice.
//!
//! | | |
//! | --- | --- |
//! | [`TagHistory`] | a complete list with the memory of when each tag was first seen |
//! | [`cut()`] | list → [`Slice`]s |
//! | [`SliceIndex`] | the slices in the cluster, as a watch reports them, by the uid of the ImageRepository that owns them |
//! | [`SliceSet`] | the slices of one repository → list, and what to write so that they become another list |
//! | [`revision()`] | the checksum that ties slices and `status.lastScanResult` together |
//!
//! A list that slices add up to is to be trusted only when its count and its revision are those of the status:
//! [`SliceSet::complete`] gives it then and only then.
//!
//! The crate does no I/O and never reads the clock. What is held of the cluster is packed: a tag costs a few bytes, and no
//! allocation.

mod cut;
mod history;
mod index;
mod name;
mod numbers;
mod revision;
mod set;

pub use cut::{Slice, cut};
pub use history::{Aged, TagHistory};
pub use index::{Owner, SliceIndex};
pub use name::label;
pub use revision::revision;
pub use set::{Change, SliceError, SliceSet};
