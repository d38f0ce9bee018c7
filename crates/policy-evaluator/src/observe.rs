//! Reads what a decision needs: the repository, whether the policy may use it, and its tags.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::image::v1::{ImagePolicy, ImageRef};
use controller_runtime::{NamespaceError, namespace_labels};
use image_ref::ImageName;
use kube::ResourceExt as _;
use registry_access::Asker;
use tag_slices::TagHistory;
use tokio::time::timeout;

use crate::catalogue::{Repository, Snapshot};
use crate::decision::Decision;
use crate::error::PassError;
use crate::reconcile::Context;
use crate::validate::Valid;
use crate::{DigestSource, check_access, digest_source, fetch_digest};

/// A repository that the policy may use.
#[derive(Clone, Debug)]
pub(crate) struct Usable {
    pub(crate) repository: Repository,
    pub(crate) image: Arc<ImageName>,
}

/// The repository, if there is one that the policy may use.
pub(crate) async fn repository(
    ctx: &Context,
    valid: &Valid,
    seen: &Snapshot,
) -> Result<Usable, PassError> {
    let Some(repository) = seen.repository.clone() else {
        let name = valid.repository.name.clone();
        return Err(PassError::NoRepository { name });
    };
    may_use(ctx, valid, &repository).await?;
    let image = repository.image.clone().map_err(PassError::Image)?;
    ctx.resolver
        .check_gate(&repository.object, Asker::ImagePolicy)
        .map_err(PassError::Gate)?;
    Ok(Usable { repository, image })
}

/// The tags of the repository; none where the list is not complete.
pub(crate) async fn tags(
    ctx: &Context,
    seen: &Snapshot,
) -> Result<Option<Arc<TagHistory>>, PassError> {
    let Some(list) = &seen.list else {
        return Ok(None);
    };
    let version = ctx.catalogue.version(&list.uid);
    let slices = || ctx.catalogue.slices(&list.uid);
    let list = ctx.lists.get((list, version), slices).await;
    list.map_err(PassError::Task)
}

/// The choice with the digest that the policy wants, from the registry where it is not known.
pub(crate) async fn digest(
    ctx: &Context,
    (policy, usable): (&ImagePolicy, &Usable),
    decision: &Decision,
) -> Result<ImageRef, PassError> {
    let status = policy.status.as_ref();
    let previous = status.and_then(|status| status.latest_ref.as_ref());
    let wanted = policy.spec.digest_reflection_policy;
    let digest = match digest_source(wanted, decision, previous) {
        DigestSource::Without => None,
        DigestSource::Known(digest) => Some(digest),
        DigestSource::Registry => Some(ask(ctx, (policy, usable), &decision.latest).await?),
    };
    Ok(ImageRef {
        digest,
        ..decision.latest.clone()
    })
}

/// Asks the registry, within the timeout of the repository, credentials included.
async fn ask(
    ctx: &Context,
    (policy, usable): (&ImagePolicy, &Usable),
    latest: &ImageRef,
) -> Result<String, PassError> {
    let Usable { repository, image } = usable;
    let (namespace, name) = (policy.namespace().unwrap_or_default(), policy.name_any());
    let count = |event| ctx.metrics.tokens.asked(&namespace, &name, event);
    let reference = || latest.to_string();
    let limit = repository.object.spec.timeout();
    let asking = async {
        let resolving = ctx
            .resolver
            .resolve(&ctx.cluster, &repository.object, image);
        let resolved = resolving.await.map_err(|source| PassError::Authenticate {
            reference: reference(),
            source,
        })?;
        let access = resolved.access.get_with(count).await;
        let access = access.map_err(|source| PassError::Identify {
            reference: reference(),
            source,
        })?;
        let digest = fetch_digest((&ctx.registry, &access), image, &latest.tag).await;
        digest.map_err(PassError::FetchDigest)
    };
    let late = |_| PassError::DigestInTime {
        reference: reference(),
        limit,
    };
    timeout(limit.to_std(), asking).await.map_err(late)?
}

async fn may_use(ctx: &Context, valid: &Valid, repository: &Repository) -> Result<(), PassError> {
    let own = &valid.namespace;
    let labels = if *own == valid.repository_namespace {
        BTreeMap::new()
    } else {
        labels(ctx, own).await?
    };
    let name = repository.object.name_any();
    let access_from = repository.object.spec.access_from.as_ref();
    check_access(
        own,
        &labels,
        (&valid.repository_namespace, &name),
        access_from,
    )
    .map_err(PassError::Access)
}

/// The labels of a namespace, as they are now.
async fn labels(ctx: &Context, name: &str) -> Result<BTreeMap<String, String>, PassError> {
    let labels = namespace_labels(&ctx.client, name).await;
    labels.map_err(|error| match error {
        NamespaceError::NotFound { name } => PassError::NoNamespace { namespace: name },
        NamespaceError::Read(detail) => PassError::ReadNamespace { detail },
    })
}
