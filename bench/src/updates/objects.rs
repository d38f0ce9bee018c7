//! The objects that the controllers work on.

use anyhow::{Context as _, Result};
use api::image::v1::{ImagePolicy, ImageUpdateAutomation};
use api::repin::v1alpha1::ImageUpdatePlan;
use api::source::GitRepository;
use k8s_openapi::NamespaceResourceScope;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::{Api, Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::generate::{POLICIES, image_repository, policy_name};

/// Name of the automation and of its GitRepository.
pub(crate) const NAME: &str = "bench";

/// The objects of one namespace: ten policies, a GitRepository and its automation.
#[derive(Clone)]
pub(crate) struct Objects {
    client: Client,
    namespace: &'static str,
    registry: String,
}

impl Objects {
    /// Of the images of this registry.
    pub(crate) fn new(client: &Client, namespace: &'static str, registry: &str) -> Self {
        Self {
            client: client.clone(),
            namespace,
            registry: registry.to_owned(),
        }
    }

    /// The objects of a kind.
    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), self.namespace)
    }

    /// Makes the policies, each with the tag `0.0.1`.
    pub(crate) async fn create_policies(&self) -> Result<()> {
        for policy in 0..POLICIES {
            let name = policy_name(policy);
            let spec = json!({
                "imageRepositoryRef": {"name": name},
                "policy": {"semver": {"range": ">=0.0.1"}},
            });
            self.apply::<ImagePolicy>(&name, spec).await?;
            self.choose(policy, "0.0.1").await?;
        }
        Ok(())
    }

    /// Writes a choice as policy-evaluator does.
    pub(crate) async fn choose(&self, policy: usize, tag: &str) -> Result<()> {
        let image = format!("{}/{}", self.registry, image_repository(policy));
        let status = json!({"status": {"latestRef": {"name": image, "tag": tag}}});
        let name = policy_name(policy);
        self.api::<ImagePolicy>()
            .patch_status(&name, &PatchParams::default(), &Patch::Merge(&status))
            .await
            .with_context(|| format!("choose {tag} for ImagePolicy {name}"))?;
        Ok(())
    }

    /// Makes the GitRepository and the automation that scans these paths this often.
    pub(crate) async fn automate(&self, url: &str, path: &str, interval: &str) -> Result<()> {
        let source = json!({"interval": "1h", "url": url, "ref": {"branch": "main"}});
        self.apply::<GitRepository>(NAME, source).await?;
        let automation = json!({
            "interval": interval,
            "sourceRef": {"kind": "GitRepository", "name": NAME},
            "git": {"commit": {"author": {"name": "Bench", "email": "bench@example.com"}}},
            "update": {"path": path, "strategy": "Setters"},
        });
        self.apply::<ImageUpdateAutomation>(NAME, automation).await
    }

    /// Applies an object of these.
    pub(crate) async fn apply<K>(&self, name: &str, spec: Value) -> Result<()>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + DeserializeOwned
            + Serialize,
    {
        let object = json!({
            "apiVersion": K::api_version(&()),
            "kind": K::kind(&()),
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": spec,
        });
        let params = PatchParams::apply("bench").force();
        self.api::<K>()
            .patch(name, &params, &Patch::Apply(&object))
            .await
            .with_context(|| format!("apply {} {name}", K::kind(&())))?;
        Ok(())
    }

    /// Takes the automation and all of its plans away.
    pub(crate) async fn clear(&self) -> Result<()> {
        let (params, all) = (DeleteParams::default(), ListParams::default());
        self.api::<ImageUpdateAutomation>()
            .delete_collection(&params, &all)
            .await
            .context("delete the automation")?;
        self.api::<ImageUpdatePlan>()
            .delete_collection(&params, &all)
            .await
            .context("delete the plans")?;
        Ok(())
    }

    /// How many plans there are.
    pub(crate) async fn plans(&self) -> Result<usize> {
        let plans = self
            .api::<ImageUpdatePlan>()
            .list_metadata(&ListParams::default())
            .await;
        Ok(plans.context("list the plans")?.items.len())
    }

    /// The automation.
    pub(crate) async fn automation(&self) -> Result<ImageUpdateAutomation> {
        let automation = self.api::<ImageUpdateAutomation>().get(NAME).await;
        automation.context("read the automation")
    }
}
