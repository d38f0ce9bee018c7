use std::ops::Range;

use api::repin::v1alpha1::{ImageTagSliceSpec, MAX_TAGS};
use image_ref::Tags;

use crate::TagHistory;
use crate::name::slice_name;

/// One tag in so many ends a slice.
const BOUNDARY: u64 = 512;

/// A run of a repository's sorted tag list, as it is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Name of the object: that of the repository and a hash of the tag before the slice.
    pub name: String,
    /// The tags of the run.
    pub history: TagHistory,
}

impl Slice {
    /// The content as the API holds it.
    pub fn spec(&self) -> ImageTagSliceSpec {
        ImageTagSliceSpec {
            tag_count: i64::try_from(self.history.tags().len()).expect("at most MAX_TAGS"),
            observations: self.history.observations(),
        }
    }
}

/// Cuts the tag list of the repository of this name into slices of at most [`MAX_TAGS`] tags, in ascending order. An empty
/// list has none.
///
/// A list of at most [`MAX_TAGS`] is one slice. A longer one ends a slice behind each tag whose hash hits a fixed
/// pattern, one in 512; a run that is still too long is cut behind the tag of the smallest hash in its middle half, again
/// where need be. So the same list is always cut the same way, and a tag that comes or goes leaves the other slices as they
/// are, except where it is itself such a tag. As a tag has at most 128 bytes, a slice has well under 256 KiB.
pub fn cut(repository: &str, history: &TagHistory) -> Vec<Slice> {
    let tags = history.tags();
    let mut before = "";
    ranges(tags)
        .into_iter()
        .map(|range| {
            let name = slice_name(repository, before);
            before = range
                .end
                .checked_sub(1)
                .and_then(|last| tags.get(last))
                .unwrap_or_default();
            Slice {
                name,
                history: history.part(range),
            }
        })
        .collect()
}

fn ranges(tags: &Tags) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    if tags.len() <= MAX_TAGS {
        ranges.extend((!tags.is_empty()).then_some(0..tags.len()));
        return ranges;
    }
    let hashes: Vec<u64> = tags.iter().map(hash).collect();
    let mut start = 0;
    for (index, hash) in hashes.iter().enumerate() {
        if hash % BOUNDARY == 0 || index + 1 == hashes.len() {
            split(start..index + 1, &hashes, &mut ranges);
            start = index + 1;
        }
    }
    ranges
}

/// Adds the range, in parts of at most [`MAX_TAGS`].
fn split(range: Range<usize>, hashes: &[u64], ranges: &mut Vec<Range<usize>>) {
    if range.len() <= MAX_TAGS {
        ranges.push(range);
        return;
    }
    let quarter = range.len() / 4;
    let middle = range.start + quarter..range.end - quarter;
    let least = middle.min_by_key(|&index| hashes[index]);
    let end = least.expect("a range over MAX_TAGS has a middle") + 1;
    split(range.start..end, hashes, ranges);
    split(end..range.end, hashes, ranges);
}

/// FNV-1a with 64 bits, mixed as SplitMix64 does so that all bits depend on all bytes: a tenth of the time of a
/// cryptographic hash, which 100,000 tags on every scan would make felt. It must never change, for then every slice would
/// be cut anew.
fn hash(tag: &str) -> u64 {
    let fnv = tag.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mixed = (fnv ^ (fnv >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests;
