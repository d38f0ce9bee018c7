//! Does what was decided: lists the tags, then writes the slices. The status is written after that, by the runtime.

use std::sync::Arc;
use std::time::Duration;

use api::Time;
use api::image::v1::{ImageRepository, ImageRepositoryStatus};
use controller_runtime::Pass;
use controller_runtime::conditions::whole_seconds;
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt as _;
use registry_access::LazyAccess;
use registry_client::Access;
use tag_slices::{Owner, TagHistory, cut};
use tokio::time::{Instant, timeout_at};

use crate::decide::{Plan, Reason};
use crate::error::{PassError, WriteError};
use crate::known::Known;
use crate::metrics::ScanResult as Counted;
use crate::observe::Observed;
use crate::recent::Listed;
use crate::reconcile::Context;
use crate::slices::without_delay;
use crate::status::{Found, Outcome};
use crate::validate::Valid;
use crate::{Exclusions, Scan, ScanError};

/// One pass over one object.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) repository: &'a ImageRepository,
    /// As the last pass left it.
    pub(crate) status: &'a ImageRepositoryStatus,
    pub(crate) valid: &'a Valid,
    pub(crate) pass: &'a Pass,
    /// When the pass began, where the user asks for a scan: that means the registry as it is from then on.
    pub(crate) asked: Option<Instant>,
    /// When credentials and scan are to be done.
    pub(crate) deadline: Instant,
}

/// Does what was decided.
pub(crate) async fn run(
    ctx: &Context,
    task: &Task<'_>,
    observed: Observed,
    plan: Plan,
) -> Result<Outcome, PassError> {
    match plan {
        Plan::Wait(remainder) => {
            if observed.scanned_with.is_none() {
                // After a restart, what is there is taken for what the last scan was made with.
                ctx.memory.scanned(task.repository, observed.with);
            }
            Ok(Outcome::NotDue { remainder })
        }
        Plan::Scan(reason) => {
            let with = observed.with.clone();
            let found = scan(ctx, task, observed, reason).await?;
            ctx.memory.scanned(task.repository, with);
            Ok(Outcome::Scanned(found))
        }
    }
}

/// Scans and writes the slices; counts how it went.
async fn scan(
    ctx: &Context,
    task: &Task<'_>,
    observed: Observed,
    reason: Reason,
) -> Result<Found, PassError> {
    task.pass.progress.says(format!("scanning: {reason}"));
    let before = task.status.last_scan_result.as_ref();
    let done = scan_and_write(ctx, task, observed).await;
    let (result, tags) = match &done {
        Ok(found) if before.is_some_and(|before| before.revision == found.result.revision) => {
            (Counted::Unchanged, found.result.tag_count)
        }
        Ok(found) => (Counted::Changed, found.result.tag_count),
        Err(_) => (Counted::Failed, 0),
    };
    ctx.metrics
        .scanned(result, usize::try_from(tags).unwrap_or_default());
    done
}

async fn scan_and_write(
    ctx: &Context,
    task: &Task<'_>,
    observed: Observed,
) -> Result<Found, PassError> {
    let exclusions = Exclusions::new(&task.valid.exclusions).map_err(PassError::Scan)?;
    let listed = list(ctx, task, &observed.access).await?;
    let uid = task.repository.uid().unwrap_or_default();
    let (found, history) = without_delay(listed.tags.len(), || {
        let remembered = || ctx.slices.remembered(&uid);
        let known = Known::of(task.valid, task.status, observed.history, remembered);
        let (image, tags) = (task.valid.image.clone(), Arc::unwrap_or_clone(listed.tags));
        let scan = Scan::new(image, tags, &exclusions);
        let found = Found::new(&scan, &listed.at);
        (found, known.next(scan.tags, &listed.at))
    });
    if let Some(history) = history {
        write(ctx, task, &history).await?;
    }
    Ok(found)
}

/// The tags of the image: from the registry, or from another object's scan a moment ago.
async fn list(ctx: &Context, task: &Task<'_>, access: &LazyAccess) -> Result<Listed, PassError> {
    if let Some(listed) = shared(ctx, task, access) {
        return Ok(listed);
    }
    let late = || PassError::ScanInTime {
        limit: task.valid.timeout.into(),
    };
    timeout_at(task.deadline + GRACE, ask_registry(ctx, task, access))
        .await
        .map_err(|_| late())?
}

/// What another object has listed since this one was scanned last. A request is for the registry as it is from now on.
fn shared(ctx: &Context, task: &Task<'_>, access: &LazyAccess) -> Option<Listed> {
    let before = task.status.last_scan_result.as_ref();
    let scanned = before.and_then(|result| result.scan_time.as_ref());
    let key = access.list_key(&task.valid.image);
    let usable = task.asked.is_none();
    usable.then(|| ctx.recent.newer(key, scanned)).flatten()
}

async fn ask_registry(
    ctx: &Context,
    task: &Task<'_>,
    access: &LazyAccess,
) -> Result<Listed, PassError> {
    let Owner {
        namespace, name, ..
    } = owner(task.repository);
    let count = |event| ctx.metrics.tokens.asked(&namespace, &name, event);
    let key = access.list_key(&task.valid.image);
    let credentials = access.get_with(count).await.map_err(PassError::Identify)?;
    // Another object's scan may have ended while the credentials were got.
    if let Some(listed) = shared(ctx, task, access) {
        return Ok(listed);
    }
    let credentials = Access {
        timeout: rounded_up(task.deadline.saturating_duration_since(Instant::now())),
        ..credentials
    };
    let image = &task.valid.image;
    let tags = match task.asked {
        None => ctx.registry.list_tags(image, &credentials).await,
        Some(since) => {
            let registry = &ctx.registry;
            registry.list_tags_since(since, image, &credentials).await
        }
    };
    let listed = Listed {
        tags: Arc::new(tags.map_err(|error| PassError::Scan(ScanError::ListTags(error)))?),
        at: whole_seconds(&Time(Timestamp::now())),
    };
    ctx.recent.keep(key, listed.clone());
    Ok(listed)
}

/// The registry's client knows the deadline too, and says better what it was that took so long.
const GRACE: Duration = Duration::from_secs(1);

/// Up to the next whole second, so that the texts of errors that name the time left are the same on each try.
fn rounded_up(left: Duration) -> Duration {
    Duration::from_secs(
        left.as_millis()
            .div_ceil(1000)
            .try_into()
            .unwrap_or(u64::MAX),
    )
}

/// Brings the slices in the cluster to this list.
async fn write(ctx: &Context, task: &Task<'_>, history: &TagHistory) -> Result<(), PassError> {
    let owner = owner(task.repository);
    let missing = || {
        without_delay(history.tags().len(), || {
            ctx.slices.changes(&owner, cut(&owner.name, history))
        })
    };
    let changes = missing();
    let writing = ctx.memory.writing(task.repository);
    let written = ctx.slices.write(&owner, &task.pass.claims, changes).await;
    drop(writing);
    // While it lived, changes by others asked for no pass: they show here, and later ones ask for one again.
    let left = written.map(|()| missing());
    let complete = left.and_then(|left| {
        if left.is_empty() {
            Ok(())
        } else {
            Err(WriteError::Overtaken)
        }
    });
    complete.map_err(|source| PassError::SetTags {
        image: task.valid.image.canonical(),
        source,
    })
}

/// The repository as the owner of its slices.
fn owner(repository: &ImageRepository) -> Owner {
    Owner {
        namespace: repository.namespace().unwrap_or_default(),
        name: repository.name_any(),
        uid: repository.uid().unwrap_or_default(),
    }
}
