//! What a hook says, for the filters of a Receiver.

use std::fmt;

use serde_json::{Map, Value};

use crate::json;
use crate::{Delivery, JsonError};

/// What a hook says, for the filters of a Receiver: the variable `req`.
///
/// Nothing of it is parsed before somebody asks, since most Receivers have no filter. `Debug` does not show it.
pub struct Payload<'a>(Source<'a>);

enum Source<'a> {
    /// The body is not JSON, or it is a form of GitHub's.
    Nothing,
    Body(&'a [u8]),
    /// Google's event, taken out of the envelope of Pub/Sub.
    Parsed(Value),
}

impl<'a> Payload<'a> {
    /// The body, if the sender says that it is JSON.
    pub(crate) fn body(delivery: &Delivery<'a>) -> Self {
        if delivery.is_json() {
            Self(Source::Body(delivery.body))
        } else {
            Self(Source::Nothing)
        }
    }

    /// What was in the body, if the sender says that the body is JSON.
    pub(crate) fn inner(delivery: &Delivery<'_>, value: Value) -> Self {
        if delivery.is_json() {
            Self(Source::Parsed(value))
        } else {
            Self(Source::Nothing)
        }
    }

    /// The variable `req`: an object always.
    ///
    /// It is the first JSON value of the body; `null` is an object without entries, and so is every body whose
    /// `Content-Type` is not `application/json` (a form of GitHub's, a `+json` type). For `gcr` it is the event in
    /// the envelope of Pub/Sub with exactly `action`, `digest` and `tag`. The numbers in it are meant as doubles.
    /// Each call parses the body again.
    ///
    /// # Errors
    ///
    /// The body is empty, not JSON, not an object, or larger than the bounds of [`JsonError`]: answered with 500, as
    /// Flux does, because the sender is who it has to be.
    pub fn req(&self) -> Result<Value, JsonError> {
        match &self.0 {
            Source::Nothing => Ok(Value::Object(Map::new())),
            Source::Body(body) => json::first_object(body),
            Source::Parsed(value) => Ok(value.clone()),
        }
    }
}

impl fmt::Debug for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Payload")
    }
}
