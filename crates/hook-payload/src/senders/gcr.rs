//! Google's registries: <https://cloud.google.com/artifact-registry/docs/configure-notifications>, pushed by Pub/Sub:
//! <https://cloud.google.com/pubsub/docs/push>.

use chrono::{DateTime, FixedOffset};
use data_encoding::{BASE64, DecodePartial};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::json::{self, Object};
use crate::jwt::Claims;
use crate::{JsonError, Pushed, Rejection, Sender};

/// Who Google is, in either way that it calls itself.
pub(crate) const ISSUERS: [&str; 2] = ["https://accounts.google.com", "accounts.google.com"];

/// What Pub/Sub puts around an event.
#[derive(Deserialize, Default)]
struct Envelope {
    #[serde(default)]
    message: Object<Message>,
}

#[derive(Deserialize, Default)]
struct Message {
    data: Option<String>,
    #[serde(rename = "messageId")]
    _id: Option<String>,
    #[serde(rename = "publishTime")]
    _published: Option<DateTime<FixedOffset>>,
    #[serde(rename = "subscription")]
    _subscription: Option<String>,
}

/// What happened in the registry.
#[derive(Deserialize, Default)]
pub(crate) struct Event {
    action: Option<String>,
    digest: Option<String>,
    tag: Option<String>,
}

/// Whether a token of Google's is of the one account that the Secret names.
pub(crate) fn admits(claims: &Claims, email: &str) -> Result<(), Rejection> {
    let found = claims.text("email").map_err(Rejection::VerifyToken)?;
    if found == email && claims.is_true("email_verified") {
        Ok(())
    } else {
        Err(Rejection::WrongEmail)
    }
}

/// The event in the envelope of Pub/Sub.
pub(crate) fn event(body: &[u8]) -> Result<Event, Rejection> {
    read(body).map_err(|source| Rejection::Body {
        sender: Sender::Gcr,
        source,
    })
}

fn read(body: &[u8]) -> Result<Event, JsonError> {
    let Object(Envelope {
        message: Object(message),
    }) = json::first(body)?;
    let Object(event) = json::whole(&decode(message.data.as_deref().unwrap_or_default()))?;
    Ok(event)
}

/// What base64 there is before it ends or breaks off.
fn decode(text: &str) -> Vec<u8> {
    let text: Vec<u8> = text
        .bytes()
        .filter(|byte| !matches!(byte, b'\r' | b'\n'))
        .collect();
    let mut decoded = vec![0; text.len()];
    let length = BASE64.decode_len(text.len());
    let whole = text.len() / 4 * 4;
    let room = length.unwrap_or(whole / 4 * 3);
    decoded.truncate(room);
    let written = match BASE64.decode_mut(&text[..whole], &mut decoded) {
        Ok(written) | Err(DecodePartial { written, .. }) => written,
    };
    decoded.truncate(written);
    decoded
}

impl Event {
    /// The event as filters see it: with all three of its fields, and no other.
    pub(crate) fn req(&self) -> Value {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        json!({
            "action": text(&self.action),
            "digest": text(&self.digest),
            "tag": text(&self.tag),
        })
    }

    /// The image: `tag` and `digest` both are references with the host.
    pub(crate) fn pushed(&self) -> Option<Pushed> {
        let parse = |field: &Option<String>| field.as_deref().and_then(Pushed::parse);
        match (parse(&self.tag), parse(&self.digest)) {
            (Some(tag), digest) => {
                let digest = digest.and_then(|named| named.digest);
                Some(tag.with_digest(digest.as_deref()))
            }
            (None, digest) => digest,
        }
    }
}
