//! Bearer tokens: fetched from the realm, kept until they end.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use tokio::time::Instant;
use url::{Url, form_urlencoded};

use crate::access::{Credentials, Fingerprint};
use crate::address::refuse_realm;
use crate::error::{Bound, Problem};
use crate::excerpt::excerpt;
use crate::exchange::{Answer, Authorization, Call, Exchange, Form};
use crate::flight::Flights;
use crate::headers::Challenge;
use crate::session::{Endpoint, Route, Session};

/// The most that is read of a token server's answer.
const TOKEN_BYTES: usize = 1 << 20;

/// The lifetime of a token that names none, from the specification of the Docker registry token.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(60);

/// No token is kept for longer, whatever its server says.
const LONGEST_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// Above this many tokens all are fetched anew.
const MANY_TOKENS: usize = 4096;

/// What we call ourselves where a refresh token is exchanged.
const CLIENT_ID: &str = "repin";

/// What a token is good for, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    route: Route,
    repository: String,
    realm: Url,
    service: Option<String>,
    more_scope: Option<String>,
    credentials: Fingerprint,
}

#[derive(Clone)]
struct Token {
    authorization: Authorization,
    ends: Instant,
}

/// The tokens of all callers.
#[derive(Default)]
pub(crate) struct Tokens {
    kept: Mutex<HashMap<Key, Token>>,
    flights: Flights<Key, Result<Authorization, Problem>>,
}

impl Tokens {
    /// A token for the session's repository, as the challenge asks for it.
    pub(crate) async fn get(
        &self,
        session: &Session,
        endpoint: &Endpoint,
        challenge: &Challenge,
        more_scope: Option<&str>,
    ) -> Result<Authorization, Problem> {
        let own = own_scope(&session.repository);
        let key = Key {
            route: session.route.clone(),
            repository: session.repository.clone(),
            realm: realm(challenge, &endpoint.base)?,
            service: challenge.parameter("service").map(str::to_owned),
            more_scope: more_scope.filter(|&scope| scope != own).map(str::to_owned),
            credentials: session.credentials.fingerprint(),
        };
        if let Some(authorization) = self.kept(&key) {
            return Ok(authorization);
        }
        let (session, wanted) = (session.clone(), key.clone());
        let end = session.exchange.deadline.end();
        let flight = self.flights.join(key, end, |deadline| async move {
            let exchange = Exchange {
                deadline,
                ..session.exchange.clone()
            };
            let token = fetch(&session, &exchange, &wanted).await?;
            let authorization = token.authorization.clone();
            session.shared.tokens.keep(wanted, token);
            Ok(authorization)
        });
        flight.await
    }

    /// Drops what the registry no longer takes.
    pub(crate) fn forget(&self, session: &Session) {
        let credentials = session.credentials.fingerprint();
        self.kept.lock().retain(|key, _| {
            key.repository != session.repository
                || key.route != session.route
                || key.credentials != credentials
        });
    }

    fn kept(&self, key: &Key) -> Option<Authorization> {
        let kept = self.kept.lock();
        let token = kept.get(key).filter(|token| token.ends > Instant::now())?;
        Some(token.authorization.clone())
    }

    fn keep(&self, key: Key, token: Token) {
        let mut kept = self.kept.lock();
        if kept.len() >= MANY_TOKENS {
            let now = Instant::now();
            kept.retain(|_, token| token.ends > now);
        }
        if kept.len() >= MANY_TOKENS {
            kept.clear();
        }
        kept.insert(key, token);
    }
}

fn own_scope(repository: &str) -> String {
    format!("repository:{repository}:pull")
}

/// The realm, when credentials may go there.
fn realm(challenge: &Challenge, registry: &Url) -> Result<Url, Problem> {
    let text = challenge.parameter("realm").unwrap_or_default();
    let refuse = |rule| Problem::Realm {
        // Neither user info nor a query gets into the text.
        realm: excerpt::<&str>(without_secrets(text), &[]),
        rule,
    };
    let realm = Url::parse(text).map_err(|_| refuse("is not a URL"))?;
    match refuse_realm(registry, &realm) {
        Some(rule) => Err(refuse(rule)),
        None => Ok(realm),
    }
}

fn without_secrets(url: &str) -> &str {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    url.rsplit_once('@').map_or(url, |(_, host)| host)
}

async fn fetch(session: &Session, exchange: &Exchange, key: &Key) -> Result<Token, Problem> {
    let own = own_scope(&key.repository);
    let service = key
        .service
        .iter()
        .map(|service| ("service", service.as_str()));
    let scopes = [Some(own.as_str()), key.more_scope.as_deref()];
    let call = if let Credentials::IdentityToken(token) = &session.credentials {
        let scope: Vec<&str> = scopes.into_iter().flatten().collect();
        let token = token.expose_secret();
        exchange_call(&key.realm, token, service, &scope.join(" "))
    } else {
        let scopes = scopes.into_iter().flatten().map(|scope| ("scope", scope));
        let mut call = Call::get(key.realm.clone(), (Bound::TokenBytes, TOKEN_BYTES));
        let mut query = call.url.query_pairs_mut();
        query.extend_pairs(service.chain(scopes));
        drop(query);
        call.authorization = session.basic();
        call
    };
    let answer = exchange.run(&call).await?;
    if answer.status != StatusCode::OK {
        return Err(session.refusal(&answer));
    }
    read(&answer)
}

/// The exchange of a refresh token, RFC 6749, section 6.
fn exchange_call<'a>(
    realm: &Url,
    token: &str,
    service: impl Iterator<Item = (&'a str, &'a str)>,
    scope: &str,
) -> Call {
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "refresh_token")
        .append_pair("client_id", CLIENT_ID)
        .append_pair("refresh_token", token)
        .append_pair("scope", scope)
        .extend_pairs(service)
        .finish();
    let mut call = Call::get(realm.clone(), (Bound::TokenBytes, TOKEN_BYTES));
    call.method = Method::POST;
    call.form = Some(Form {
        body,
        secret: token.to_owned(),
    });
    call
}

/// The token in an answer. No part of the answer gets into an error, since it may be the token.
fn read(answer: &Answer) -> Result<Token, Problem> {
    #[derive(Deserialize)]
    struct Given {
        #[serde(default)]
        access_token: Option<String>,
        #[serde(default)]
        token: Option<String>,
        #[serde(default)]
        expires_in: Option<serde_json::Value>,
    }
    let given: Option<Given> = serde_json::from_slice(&answer.body).ok();
    let fetched = Instant::now();
    given
        .and_then(|given| {
            let filled = |text: &String| !text.is_empty();
            let token = given.access_token.filter(filled);
            let token = token.or_else(|| given.token.filter(filled))?;
            Some(Token {
                authorization: Authorization::new("Bearer", &token, &[])?,
                ends: fetched + usable(given.expires_in.as_ref()),
            })
        })
        .ok_or_else(|| Problem::Unexpected {
            request: answer.call.describe(),
            expected: "a token as JSON",
            found: answer.size_and_type(),
        })
}

/// How long a token is used: four fifths of its life, so that none ends on the way.
fn usable(expires_in: Option<&serde_json::Value>) -> Duration {
    let seconds = match expires_in {
        Some(serde_json::Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64(),
        None => None,
    };
    let lifetime = seconds.map_or(DEFAULT_LIFETIME, Duration::from_secs);
    lifetime.min(LONGEST_LIFETIME) * 4 / 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_used_for_four_fifths_of_its_life() {
        for (json, seconds) in [
            ("300", 240),
            ("\"300\"", 240),
            ("0", 0),
            ("99999999999", 2880),
            ("\"soon\"", 48),
            ("-5", 48),
            ("null", 48),
        ] {
            let value: serde_json::Value = serde_json::from_str(json).unwrap();
            assert_eq!(usable(Some(&value)).as_secs(), seconds, "{json}");
        }
        assert_eq!(usable(None).as_secs(), 48);
    }

    #[test]
    fn a_refused_realm_is_shown_without_secrets() {
        let base = Url::parse("https://reg.io/").unwrap();
        for text in [
            "ftp://user:hunter2@auth.io/token?key=hunter2",
            "https://user:hunter2@auth.io/token?key=hunter2",
            "user:hunter2@",
        ] {
            let challenge = Challenge {
                scheme: "bearer".to_owned(),
                parameters: vec![("realm".to_owned(), text.to_owned())],
            };
            let problem = realm(&challenge, &base).unwrap_err();
            assert!(!format!("{problem} {problem:?}").contains("hunter2"));
        }
    }
}
