//! JSON as the senders' libraries and Flux take it: the first value of a body, and objects that may be `null`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// How many values a body may hold at the most if it is taken apart as a whole.
///
/// An object of one entry takes a hundred times the memory of its text. What forges send has a value per forty
/// bytes, so that a body of 3 MiB stays below this.
pub const MAX_VALUES: usize = 100_000;

/// Why a body is not the JSON that it should be.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// It is no JSON, or what is read of it has another type. What a filter sees may be 127 objects and lists deep;
    /// so may what is read of a hook, and what is not read may be deeper.
    #[error("the JSON cannot be read")]
    Parse(#[source] serde_json::Error),
    /// It holds too many values.
    #[error("the JSON holds more than {MAX_VALUES} values")]
    TooMany,
    /// It is a list, a text, a number or a truth value.
    #[error("the JSON is not an object")]
    NotAnObject,
}

/// The first JSON value of a body; what follows it does not count.
pub(crate) fn first<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, JsonError> {
    // What is not UTF-8 in it becomes U+FFFD, as Go has it.
    let text = String::from_utf8_lossy(body);
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    T::deserialize(&mut deserializer).map_err(JsonError::Parse)
}

/// The one JSON value that a body is.
pub(crate) fn whole<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, JsonError> {
    let text = String::from_utf8_lossy(body);
    serde_json::from_str(&text).map_err(JsonError::Parse)
}

/// The first JSON value of a body, which has to be an object; `null` is one without entries.
pub(crate) fn first_object(body: &[u8]) -> Result<Value, JsonError> {
    let punctuation = |byte: &&u8| matches!(byte, b',' | b'[' | b'{');
    if body.iter().filter(punctuation).count() > MAX_VALUES {
        return Err(JsonError::TooMany);
    }
    match first(body)? {
        Value::Null => Ok(Value::Object(serde_json::Map::new())),
        object @ Value::Object(_) => Ok(object),
        _ => Err(JsonError::NotAnObject),
    }
}

/// An object, or `null`, which stands for one without entries; a list is neither, though serde takes one for a struct.
#[derive(Debug, Default)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(ObjectVisitor(PhantomData))
            .map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or null")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }
}
