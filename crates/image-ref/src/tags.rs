//! The tags of one repository in two allocations.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;

/// The most bytes that the tags of one list may have together: 64 MiB, which is half a million tags of
/// the greatest length. It also keeps every offset within 32 bits.
pub const MAX_TAG_BYTES: usize = 64 * 1024 * 1024;

/// A list has outgrown [`MAX_TAG_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many tags: together they exceed {MAX_TAG_BYTES} bytes")]
pub struct TagsTooLarge;

/// Tags in ascending byte order, each once.
///
/// They lie one behind the other in one string beside the offsets at which they end, so that 100,000
/// tags cost two allocations and four bytes each beyond their text.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Tags {
    text: String,
    /// Where each tag ends in `text`; it starts where the one before it ends.
    ends: Vec<u32>,
}

impl Tags {
    /// Collects tags that come in any order and possibly more than once.
    pub fn from_unsorted(
        tags: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, TagsTooLarge> {
        let mut builder = TagsBuilder::new();
        for tag in tags {
            builder.push(tag.as_ref())?;
        }
        Ok(builder.finish())
    }

    /// All tags in ascending byte order.
    pub fn iter(&self) -> Iter<'_> {
        Iter {
            tags: self,
            range: 0..self.ends.len(),
        }
    }

    /// How many tags there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The tag at a position in ascending byte order.
    pub fn get(&self, index: usize) -> Option<&str> {
        (index < self.len()).then(|| self.slice(index))
    }

    /// Whether this very tag is in the list.
    pub fn contains(&self, tag: &str) -> bool {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.slice(middle).cmp(tag) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return true,
            }
        }
        false
    }

    /// The tags for which `keep` is true.
    #[must_use]
    pub fn retain(self, mut keep: impl FnMut(&str) -> bool) -> Self {
        let mut kept = Self::default();
        self.iter()
            .filter(|tag| keep(tag))
            .for_each(|tag| kept.append(tag));
        kept.shrink();
        kept
    }

    /// The bytes that the `revision` of an ImageRepository is the checksum of: each tag in descending byte
    /// order, as Flux stores them, each followed by a newline.
    pub fn checksum_input(&self) -> impl Iterator<Item = &[u8]> {
        self.iter()
            .rev()
            .flat_map(|tag| [tag.as_bytes(), b"\n".as_slice()])
    }

    /// The tag at an index below `len`.
    fn slice(&self, index: usize) -> &str {
        let start = if index == 0 {
            0
        } else {
            self.ends[index - 1] as usize
        };
        &self.text[start..self.ends[index] as usize]
    }

    /// Adds a tag behind the others. The caller sees to order and to [`MAX_TAG_BYTES`].
    fn append(&mut self, tag: &str) {
        self.text.push_str(tag);
        let end = u32::try_from(self.text.len()).expect("MAX_TAG_BYTES is below 4 GiB");
        self.ends.push(end);
    }

    /// Gives back what growing has allocated in advance.
    fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

impl fmt::Debug for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<'a> IntoIterator for &'a Tags {
    type Item = &'a str;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The tags of a list in ascending byte order.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    tags: &'a Tags,
    range: Range<usize>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.range.next().map(|index| self.tags.slice(index))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.range.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.range.next_back().map(|index| self.tags.slice(index))
    }
}

impl ExactSizeIterator for Iter<'_> {}

/// Gathers tags page by page, in any order.
#[derive(Clone, Debug, Default)]
pub struct TagsBuilder {
    /// The tags in the order of their coming, except that a direct repetition is left out.
    tags: Tags,
    out_of_order: bool,
}

impl TagsBuilder {
    /// A builder without tags.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one tag. A tag that is there already is not counted twice.
    pub fn push(&mut self, tag: &str) -> Result<(), TagsTooLarge> {
        if self.tags.text.len() + tag.len() > MAX_TAG_BYTES {
            return Err(TagsTooLarge);
        }
        match self.tags.iter().next_back().map(|last| last.cmp(tag)) {
            Some(Ordering::Equal) => return Ok(()),
            Some(Ordering::Greater) => self.out_of_order = true,
            Some(Ordering::Less) | None => {}
        }
        self.tags.append(tag);
        Ok(())
    }

    /// How many tags are held, repeated ones included.
    pub fn len(&self) -> usize {
        self.tags.len()
    }

    /// Whether nothing was pushed yet.
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }

    /// Sorts what came out of order, drops repetitions and returns the list.
    pub fn finish(self) -> Tags {
        let mut tags = if self.out_of_order {
            sorted(&self.tags)
        } else {
            self.tags
        };
        tags.shrink();
        tags
    }
}

/// The same tags in ascending order, each once.
fn sorted(unsorted: &Tags) -> Tags {
    let mut order: Vec<&str> = unsorted.iter().collect();
    order.sort_unstable();
    order.dedup();
    let mut tags = Tags::default();
    tags.text.reserve_exact(unsorted.text.len());
    tags.ends.reserve_exact(order.len());
    for tag in order {
        tags.append(tag);
    }
    tags
}

#[cfg(test)]
mod tests;
