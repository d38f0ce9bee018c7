//! The objects of a cluster, read from its API server.

use std::time::Duration;

use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use kube::api::PostParams;
use kube::{Api, Client};
use secrecy::SecretString;

use crate::objects::{Objects, ReadError};

/// The longest time that one call may take; the client repeats a call that the server throttles.
const LONGEST_CALL: Duration = Duration::from_secs(10);

/// The longest name of an object, in bytes.
const LONGEST_NAME: usize = 253;

/// Reads each object when it is asked for, and keeps none.
#[derive(Clone)]
pub struct Cluster(Client);

impl Cluster {
    /// Needs the rights to get Secrets and ServiceAccounts, and to create `serviceaccounts/token` where objects have
    /// identities of their own.
    pub fn new(client: Client) -> Self {
        Self(client)
    }
}

impl Objects for Cluster {
    async fn secret(&self, namespace: &str, name: &str) -> Result<Option<Secret>, ReadError> {
        if !is_name(name) {
            return Ok(None);
        }
        let secrets: Api<Secret> = Api::namespaced(self.0.clone(), namespace);
        within(secrets.get_opt(name)).await
    }

    async fn service_account(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<ServiceAccount>, ReadError> {
        if !is_name(name) {
            return Ok(None);
        }
        let accounts: Api<ServiceAccount> = Api::namespaced(self.0.clone(), namespace);
        within(accounts.get_opt(name)).await
    }

    async fn token(
        &self,
        namespace: &str,
        account: &str,
        audience: &str,
    ) -> Result<SecretString, ReadError> {
        if !is_name(account) {
            let text = format!("serviceaccounts {account:?} not found");
            return Err(ReadError::new(text));
        }
        let accounts: Api<ServiceAccount> = Api::namespaced(self.0.clone(), namespace);
        let request = TokenRequest {
            spec: TokenRequestSpec {
                audiences: vec![audience.to_owned()],
                ..TokenRequestSpec::default()
            },
            ..TokenRequest::default()
        };
        let params = PostParams::default();
        let answer = within(accounts.create_token_request(account, &params, &request)).await?;
        let status = answer.status.filter(|status| !status.token.is_empty());
        let status = status.ok_or_else(|| ReadError::new("the API server gave no token"))?;
        Ok(status.token.into())
    }
}

/// Whether an object can have this name: a DNS subdomain. The client puts names into paths as they are, so that one with
/// a slash or a question mark would ask for something else: another namespace, or all Secrets of this one.
fn is_name(name: &str) -> bool {
    let at_the_ends = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let inside = |b: u8| at_the_ends(b) || matches!(b, b'-' | b'.');
    let ends = name.bytes().next().zip(name.bytes().next_back());
    (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(inside)
        && ends.is_some_and(|(first, last)| at_the_ends(first) && at_the_ends(last))
        && !name.contains("..")
}

async fn within<T>(call: impl Future<Output = kube::Result<T>>) -> Result<T, ReadError> {
    match tokio::time::timeout(LONGEST_CALL, call).await {
        Ok(result) => result.map_err(ReadError::new),
        Err(_) => Err(ReadError::new(format!(
            "the API server did not answer within {LONGEST_CALL:?}"
        ))),
    }
}
