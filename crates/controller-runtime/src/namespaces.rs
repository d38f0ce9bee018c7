//! Labels of namespaces: they say who may use the objects of another one.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};
use tokio::time::timeout;

/// The longest time that reading a namespace may take.
const LONGEST_READ: Duration = Duration::from_secs(10);

/// The labels of a namespace are not known.
#[derive(Debug, thiserror::Error)]
pub enum NamespaceError {
    /// There is none of this name.
    #[error("Namespace \"{name}\" not found")]
    NotFound {
        /// Its name.
        name: String,
    },
    /// It could not be read; the text is what the API server said, or that it said nothing.
    #[error("{0}")]
    Read(String),
}

/// The labels of a namespace as they are now. Needs the right to get it, and ends within ten seconds.
pub async fn namespace_labels(
    client: &Client,
    name: &str,
) -> Result<BTreeMap<String, String>, NamespaceError> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    match timeout(LONGEST_READ, namespaces.get_metadata(name)).await {
        Ok(Ok(namespace)) => Ok(namespace.metadata.labels.unwrap_or_default()),
        Ok(Err(kube::Error::Api(status))) if status.is_not_found() => {
            Err(NamespaceError::NotFound {
                name: name.to_owned(),
            })
        }
        Ok(Err(error)) => Err(NamespaceError::Read(error.to_string())),
        Err(_) => Err(NamespaceError::Read(format!(
            "the API server did not answer within {LONGEST_READ:?}"
        ))),
    }
}
