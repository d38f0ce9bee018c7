//! One repository's objects: images, policies, the automation, and a Receiver for each image.

use anyhow::{Context as _, Result};
use api::image::v1::{ImagePolicy, ImageRepository};
use api::notification::v1::Receiver;
use bytes::Bytes;
use http::StatusCode;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::{Value, json};
use test_support::webhooks;

use super::client::Hook;
use super::site::Site;
use crate::generate::{POLICIES, image_repository, policy_name};
use crate::servers::RegistryProcess;
use crate::updates::{Branch, Objects, settle, until};

/// What the Receivers share with who sends webhooks.
const SECRET: &str = "webhook-token";
pub(super) const TOKEN: &str = "a token of the bench";

/// A repository and what keeps it fresh. What Docker Hub sends has every image of it looked at.
pub(super) struct Fleet<'a> {
    site: &'a Site,
    pub(super) objects: Objects,
    pub(super) branch: Branch,
    /// Where the hooks of each image go.
    paths: Vec<String>,
}

impl<'a> Fleet<'a> {
    /// Makes the objects, and waits until the repository has its first commit.
    pub(super) async fn start(
        site: &'a Site,
        (namespace, path): (&'static str, &str),
        registry: &mut RegistryProcess,
        (url, branch): (&str, Branch),
    ) -> Result<Self> {
        let objects = Objects::new(&site.client, namespace, registry.host());
        create_secret(&objects).await?;
        for policy in 0..POLICIES {
            let tags = ["0.0.1".to_owned()];
            registry.set_tags(&image_repository(policy), &tags)?;
            create(&objects, policy, registry.host()).await?;
        }
        // One commit is made before anything is measured.
        registry.push_tag(&image_repository(0), "0.0.2")?;
        let mut fleet = Self {
            site,
            objects,
            branch,
            paths: Vec::new(),
        };
        for policy in 0..POLICIES {
            let path = hook_path(&fleet.objects, &policy_name(policy)).await?;
            fleet.paths.push(path);
            fleet.docker_hub(policy, "0.0.1").until_taken().await?;
        }
        fleet.until_chosen().await?;
        let before = fleet.branch.tip()?;
        fleet.objects.automate(url, path, "1h").await?;
        fleet.branch.until_moved(&before).await?;
        settle(&fleet.objects, &fleet.branch).await?;
        Ok(fleet)
    }

    /// What Docker Hub sends for a tag that was pushed.
    pub(super) fn docker_hub(&self, policy: usize, tag: &str) -> Hook {
        Hook {
            address: self.site.hooks,
            path: self.paths[policy].clone(),
            signature: None,
            body: body(policy, tag),
            answer: StatusCode::OK,
        }
    }

    async fn until_chosen(&self) -> Result<()> {
        until("every policy to choose", async || {
            let policies = self.objects.api::<ImagePolicy>();
            let policies = policies.list(&ListParams::default()).await;
            let policies = policies.context("list the policies")?.items;
            let chosen = |name: &str, tag: &str| {
                policies.iter().any(|policy| {
                    let status = policy.status.as_ref();
                    let latest = status.and_then(|status| status.latest_ref.as_ref());
                    policy.metadata.name.as_deref() == Some(name)
                        && latest.is_some_and(|latest| latest.tag == tag)
                })
            };
            Ok((0..POLICIES).all(|policy| {
                let tag = if policy == 0 { "0.0.2" } else { "0.0.1" };
                chosen(&policy_name(policy), tag)
            }))
        })
        .await
        .map(drop)
    }
}

/// The body of what Docker Hub sends.
pub(super) fn body(policy: usize, tag: &str) -> Bytes {
    webhooks::docker_hub(&image_repository(policy), tag)
        .to_string()
        .into()
}

/// Makes a Receiver of this type for the images of these policies, and returns its path.
pub(super) async fn receive(
    objects: &Objects,
    (name, type_): (&str, &str),
    policies: &[usize],
) -> Result<String> {
    let resource =
        |policy: &usize| json!({"kind": "ImageRepository", "name": policy_name(*policy)});
    let resources: Vec<Value> = policies.iter().map(resource).collect();
    let spec = json!({
        "type": type_,
        "interval": "1h",
        "secretRef": {"name": SECRET},
        "resources": resources,
    });
    objects.apply::<Receiver>(name, spec).await?;
    hook_path(objects, name).await
}

async fn create(objects: &Objects, policy: usize, registry: &str) -> Result<()> {
    let name = policy_name(policy);
    let image = format!("{registry}/{}", image_repository(policy));
    let repository = json!({"image": image, "interval": "1h"});
    objects.apply::<ImageRepository>(&name, repository).await?;
    let spec = json!({
        "imageRepositoryRef": {"name": name},
        "policy": {"semver": {"range": ">=0.0.1"}},
    });
    objects.apply::<ImagePolicy>(&name, spec).await?;
    receive(objects, (&name, "dockerhub"), &[policy]).await?;
    Ok(())
}

async fn create_secret(objects: &Objects) -> Result<()> {
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": SECRET},
        "stringData": {"token": TOKEN},
    });
    let params = PatchParams::apply("bench").force();
    let applied = objects
        .api::<Secret>()
        .patch(SECRET, &params, &Patch::Apply(&secret))
        .await;
    applied
        .map(drop)
        .context("apply the Secret of the webhooks")
}

/// The path of a Receiver, once it has one.
async fn hook_path(objects: &Objects, name: &str) -> Result<String> {
    let path = async || {
        let receiver = objects.api::<Receiver>().get(name).await;
        let receiver = receiver.with_context(|| format!("read Receiver {name}"))?;
        anyhow::Ok(receiver.status.and_then(|status| status.webhook_path))
    };
    until(&format!("the path of Receiver {name}"), async || {
        Ok(path().await?.is_some())
    })
    .await?;
    path().await?.context("it was there a moment ago")
}
