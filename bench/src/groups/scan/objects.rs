//! The objects that the controllers work on.

use anyhow::{Context as _, Result};
use api::Duration;
use api::image::v1::{
    ImagePolicy, ImagePolicyChoice, ImagePolicySpec, ImageRepository, ImageRepositoryReference,
    ImageRepositorySpec, SemverPolicy,
};
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::json;

/// Where the objects are.
pub(super) const NAMESPACE: &str = "bench";

/// Makes a repository and a policy for the newest of its tags, both of this name, one after the other.
pub(super) async fn create(client: &Client, name: &str, image: String) -> Result<()> {
    let repository = ImageRepository::new(
        name,
        ImageRepositorySpec {
            image,
            interval: Duration::from_secs(3600),
            ..ImageRepositorySpec::default()
        },
    );
    let repositories = Api::<ImageRepository>::namespaced(client.clone(), NAMESPACE);
    repositories
        .create(&PostParams::default(), &repository)
        .await
        .with_context(|| format!("create ImageRepository {name}"))?;
    let semver = SemverPolicy {
        range: ">=1.0.0".to_owned(),
    };
    let policy = ImagePolicy::new(
        name,
        ImagePolicySpec {
            image_repository_ref: ImageRepositoryReference {
                name: name.to_owned(),
                namespace: None,
            },
            policy: ImagePolicyChoice {
                semver: Some(semver),
                ..ImagePolicyChoice::default()
            },
            ..ImagePolicySpec::default()
        },
    );
    let policies = Api::<ImagePolicy>::namespaced(client.clone(), NAMESPACE);
    policies
        .create(&PostParams::default(), &policy)
        .await
        .with_context(|| format!("create ImagePolicy {name}"))?;
    Ok(())
}

/// Asks for a reconciliation of a repository, as `flux reconcile` does.
pub(super) async fn request_scan(client: &Client, name: &str, value: &str) -> Result<()> {
    let annotations = json!({api::annotations::RECONCILE_REQUESTED: value});
    let patch = json!({"metadata": {"annotations": annotations}});
    let repositories = Api::<ImageRepository>::namespaced(client.clone(), NAMESPACE);
    repositories
        .patch(name, &PatchParams::default(), &Patch::Merge(&patch))
        .await
        .with_context(|| format!("annotate ImageRepository {name}"))?;
    Ok(())
}
