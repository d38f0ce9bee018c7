//! One page of tags, read without a string per tag.

use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use image_ref::{TagsBuilder, is_valid_tag};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What is wrong with a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Not the JSON of a list of tags.
    NoPage,
    /// A text that is no tag.
    NoTag(String),
    /// More tags than allowed.
    TooMany,
    /// More bytes than a list can hold.
    TooLong,
}

/// Adds the tags of a page to `tags`, which must not hold more than `limit` then. Returns a hash of the
/// page's tags.
///
/// `null` counts as no tags, and so does an absent list beside a `name`: registries answer so for an empty
/// repository.
pub(super) fn read_page(json: &[u8], tags: &mut TagsBuilder, limit: usize) -> Result<u64, Flaw> {
    let mut collector = Collector {
        tags,
        limit,
        hash: DefaultHasher::new(),
        flaw: None,
    };
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let complete = Page(&mut collector)
        .deserialize(&mut deserializer)
        .is_ok_and(|is_list| is_list && deserializer.end().is_ok());
    match collector.flaw {
        Some(flaw) => Err(flaw),
        None if complete => Ok(collector.hash.finish()),
        None => Err(Flaw::NoPage),
    }
}

struct Collector<'a> {
    tags: &'a mut TagsBuilder,
    limit: usize,
    hash: DefaultHasher,
    /// serde's errors are texts, so the reason for one of ours is kept beside it.
    flaw: Option<Flaw>,
}

impl Collector<'_> {
    fn add(&mut self, tag: &str) -> Result<(), Flaw> {
        if !is_valid_tag(tag) {
            // Enough to recognise it by.
            return Err(Flaw::NoTag(tag.chars().take(256).collect()));
        }
        if self.tags.len() >= self.limit {
            return Err(Flaw::TooMany);
        }
        tag.hash(&mut self.hash);
        self.tags.push(tag).map_err(|_| Flaw::TooLong)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Field {
    Name,
    Tags,
    #[serde(other)]
    Other,
}

/// The object; yields whether it is a list of tags at all.
struct Page<'a, 'c>(&'a mut Collector<'c>);

impl<'de> DeserializeSeed<'de> for Page<'_, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Page<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of tags")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut is_list = false;
        while let Some(field) = map.next_key::<Field>()? {
            is_list |= !matches!(field, Field::Other);
            match field {
                Field::Tags => map.next_value_seed(List(self.0))?,
                Field::Name | Field::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(is_list)
    }
}

/// The array, or `null`.
struct List<'a, 'c>(&'a mut Collector<'c>);

impl<'de> DeserializeSeed<'de> for List<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of tags")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Tag(self.0))?.is_some() {}
        Ok(())
    }
}

/// One tag, borrowed from the page wherever it holds no escape.
struct Tag<'a, 'c>(&'a mut Collector<'c>);

impl<'de> DeserializeSeed<'de> for Tag<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Tag<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tag")
    }

    fn visit_str<E: Error>(self, tag: &str) -> Result<(), E> {
        self.0.add(tag).map_err(|flaw| {
            self.0.flaw = Some(flaw);
            E::custom("see the flaw")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, limit: usize) -> Result<Vec<String>, Flaw> {
        let mut tags = TagsBuilder::new();
        read_page(json.as_bytes(), &mut tags, limit)?;
        Ok(tags.finish().iter().map(str::to_owned).collect())
    }

    #[test]
    fn every_shape_of_a_list_is_read() {
        for (json, expected) in [
            (r#"{"name":"a","tags":["2","1","2"]}"#, &["1", "2"][..]),
            (
                r#"{"tags":["\u0061bc"],"name":{"x":[1]},"child":[]}"#,
                &["abc"],
            ),
            (r#"{"name":"a","tags":null}"#, &[]),
            (r#"{"name":"a"}"#, &[]),
            (r#" { "tags" : [ ] } "#, &[]),
        ] {
            assert_eq!(read(json, 9).unwrap(), expected, "{json}");
        }
    }

    #[test]
    fn what_is_no_list_is_a_flaw() {
        let long = format!(r#"{{"tags":["{}"]}}"#, "x".repeat(129));
        for (json, flaw) in [
            ("", Flaw::NoPage),
            ("<html>", Flaw::NoPage),
            ("[]", Flaw::NoPage),
            ("{}", Flaw::NoPage),
            (r#"{"errors":[]}"#, Flaw::NoPage),
            (r#"{"tags":["1"]"#, Flaw::NoPage),
            (r#"{"tags":["1"]} {}"#, Flaw::NoPage),
            (r#"{"tags":[1]}"#, Flaw::NoPage),
            (r#"{"tags":"1"}"#, Flaw::NoPage),
            (r#"{"tags":{"1":{}}}"#, Flaw::NoPage),
            (r#"{"tags":["1","-x"]}"#, Flaw::NoTag("-x".to_owned())),
            (r#"{"tags":[""]}"#, Flaw::NoTag(String::new())),
            (r#"{"tags":["a\nb"]}"#, Flaw::NoTag("a\nb".to_owned())),
            (&long, Flaw::NoTag("x".repeat(129))),
            (r#"{"tags":["1","2","3"]}"#, Flaw::TooMany),
        ] {
            assert_eq!(read(json, 2), Err(flaw), "{json}");
        }
    }

    #[test]
    fn the_hash_tells_pages_apart() {
        let hash = |json: &str| read_page(json.as_bytes(), &mut TagsBuilder::new(), 9).unwrap();
        let page = hash(r#"{"tags":["1","2"]}"#);
        assert_eq!(page, hash(r#"{"name":"x", "tags":["1", "2"]}"#));
        assert_ne!(page, hash(r#"{"tags":["1","3"]}"#));
        assert_ne!(page, hash(r#"{"tags":["12"]}"#));
    }
}
