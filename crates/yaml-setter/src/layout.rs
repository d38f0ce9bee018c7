use std::ops::Range;

use yaml_rust2::scanner::TScalarStyle;

use crate::marker::ObjectId;
use crate::pieces::Piece;
use crate::source::Source;
use crate::token::{self, BlockLines};

/// A parsed file: where everything stands, and what belongs to what.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) scalars: Vec<Scalar>,
    pub(crate) containers: Vec<Container>,
    pub(crate) objects: Vec<Object>,
}

/// A scalar that has text of its own: no alias, and not the empty text that stands for null.
#[derive(Debug)]
pub(crate) struct Scalar {
    /// The value as the parser saw it; see [`Scalar::value`].
    pub(crate) seen: String,
    pub(crate) style: TScalarStyle,
    /// The token with its quotes, or the header of a block scalar.
    pub(crate) token: Range<usize>,
    /// The lines of a block scalar that has any text.
    pub(crate) block: Option<Box<BlockLines>>,
    /// The explicit tag in full, `tag:yaml.org,2002:int`.
    pub(crate) tag: Option<Box<str>>,
    pub(crate) slot: Slot,
    /// Whether it stands in a flow collection.
    pub(crate) in_flow: bool,
    /// Index of its piece.
    pub(crate) piece: usize,
}

/// The position of a node in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) role: Role,
    pub(crate) container: Option<usize>,
    /// The scalar that is the key of this value.
    pub(crate) key: Option<usize>,
    /// Number of the item in its sequence.
    pub(crate) index: usize,
    /// Whether the item before this one is a block mapping or block sequence.
    pub(crate) after_block: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The document itself.
    Root,
    /// A key, or a part of one.
    Key,
    /// The value of a key.
    Value,
    /// An item of a sequence.
    Item,
}

/// A mapping or a sequence.
#[derive(Debug)]
pub(crate) struct Container {
    pub(crate) slot: Slot,
    pub(crate) object: usize,
    pub(crate) purpose: Purpose,
}

/// What a container means to the object that it is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The mapping that holds `apiVersion`, `kind` and `metadata`.
    Object,
    /// The mapping under `metadata`.
    Metadata,
    /// The sequence under a document's `items`.
    Items,
    Other,
}

/// A document, or an item of a List.
#[derive(Debug, Default)]
pub(crate) struct Object {
    pub(crate) id: ObjectId,
    /// The container that is the object.
    pub(crate) container: usize,
    /// The List that the object is an item of.
    pub(crate) list: Option<usize>,
    pub(crate) has_metadata: bool,
}

impl Scalar {
    /// The decoded value.
    pub(crate) fn value(&self, source: &Source<'_>) -> String {
        let range = self
            .block
            .as_ref()
            .map_or(&self.token, |block| &block.range);
        let text = source.text.get(range.clone()).unwrap_or_default();
        token::decode(&self.seen, text, self.style)
    }
}
