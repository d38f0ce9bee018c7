//! The objects of a test, in the place of an API server.

use std::collections::BTreeMap;
use std::sync::Arc;

use git_access::{Objects, ReadError};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use secrecy::SecretString;
use test_support::cloud::service_account_token;

type ByName<T> = BTreeMap<(String, String), T>;

/// Secrets and ServiceAccounts by namespace and name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cluster {
    secrets: Arc<ByName<Secret>>,
    accounts: Arc<ByName<ServiceAccount>>,
    is_down: bool,
}

fn key(namespace: &str, name: &str) -> (String, String) {
    (namespace.to_owned(), name.to_owned())
}

impl Cluster {
    pub(crate) fn secret(mut self, namespace: &str, name: &str, values: &[(&str, &str)]) -> Self {
        let value =
            |&(key, text): &(&str, &str)| (key.to_owned(), ByteString(text.as_bytes().to_vec()));
        let secret = Secret {
            data: Some(values.iter().map(value).collect()),
            ..Secret::default()
        };
        Arc::make_mut(&mut self.secrets).insert(key(namespace, name), secret);
        self
    }

    pub(crate) fn account(
        mut self,
        namespace: &str,
        name: &str,
        annotations: &[(&str, &str)],
    ) -> Self {
        let mut account = ServiceAccount::default();
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        account.metadata.annotations = Some(annotations.iter().map(owned).collect());
        Arc::make_mut(&mut self.accounts).insert(key(namespace, name), account);
        self
    }

    /// The same, but nothing can be read.
    pub(crate) fn down(self) -> Self {
        Self {
            is_down: true,
            ..self
        }
    }

    fn up<T>(&self, value: T) -> Result<T, ReadError> {
        if self.is_down {
            return Err(ReadError::new("the API server is down"));
        }
        Ok(value)
    }
}

impl Objects for Cluster {
    async fn secret(&self, namespace: &str, name: &str) -> Result<Option<Secret>, ReadError> {
        self.up(self.secrets.get(&key(namespace, name)).cloned())
    }

    async fn service_account(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<ServiceAccount>, ReadError> {
        self.up(self.accounts.get(&key(namespace, name)).cloned())
    }

    async fn token(
        &self,
        namespace: &str,
        account: &str,
        audience: &str,
    ) -> Result<SecretString, ReadError> {
        self.up(service_account_token(namespace, account, audience).into())
    }
}
