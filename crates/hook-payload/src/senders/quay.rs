//! Quay: <https://docs.quay.io/guides/notifications.html>, "Repository Push".

use std::fmt;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

use crate::json::{self, Object};
use crate::{JsonError, Pushed};

#[derive(serde::Deserialize, Default)]
struct RepositoryPush {
    docker_url: Option<String>,
    updated_tags: Option<Tags>,
}

/// The image of which a list has the tags, without a name. A list of millions takes no more room than its tags that count.
#[derive(Default)]
struct Tags(Pushed);

impl<'de> Deserialize<'de> for Tags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = Tags;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of texts")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<Tags, A::Error> {
                let mut named = Pushed::default();
                while let Some(tag) = texts.next_element::<Option<String>>()? {
                    named = named.with_tag(tag.as_deref());
                }
                Ok(Tags(named))
            }
        }
        deserializer.deserialize_seq(Texts)
    }
}

/// The image that was pushed, and all the tags that now are at it.
pub(crate) fn pushed(body: &[u8]) -> Result<Option<Pushed>, JsonError> {
    let Object(RepositoryPush {
        docker_url,
        updated_tags,
    }) = json::first(body)?;
    let pushed = docker_url.as_deref().and_then(Pushed::parse);
    let Tags(named) = updated_tags.unwrap_or_default();
    let with_tag = |pushed: Pushed, tag: &String| pushed.with_tag(Some(tag));
    Ok(pushed.map(|pushed| named.tags.iter().fold(pushed, with_tag)))
}
