//! What a hook is for: its Receiver, whether the sender is who it says, and the objects that are asked to reconcile.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::request::Parts;
use chrono::Utc;
use hook_payload::filter::Bindings;
use hook_payload::{Delivery, Hook, Keys, Needs, Token, UnverifiedToken, authenticate};
use kube::{Client, ResourceExt as _};
use serde_json::{Map, Value};
use tokio::time::timeout;
use tracing::Instrument as _;

use super::body::Whole;
use super::error::HookError;
use super::secret::{self, SecretError, Secrets};
use super::server::Desk;
use crate::catalogue::{Catalogue, Entry};
use crate::expressions::Expressions;
use crate::keys::KeyRing;
use crate::targets::{Call, Targets};

/// How long a hook may take, its body aside.
const DEADLINE: Duration = Duration::from_secs(25);

/// Handles hooks.
pub(crate) struct HookDesk {
    catalogue: Arc<Catalogue>,
    keys: KeyRing,
    secrets: Secrets,
    targets: Targets,
}

impl HookDesk {
    /// With `elsewhere`, Receivers may name objects of other namespaces.
    pub(crate) fn new(
        catalogue: Arc<Catalogue>,
        keys: KeyRing,
        client: Client,
        elsewhere: bool,
    ) -> Self {
        Self {
            catalogue,
            keys,
            secrets: Secrets::new(client.clone()),
            targets: Targets::new(client, elsewhere),
        }
    }
}

impl Desk for HookDesk {
    type Receiver = Arc<Entry>;

    fn find(&self, path: &str) -> Option<Arc<Entry>> {
        self.catalogue.lookup(path)
    }

    async fn take(&self, entry: Arc<Entry>, head: Parts, body: Whole) -> StatusCode {
        let (namespace, name) = (entry.receiver.namespace(), entry.receiver.name_any());
        let namespace = namespace.unwrap_or_default();
        let span = tracing::info_span!("hook", namespace, name, sender = entry.sender().name());
        let handling = async {
            let handled = timeout(DEADLINE, Box::pin(self.handle(&entry, &head, &body))).await;
            let handled = handled.unwrap_or(Err(HookError::Deadline(DEADLINE)));
            report(&handled);
            handled.map_or_else(|error| error.status(), |()| StatusCode::OK)
        };
        handling.instrument(span).await
    }
}

/// Says what became of a hook, once. The span names the Receiver; its path is told to nobody.
fn report(handled: &Result<(), HookError>) {
    match handled {
        Ok(()) => tracing::debug!("the hook is done"),
        Err(error) if error.status().is_server_error() && !matches!(error, HookError::NotReady) => {
            tracing::error!(%error, "the hook is not done");
        }
        Err(error) => tracing::warn!(%error, "the hook is refused"),
    }
}

impl HookDesk {
    async fn handle(&self, entry: &Entry, head: &Parts, body: &Whole) -> Result<(), HookError> {
        if !entry.is_serving() {
            return Err(HookError::NotReady);
        }
        let expressions = entry.expressions.as_ref();
        let expressions = expressions.map_err(|error| HookError::Expressions(error.clone()))?;
        let delivery = Delivery {
            headers: &head.headers,
            body: &body.bytes,
        };
        let hook = self.authenticated(entry, expressions, &delivery).await?;
        let req = if expressions.has_filters() {
            hook.payload.req().map_err(HookError::Body)?
        } else {
            Value::Object(Map::new())
        };
        let mut bindings = Bindings::new().with("req", &req);
        if let Some(claims) = &hook.claims {
            bindings = bindings.with("claims", claims);
        }
        let call = Call {
            receiver: &entry.receiver,
            expressions,
            bindings,
            pushed: hook.pushed.as_ref(),
        };
        match self.targets.ask(&call).await {
            failures if failures.is_empty() => Ok(()),
            failures => Err(HookError::Resources(failures)),
        }
    }

    /// The hook, from who has to send it.
    async fn authenticated<'a>(
        &self,
        entry: &Entry,
        expressions: &Expressions,
        delivery: &Delivery<'a>,
    ) -> Result<Hook<'a>, HookError> {
        let needs = entry.sender().needs();
        if needs == Needs::Oidc {
            return self.of_provider(entry, expressions, delivery).await;
        }
        let secret = self.secret(entry).await?;
        let token = secret.token().ok_or_else(|| missing(entry, "token"))?;
        if !entry.is_current(Some(&token)) {
            return Err(HookError::FormerPath);
        }
        if needs == Needs::Google {
            return self.of_google(entry, &secret, delivery).await;
        }
        accept(entry, &keys(needs, &token), delivery)
    }

    async fn secret(&self, entry: &Entry) -> Result<Arc<secret::Keys>, HookError> {
        let reference = entry.receiver.spec.secret_ref.as_ref();
        let name = &reference.ok_or(HookError::NoSecret)?.name;
        let namespace = entry.receiver.namespace().unwrap_or_default();
        let secret = self.secrets.read(&namespace, name).await;
        secret.map_err(HookError::Secret)
    }

    /// A hook of Pub/Sub, which comes with a token of Google.
    async fn of_google<'a>(
        &self,
        entry: &Entry,
        secret: &secret::Keys,
        delivery: &Delivery<'a>,
    ) -> Result<Hook<'a>, HookError> {
        let text = |key| secret.text(key).ok_or_else(|| missing(entry, key));
        let (email, audience) = (text("email")?, text("audience")?);
        let token = UnverifiedToken::parse(delivery).map_err(HookError::Rejected)?;
        let keys = self.keys.google(token.key_id()).await;
        let keys = keys.map_err(HookError::GoogleKeys)?;
        let keys = Keys::Google {
            keys: &keys.set,
            email,
            audience,
        };
        accept(entry, &keys, delivery)
    }

    /// A hook with a token of an OpenID Connect provider.
    async fn of_provider<'a>(
        &self,
        entry: &Entry,
        expressions: &Expressions,
        delivery: &Delivery<'a>,
    ) -> Result<Hook<'a>, HookError> {
        if !entry.is_current(None) {
            return Err(HookError::FormerPath);
        }
        let token = UnverifiedToken::parse(delivery).map_err(HookError::Rejected)?;
        let issuer = token.issuer();
        let provider = expressions.provider(issuer);
        let provider = provider.ok_or_else(|| HookError::unknown_issuer(issuer))?;
        let keys = self.keys.issuer(issuer, token.key_id()).await;
        let keys = keys.map_err(|source| HookError::ProviderKeys {
            issuer: issuer.to_owned(),
            source,
        })?;
        let keys = Keys::Oidc {
            keys: &keys.set,
            issuer,
            audience: provider.audience(),
            algorithms: &keys.algorithms,
        };
        let hook = accept(entry, &keys, delivery)?;
        let claims = hook.claims.as_ref().unwrap_or(&Value::Null);
        provider.admits(claims).map_err(HookError::Claims)?;
        Ok(hook)
    }
}

fn keys(needs: Needs, token: &Token) -> Keys<'_> {
    match needs {
        Needs::Token => Keys::Token(token),
        Needs::Nothing | Needs::Google | Needs::Oidc => Keys::Nothing,
    }
}

fn accept<'a>(
    entry: &Entry,
    keys: &Keys<'_>,
    delivery: &Delivery<'a>,
) -> Result<Hook<'a>, HookError> {
    let events = &entry.receiver.spec.events;
    authenticate(entry.sender(), keys, events, delivery, Utc::now()).map_err(HookError::Rejected)
}

/// The Secret has no such key.
fn missing(entry: &Entry, key: &'static str) -> HookError {
    let reference = entry.receiver.spec.secret_ref.as_ref();
    let namespace = entry.receiver.namespace().unwrap_or_default();
    let name = reference.map_or("", |reference| &reference.name);
    HookError::Secret(SecretError::Key {
        name: format!("{namespace}/{name}"),
        key,
    })
}
