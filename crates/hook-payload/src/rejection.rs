//! Why a hook is not taken.

use crate::jwt::JwtError;
use crate::senders::cdevents::CdEventError;
use crate::{JsonError, Sender};

/// Why a hook is refused. Every one is answered with 400 and an empty body; the text is for the log and holds
/// neither the token nor a signature.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    /// The caller brought other keys than the sender needs.
    #[error("the keys at hand are not those that a hook of type '{sender}' is authenticated with")]
    Keys {
        /// The sender.
        sender: Sender,
    },
    /// The header that authenticates the sender is missing or empty.
    #[error("the header {header} is missing")]
    MissingHeader {
        /// The header, as the sender's documentation writes it.
        header: &'static str,
    },
    /// The token in the header is not the one of the Receiver.
    #[error("the header {header} does not hold the token of the Receiver")]
    WrongToken {
        /// The header.
        header: &'static str,
    },
    /// The signature in the header is not of the form that the sender uses.
    #[error("the header {header} holds no signature: expected {expected}")]
    MalformedSignature {
        /// The header.
        header: &'static str,
        /// The form.
        expected: &'static str,
    },
    /// The signature was not made over this body with the token of the Receiver.
    #[error("the signature in {header} is not that of the body with the token of the Receiver")]
    WrongSignature {
        /// The header.
        header: &'static str,
    },
    /// The body is of a type that the sender never sends.
    #[error(
        "the Content-Type is '{found}': expected application/json or application/x-www-form-urlencoded"
    )]
    MediaType {
        /// The type without its parameters, at most 100 characters of it.
        found: String,
    },
    /// The body is not what the sender sends.
    #[error("the body is not what {sender} sends")]
    Body {
        /// The sender.
        sender: Sender,
        /// What is wrong with it.
        #[source]
        source: JsonError,
    },
    /// The body is not a CDEvent.
    #[error("the body is not a valid CDEvent")]
    CdEvent(#[source] CdEventError),
    /// The event is not among those that the Receiver takes.
    #[error("the {sender} event '{event}' is not among the events of the Receiver")]
    Event {
        /// The sender.
        sender: Sender,
        /// The event, at most 100 characters of it; empty where the header is missing.
        event: String,
    },
    /// There is no `Authorization: Bearer …`.
    #[error("the Authorization header is missing or malformed")]
    NotBearer,
    /// There is nothing after `Bearer`.
    #[error("the Authorization header is missing a bearer token")]
    NoBearer,
    /// The bearer token cannot be read.
    #[error("failed to parse bearer token")]
    ParseToken(#[source] JwtError),
    /// The bearer token is not one that the keys, the audience, the issuer and the time admit.
    #[error("failed to verify OIDC token")]
    VerifyToken(#[source] JwtError),
    /// The token is Google's, but of somebody else.
    #[error(
        "the token is not of the email that the Secret names, or the email is not verified by Google"
    )]
    WrongEmail,
}

/// The longest piece of a request that an error shows, in characters.
const MAX_SHOWN: usize = 100;

/// What an error shows of what a request says: a bounded piece without control characters.
pub(crate) fn shown(text: &str) -> String {
    let printable = text.chars().filter(|char| !char.is_control());
    printable.take(MAX_SHOWN).collect()
}
