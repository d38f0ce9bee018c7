//! Finds image policy markers in YAML bytes and rewrites exactly the marked scalars.
//!
//! A marker is a comment on a scalar value that names an image policy:
//!
//! ```yaml
//! image: ghcr.io/org/app:5.0.0 # {"$imagepolicy": "flux-system:app"}
//! ```
//!
//! [`edit()`] takes the bytes of a file and the [`Setters`] of the policies, and returns the changes that
//! bring the marked values up to date, the markers it saw, and a [`Finding`] for everything that Flux
//! passes over in silence. [`splice()`] applies changes to bytes; it knows nothing of YAML, so that whoever
//! writes a file needs no more trust than in the bytes that were planned.
//!
//! - Which comment marks which value is what Flux does (yaml.v3 under kyaml), except where that is
//!   an accident of its parser.
//! - Nothing but the scalar changes: comments, blank lines, quotes, indentation, CRLF, byte order mark and
//!   document separators stay. A plain value gets double quotes whenever a reader of YAML 1.1 or 1.2 would
//!   not read the new text as a string.
//! - A file without the text `"$imagepolicy"` is never parsed. Aliases are never expanded, nesting and size
//!   are bounded, and no input makes this crate panic.
//! - It does no I/O, keeps no state, and knows no clock.
//!
//! ```
//! use yaml_setter::{LatestImage, Setters, Splice, edit, splice};
//!
//! let file = br#"tag: 1.9   # {"$imagepolicy": "flux-system:app:tag"}"#;
//! let mut setters = Setters::new();
//! let image = LatestImage { name: "ghcr.io/org/app", tag: "1.10", digest: None };
//! setters.policy("flux-system", "app", &image);
//!
//! let found = edit(file, &setters);
//! assert_eq!((found.edits[0].old.as_str(), found.edits[0].new.as_str()), ("1.9", "\"1.10\""));
//!
//! let changes: Vec<Splice> = found.edits.iter().map(|edit| edit.splice()).collect();
//! let written = splice(file, &changes).unwrap();
//! assert_eq!(written, br#"tag: "1.10"   # {"$imagepolicy": "flux-system:app:tag"}"#);
//! ```

mod attach;
mod comment;
mod edit;
mod finding;
mod identity;
mod layout;
mod lint;
mod locate;
mod marker;
mod mask;
mod pieces;
mod plain;
mod screen;
mod setters;
mod source;
mod splice;
mod token;
mod walk;
mod write;

pub use edit::{Edit, FileEdits, edit, policies};
pub use finding::{Finding, NeverAMarker, Place, Problem};
pub use lint::{suspicious, syntax};
pub use marker::{Marker, ObjectId, Part, PolicyName};
pub use screen::{MAX_FILE_BYTES, is_candidate, may_hold_marker};
pub use setters::{LatestImage, Setters};
pub use splice::{Splice, SpliceError, splice};
