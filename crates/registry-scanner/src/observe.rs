//! Reads what a decision needs: the credentials behind the object, and the slices of its list.

use api::image::v1::{ImageRepository, ImageRepositoryStatus};
use kube::ResourceExt as _;
use registry_access::{LazyAccess, Resolved};
use tag_slices::TagHistory;
use tokio::time::{Instant, timeout_at};

use crate::decide::ScannedWith;
use crate::error::PassError;
use crate::reconcile::Context;
use crate::validate::Valid;

/// What a pass has read.
#[derive(Debug)]
pub(crate) struct Observed {
    /// How to reach the registry.
    pub(crate) access: LazyAccess,
    /// What that is made of.
    pub(crate) with: ScannedWith,
    /// How the last scan of this process reached it.
    pub(crate) scanned_with: Option<ScannedWith>,
    /// The list that the status speaks of, where the slices in the cluster are that list.
    pub(crate) history: Option<TagHistory>,
}

/// Reads Secrets and ServiceAccounts, for at most until `deadline`, and the slices.
pub(crate) async fn repository(
    ctx: &Context,
    repository: &ImageRepository,
    valid: &Valid,
    deadline: Instant,
) -> Result<Observed, PassError> {
    ctx.memory.meet(repository, valid);
    let Resolved { access, sources } = resolve(ctx, repository, valid, deadline).await?;
    let scanned_with = ctx.memory.recall(repository, valid, &sources);
    Ok(Observed {
        access,
        with: ScannedWith {
            spec: valid.asks_for.clone(),
            sources,
        },
        scanned_with,
        history: history(ctx, repository),
    })
}

async fn resolve(
    ctx: &Context,
    repository: &ImageRepository,
    valid: &Valid,
    deadline: Instant,
) -> Result<Resolved, PassError> {
    let resolving = ctx.resolver.resolve(&ctx.cluster, repository, &valid.image);
    let late = || PassError::AuthenticateInTime {
        limit: valid.timeout.into(),
    };
    let resolved = timeout_at(deadline, resolving).await.map_err(|_| late())?;
    resolved.map_err(|error| {
        if let Some(secret) = error.secret() {
            ctx.memory.lacks(repository, secret);
        }
        PassError::Authenticate(error)
    })
}

fn history(ctx: &Context, repository: &ImageRepository) -> Option<TagHistory> {
    let result = repository.status.as_ref()?.last_scan_result.as_ref()?;
    let uid = repository.uid()?;
    ctx.slices.complete(&uid, result)
}

/// The status as the last pass left it.
pub(crate) fn status(repository: &ImageRepository) -> ImageRepositoryStatus {
    repository.status.clone().unwrap_or_default()
}
