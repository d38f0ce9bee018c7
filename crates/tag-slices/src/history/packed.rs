use api::Time;
use image_ref::{Tags, TagsBuilder};

use super::TagHistory;
use crate::numbers::Numbers;

/// A [`TagHistory`] in a third of its size, to be kept rather than read.
///
/// Neighbours in a sorted list begin alike, so of each tag there is only what differs from the one before it. Equal
/// histories are equal when they are packed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PackedHistory {
    count: usize,
    /// Per tag: how many bytes it has in common with the beginning of the one before it.
    shared: Numbers,
    /// Per tag: how many bytes of `text` follow those.
    own: Numbers,
    text: Box<str>,
    times: Box<[Time]>,
    /// As in [`TagHistory`].
    seen: Numbers,
}

impl PackedHistory {
    pub(crate) fn new(history: &TagHistory) -> Self {
        let TagHistory { tags, times, seen } = history;
        let shared: Vec<usize> = neighbours(tags)
            .map(|(before, tag)| common_prefix(before, tag))
            .collect();
        let own = || {
            tags.iter()
                .zip(&shared)
                .map(|(tag, &shared)| &tag[shared..])
        };
        Self {
            count: tags.len(),
            own: own().map(str::len).collect(),
            text: own().collect(),
            shared: shared.into_iter().collect(),
            times: times.as_slice().into(),
            seen: seen.iter().map(|&number| number as usize).collect(),
        }
    }

    /// How many tags there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn unpack(&self) -> TagHistory {
        let number = |number| u32::try_from(number).expect("it was one");
        TagHistory {
            tags: self.tags(),
            times: self.times.to_vec(),
            seen: self.seen.iter().map(number).collect(),
        }
    }

    fn tags(&self) -> Tags {
        let (mut tags, mut tag) = (TagsBuilder::new(), String::new());
        let mut text = &*self.text;
        for (shared, own) in self.shared.iter().zip(self.own.iter()) {
            let (own, rest) = text.split_at(own);
            tag.truncate(shared);
            tag.push_str(own);
            tags.push(&tag).expect("they fitted into a list before");
            text = rest;
        }
        tags.finish()
    }
}

/// Each tag with the one before it; before the first there is an empty one.
fn neighbours(tags: &Tags) -> impl Iterator<Item = (&str, &str)> {
    std::iter::once("").chain(tags).zip(tags)
}

/// How many bytes two texts begin alike with, in whole characters.
fn common_prefix(one: &str, other: &str) -> usize {
    let alike = std::iter::zip(one.bytes(), other.bytes()).take_while(|(one, other)| one == other);
    let mut length = alike.count();
    while !other.is_char_boundary(length) {
        length -= 1;
    }
    length
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::history::tests::histories;

    fn packed(tags: &[&str]) -> PackedHistory {
        PackedHistory::new(&TagHistory::first(Tags::from_unsorted(tags).unwrap()))
    }

    proptest! {
        #[test]
        fn nothing_is_lost(history in histories()) {
            let packed = PackedHistory::new(&history);
            prop_assert_eq!(packed.len(), history.tags().len());
            prop_assert_eq!(packed.unpack(), history);
        }

        #[test]
        fn no_text_is_too_odd(tags in prop::collection::vec("[aäöß€😀]{0,4}|a{0,300}", 0..9)) {
            let history = TagHistory::first(Tags::from_unsorted(tags).unwrap());
            prop_assert_eq!(PackedHistory::new(&history).unpack(), history);
        }
    }

    #[test]
    fn only_differences_are_kept() {
        let tags = ["1.20.0", "1.20.0-rc.1", "1.20.1", "1.21.0"];
        assert_eq!(&*packed(&tags).text, "1.20.0-rc.111.0");
    }
}
