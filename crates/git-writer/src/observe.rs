//! Reads what a plan is checked against: its automation, the GitRepository, the approval. As they are now, not as a watch
//! has shown them: a plan may come before the change that it was made after.

use std::time::Duration;

use api::image::v1::ImageUpdateAutomation;
use api::repin::v1alpha1::{ImageUpdateApproval, ImageUpdatePlan};
use api::source::GitRepository;
use git_access::{AccessError, Cluster, Objects as _, source_of};
use git_remote::Signer;
use kube::{Api, Client, ResourceExt as _};
use serde::de::DeserializeOwned;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::signing::{self, SigningError};
use crate::trouble::Trouble;

/// The longest time that reading an object may take.
const LONGEST_READ: Duration = Duration::from_secs(10);

/// The automation of a plan, whatever its uid.
pub(crate) async fn automation(
    client: &Client,
    plan: &ImageUpdatePlan,
) -> Result<ImageUpdateAutomation, Trouble> {
    let namespace = plan.namespace().unwrap_or_default();
    let name = &plan.spec.automation_ref.name;
    let found = read(client, &namespace, name).await?;
    found.ok_or_else(|| Trouble::NoAutomation {
        automation: format!("{namespace}/{name}"),
    })
}

/// The GitRepository of an automation.
pub(crate) async fn source(
    client: &Client,
    automation: &ImageUpdateAutomation,
    no_cross_namespace: bool,
) -> Result<GitRepository, Trouble> {
    let (namespace, name) = source_of(automation, no_cross_namespace).map_err(Trouble::Access)?;
    let found = read(client, &namespace, &name).await?;
    found.ok_or(Trouble::Access(AccessError::FindSource { name }))
}

/// The approval of a plan's name.
pub(crate) async fn approval(
    client: &Client,
    plan: &ImageUpdatePlan,
) -> Result<Option<ImageUpdateApproval>, Trouble> {
    let namespace = plan.namespace().unwrap_or_default();
    read(client, &namespace, &plan.name_any()).await
}

/// What signs the commits of an automation, where it wants that.
pub(crate) async fn signer(
    cluster: &Cluster,
    automation: &ImageUpdateAutomation,
) -> Result<Option<Signer>, Trouble> {
    let Some(((namespace, name), key)) = signing::secret_of(automation) else {
        return Ok(None);
    };
    let full_name = format!("{namespace}/{name}");
    let read = cluster.secret(&namespace, &name).await;
    let found = read.map_err(|error| SigningError::Read {
        secret: full_name.clone(),
        problem: error.to_string(),
    });
    let secret = found?.ok_or(SigningError::Find {
        secret: full_name,
        name,
    })?;
    let signer = spawn_blocking(move || signing::signer(&key, &secret)).await;
    Ok(Some(signer.map_err(Trouble::Task)??))
}

/// An object as it is now; `None` where there is none.
async fn read<K>(client: &Client, namespace: &str, name: &str) -> Result<Option<K>, Trouble>
where
    K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(client.clone(), namespace);
    let problem = match timeout(LONGEST_READ, api.get_opt(name)).await {
        Ok(Ok(found)) => return Ok(found),
        Ok(Err(kube::Error::Api(status))) => status.message.clone(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("the API server did not answer within {LONGEST_READ:?}"),
    };
    Err(Trouble::Read {
        object: format!("{} '{namespace}/{name}'", K::kind(&())),
        problem,
    })
}
