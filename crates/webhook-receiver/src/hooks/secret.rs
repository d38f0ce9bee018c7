//! The Secret of a Receiver, read for each hook: what it held before counts for nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use hook_payload::Token;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client};

use crate::sharing::Sharing;
use crate::targets::{CallError, within};

/// Reads Secrets. Hooks that arrive while one is being read share the next time that it is.
pub(crate) struct Secrets {
    client: Client,
    reads: Sharing<(String, String), Result<Arc<Keys>, CallError>>,
}

/// What a Secret holds. There is no `Debug`.
pub(crate) struct Keys {
    data: BTreeMap<String, ByteString>,
}

/// Why a Secret does not help.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    /// It cannot be read.
    #[error("unable to read token from secret '{name}' error: {source}")]
    Read {
        /// `namespace/name`.
        name: String,
        /// Why.
        source: CallError,
    },
    /// It lacks a key, or the key is empty or no text.
    #[error("invalid '{name}' secret data: required fields '{key}'")]
    Key {
        /// `namespace/name`.
        name: String,
        /// The key.
        key: &'static str,
    },
}

impl Secrets {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            reads: Sharing::default(),
        }
    }

    /// What the Secret holds now.
    pub(crate) async fn read(&self, namespace: &str, name: &str) -> Result<Arc<Keys>, SecretError> {
        let api: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
        let wanted = name.to_owned();
        let read = async move {
            let secret = within(api.get(&wanted)).await?;
            let data = secret.data.unwrap_or_default();
            Ok(Arc::new(Keys { data }))
        };
        let key = (namespace.to_owned(), name.to_owned());
        let keys = self.reads.next(key, read).await;
        keys.unwrap_or(Err(CallError::Lost))
            .map_err(|source| SecretError::Read {
                name: format!("{namespace}/{name}"),
                source,
            })
    }
}

impl Keys {
    /// The token; an empty one is none.
    pub(crate) fn token(&self) -> Option<Token> {
        let bytes = self.data.get("token")?;
        Token::new(bytes.0.clone()).ok()
    }

    /// A text; an empty one is none.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        let bytes = self.data.get(key)?;
        let text = std::str::from_utf8(&bytes.0).ok()?;
        Some(text).filter(|text| !text.is_empty())
    }
}
