//! Image names, tags and digests: parse, print, canonical form, and a compact list of tags.
//!
//! What a name is, is decided as Flux decides it, that is, as go-containerregistry does: which part of
//! `reg.example:5000/team/app` is the registry, what Docker Hub's short names stand for, which
//! characters count. The texts of [`ImageNameError`] are Flux's, because they end up in conditions that
//! people and tools already read.
//!
//! This crate never talks to a registry, never resolves a name and never reads a clock, a file or the
//! environment.
//!
//! ```
//! use image_ref::{ImageName, ImageRef, Tags};
//!
//! let name = ImageName::parse("alpine")?;
//! assert_eq!(name.canonical(), "index.docker.io/library/alpine");
//!
//! let error = ImageName::parse("ghcr.io/org/app:v1").unwrap_err();
//! assert_eq!(error.to_string(), "image 'ghcr.io/org/app:v1' should not include a tag; remove ':v1'");
//!
//! let image = ImageRef::parse("ghcr.io/org/app:v1")?;
//! assert_eq!((image.name().as_written(), image.tag()), ("ghcr.io/org/app", Some("v1")));
//!
//! let tags = Tags::from_unsorted(["b", "a", "b"])?;
//! assert_eq!(tags.iter().collect::<Vec<_>>(), ["a", "b"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod authority;
mod digest;
mod name;
mod reference;
mod tags;

pub use digest::{Digest, DigestError};
pub use name::{ImageName, ImageNameError};
pub use reference::{ImageRef, ImageRefError, is_valid_tag};
pub use tags::{Iter, MAX_TAG_BYTES, Tags, TagsBuilder, TagsTooLarge};
