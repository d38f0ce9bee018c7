//! Where Secrets, ServiceAccounts and their tokens come from.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use secrecy::SecretString;

/// A source of the objects that an ImageRepository refers to. It reads at each call and remembers nothing. Every call
/// ends within a bound of its own.
pub trait Objects: Clone + Send + Sync + 'static {
    /// The Secret of that name; nothing where there is none.
    fn secret(
        &self,
        namespace: &str,
        name: &str,
    ) -> impl Future<Output = Result<Option<Secret>, ReadError>> + Send;

    /// The ServiceAccount of that name; nothing where there is none.
    fn service_account(
        &self,
        namespace: &str,
        name: &str,
    ) -> impl Future<Output = Result<Option<ServiceAccount>, ReadError>> + Send;

    /// A fresh token of a ServiceAccount for one audience.
    fn token(
        &self,
        namespace: &str,
        account: &str,
        audience: &str,
    ) -> impl Future<Output = Result<SecretString, ReadError>> + Send;
}

/// An object that cannot be read, for another reason than that it does not exist. Prints as its cause.
#[derive(Clone)]
pub struct ReadError(Arc<dyn Error + Send + Sync>);

impl ReadError {
    /// The cause must not hold a secret.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(cause.into()))
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Error for ReadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
