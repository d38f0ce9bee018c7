//! Whether a hook is taken.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::jwt::{self, Expected};
use crate::rejection::shown;
use crate::senders::{acr, cdevents, dockerhub, gcr, github, harbor, nexus, quay};
use crate::{Delivery, Keys, Needs, Payload, Pushed, Rejection, Sender, Token, signature};

/// A hook that is taken.
#[derive(Debug)]
pub struct Hook<'a> {
    /// What it says, for filters.
    pub payload: Payload<'a>,
    /// What the sender's token says, for `generic-oidc` only: an object. The provider's validations are still to be
    /// asked.
    pub claims: Option<Value>,
    /// The image that it names, where the sender names one.
    pub pushed: Option<Pushed>,
}

impl<'a> Hook<'a> {
    /// A hook that is nothing but its body.
    fn of(delivery: &Delivery<'a>) -> Self {
        Self {
            payload: Payload::body(delivery),
            claims: None,
            pushed: None,
        }
    }

    fn about(self, pushed: Option<Pushed>) -> Self {
        Self { pushed, ..self }
    }
}

/// Decides whether a request is a hook of this sender, with these keys, at this time, for these events
/// (`spec.events`; none of them means all).
///
/// # Errors
///
/// The sender is not who it has to be, the body is not what it sends, or the event is not asked for. Every
/// [`Rejection`] is answered with 400.
pub fn authenticate<'a>(
    sender: Sender,
    keys: &Keys<'_>,
    events: &[String],
    delivery: &Delivery<'a>,
    now: DateTime<Utc>,
) -> Result<Hook<'a>, Rejection> {
    let hook = match (sender.needs(), keys) {
        (Needs::Nothing, _) => open(sender, delivery)?,
        (Needs::Token, Keys::Token(token)) => with_token(sender, token, delivery)?,
        (
            Needs::Google,
            Keys::Google {
                keys,
                email,
                audience,
            },
        ) => {
            let claims = jwt::verify(delivery.bearer()?, &google(keys, audience, now));
            gcr::admits(&claims.map_err(Rejection::VerifyToken)?, email)?;
            let event = gcr::event(delivery.body)?;
            Hook {
                payload: Payload::inner(delivery, event.req()),
                claims: None,
                pushed: event.pushed(),
            }
        }
        (
            Needs::Oidc,
            Keys::Oidc {
                keys,
                issuer,
                audience,
                algorithms,
            },
        ) => {
            let expected = Expected {
                keys,
                issuers: &[issuer],
                audience,
                algorithms,
                now,
            };
            let claims = jwt::verify(delivery.bearer()?, &expected);
            let claims = claims.map_err(Rejection::VerifyToken)?.into_value();
            Hook {
                claims: Some(claims),
                ..Hook::of(delivery)
            }
        }
        _ => return Err(Rejection::Keys { sender }),
    };
    asked_for(sender, events, delivery)?;
    Ok(hook)
}

/// What Google's tokens have to be: signed with RS256, as they all are.
fn google<'a>(keys: &'a crate::JwkSet, audience: &'a str, now: DateTime<Utc>) -> Expected<'a> {
    Expected {
        keys,
        issuers: &gcr::ISSUERS,
        audience,
        algorithms: &[],
        now,
    }
}

/// The senders that only know the path.
fn open<'a>(sender: Sender, delivery: &Delivery<'a>) -> Result<Hook<'a>, Rejection> {
    let hook = Hook::of(delivery);
    let body = |source| Rejection::Body { sender, source };
    Ok(match sender {
        Sender::DockerHub => hook.about(dockerhub::pushed(delivery.body).map_err(body)?),
        Sender::Quay => hook.about(quay::pushed(delivery.body).map_err(body)?),
        Sender::Acr => hook.about(acr::pushed(delivery.body).map_err(body)?),
        Sender::CdEvents => {
            let pushed = cdevents::pushed(delivery.body);
            hook.about(pushed.map_err(Rejection::CdEvent)?)
        }
        _ => hook,
    })
}

/// The senders that know the token.
fn with_token<'a>(
    sender: Sender,
    token: &Token,
    delivery: &Delivery<'a>,
) -> Result<Hook<'a>, Rejection> {
    let hook = Hook::of(delivery);
    Ok(match sender {
        Sender::GenericHmac => signature::generic(token, delivery).map(|()| hook)?,
        Sender::GitLab => has_token(token, delivery, "X-Gitlab-Token").map(|()| hook)?,
        Sender::Harbor => {
            has_token(token, delivery, "Authorization")?;
            hook.about(harbor::pushed(delivery.body))
        }
        Sender::Nexus => {
            signature::nexus(token, delivery)?;
            let pushed = nexus::pushed(delivery.body);
            hook.about(pushed.map_err(|source| Rejection::Body { sender, source })?)
        }
        Sender::Bitbucket => {
            github::media_type(delivery)?;
            signature::hub(token, delivery).map(|()| hook)?
        }
        _ => {
            github::media_type(delivery)?;
            signature::hub(token, delivery)?;
            hook.about(github::pushed(delivery))
        }
    })
}

fn has_token(
    token: &Token,
    delivery: &Delivery<'_>,
    header: &'static str,
) -> Result<(), Rejection> {
    match delivery.header(header) {
        [] => Err(Rejection::MissingHeader { header }),
        found if token.equals(found) => Ok(()),
        _ => Err(Rejection::WrongToken { header }),
    }
}

fn asked_for(sender: Sender, events: &[String], delivery: &Delivery<'_>) -> Result<(), Rejection> {
    let Some(header) = sender.event_header().filter(|_| !events.is_empty()) else {
        return Ok(());
    };
    let event = delivery.text(header);
    if events.iter().any(|one| one.eq_ignore_ascii_case(event)) {
        return Ok(());
    }
    Err(Rejection::Event {
        sender,
        event: shown(event),
    })
}
