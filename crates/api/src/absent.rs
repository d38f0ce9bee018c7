//! Reading what Go programs write: an empty string and an absent one are the same thing to them.

use serde::{Deserialize as _, Deserializer};

/// Reads an optional string and takes `""` for an absent one, as Go's `omitempty` fields do.
pub(crate) fn empty_string<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.filter(|text| !text.is_empty()))
}
