//! The objects of a test.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{LocalObjectReference, Secret, ServiceAccount};
use parking_lot::Mutex;
use registry_access::{Objects, ReadError};
use secrecy::SecretString;
use test_support::cloud::service_account_token;

/// The namespace of everything.
pub(crate) const NAMESPACE: &str = "team";

/// Secrets and ServiceAccounts of one namespace; the API server that gives tokens of the latter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    secrets: BTreeMap<String, Secret>,
    accounts: BTreeMap<String, ServiceAccount>,
    version: u32,
    failing: bool,
    tokens: Vec<(String, String)>,
    reads: usize,
}

impl Memory {
    pub(crate) fn add_secret(&self, name: &str, kind: &str, values: &[(&str, &str)]) {
        let mut state = self.0.lock();
        state.version += 1;
        let value = |value: &str| ByteString(value.as_bytes().to_vec());
        let data = values
            .iter()
            .map(|&(key, text)| (key.to_owned(), value(text)));
        let mut secret = Secret {
            type_: Some(kind.to_owned()),
            data: Some(data.collect()),
            ..Secret::default()
        };
        secret.metadata.name = Some(name.to_owned());
        secret.metadata.uid = Some(format!("uid-of-{name}"));
        secret.metadata.resource_version = Some(state.version.to_string());
        state.secrets.insert(name.to_owned(), secret);
    }

    /// A pull secret for one host.
    pub(crate) fn add_pull_secret(&self, name: &str, host: &str, password: &str) {
        let entry = format!(r#"{{"username": "robot", "password": "{password}"}}"#);
        let config = format!(r#"{{"auths": {{"{host}": {entry}}}}}"#);
        let values = [(".dockerconfigjson", config.as_str())];
        self.add_secret(name, "kubernetes.io/dockerconfigjson", &values);
    }

    pub(crate) fn remove_secret(&self, name: &str) {
        self.0.lock().secrets.remove(name);
    }

    pub(crate) fn add_account(&self, name: &str, pull: &[&str], annotations: &[(&str, &str)]) {
        let mut state = self.0.lock();
        state.version += 1;
        let reference = |name: &&str| LocalObjectReference {
            name: (*name).to_owned(),
        };
        let mut account = ServiceAccount {
            image_pull_secrets: Some(pull.iter().map(reference).collect()),
            ..ServiceAccount::default()
        };
        let annotations = annotations.iter();
        let annotations = annotations.map(|&(name, value)| (name.to_owned(), value.to_owned()));
        account.metadata.annotations = Some(annotations.collect());
        account.metadata.uid = Some(format!("uid-of-{name}"));
        account.metadata.resource_version = Some(state.version.to_string());
        state.accounts.insert(name.to_owned(), account);
    }

    /// Fails every call from now on.
    pub(crate) fn break_down(&self) {
        self.0.lock().failing = true;
    }

    /// The tokens given out so far: of whom, for what.
    pub(crate) fn tokens(&self) -> Vec<(String, String)> {
        self.0.lock().tokens.clone()
    }

    /// How often anything was read.
    pub(crate) fn reads(&self) -> usize {
        self.0.lock().reads
    }

    fn answer<T>(
        &self,
        namespace: &str,
        read: impl FnOnce(&mut State) -> T,
    ) -> Result<T, ReadError> {
        assert_eq!(namespace, NAMESPACE, "nothing is read in another namespace");
        let mut state = self.0.lock();
        state.reads += 1;
        if state.failing {
            return Err(ReadError::new("the API server is down"));
        }
        Ok(read(&mut state))
    }
}

impl Objects for Memory {
    async fn secret(&self, namespace: &str, name: &str) -> Result<Option<Secret>, ReadError> {
        self.answer(namespace, |state| state.secrets.get(name).cloned())
    }

    async fn service_account(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<ServiceAccount>, ReadError> {
        self.answer(namespace, |state| state.accounts.get(name).cloned())
    }

    async fn token(
        &self,
        namespace: &str,
        account: &str,
        audience: &str,
    ) -> Result<SecretString, ReadError> {
        self.answer(namespace, |state| {
            state.tokens.push((account.to_owned(), audience.to_owned()));
            service_account_token(NAMESPACE, account, audience).into()
        })
    }
}
