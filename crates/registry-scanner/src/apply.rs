//! Does what was decided: lists the tags, then writes the slices. The status is written after that, by the runtime.

use std::sync::Arc;
use std::time::Duration;

use api::Time;
use api::image::v1::ImageRepository;
use controller_runtime::Pass;
use controller_runtime::conditions::whole_seconds;
use image_ref::Tags;
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt as _;
use registry_client::Access;
use tag_slices::{Owner, TagHistory, cut};
use tokio::time::{Instant, timeout_at};

use crate::decide::{Plan, Reason, same_image};
use crate::error::PassError;
use crate::metrics::ScanResult;
use crate::observe::{self, Observed};
use crate::recent::Listed;
use crate::reconcile::Context;
use crate::status::{Found, Outcome};
use crate::validate::Valid;
use crate::{Exclusions, Scan, ScanError};

/// From this many tags on, work on them keeps other tasks waiting long enough to say so to tokio.
const MANY_TAGS: usize = 5_000;

/// One pass over one object.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) repository: &'a ImageRepository,
    pub(crate) valid: &'a Valid,
    pub(crate) pass: &'a Pass,
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
    let before = observe::status(task.repository).last_scan_result;
    let done = scan_and_write(ctx, task, observed, reason).await;
    let (result, tags) = match &done {
        Ok(found) if before.is_some_and(|before| before.revision == found.result.revision) => {
            (ScanResult::Unchanged, found.result.tag_count)
        }
        Ok(found) => (ScanResult::Changed, found.result.tag_count),
        Err(_) => (ScanResult::Failed, 0),
    };
    ctx.metrics
        .scanned(result, usize::try_from(tags).unwrap_or_default());
    done
}

async fn scan_and_write(
    ctx: &Context,
    task: &Task<'_>,
    observed: Observed,
    reason: Reason,
) -> Result<Found, PassError> {
    let exclusions = Exclusions::new(&task.valid.exclusions).map_err(PassError::Scan)?;
    let listed = list(ctx, task, &observed, reason).await?;
    let known = Known::of(ctx, task, observed.history);
    let many = listed.tags.len() >= MANY_TAGS;
    let image = task.valid.image.clone();
    let (found, history) = without_delay(many, || {
        let scan = Scan::new(image, Arc::unwrap_or_clone(listed.tags), &exclusions);
        (
            Found::new(&scan, &listed.at),
            known.next(scan.tags, &listed.at),
        )
    });
    if let Some(history) = history {
        write(ctx, task, &history).await?;
    }
    Ok(found)
}

/// The tags of the image: from the registry, or from another object's scan a moment ago.
async fn list(
    ctx: &Context,
    task: &Task<'_>,
    observed: &Observed,
    reason: Reason,
) -> Result<Listed, PassError> {
    let image = &task.valid.image;
    let key = observed.access.list_key(image);
    let scanned = observe::status(task.repository)
        .last_scan_result
        .and_then(|result| result.scan_time);
    let recent = ctx
        .recent
        .newer(key, scanned.as_ref())
        .filter(|_| reason.takes_recent());
    if let Some(listed) = recent {
        return Ok(listed);
    }
    let listing = async {
        let Owner {
            namespace, name, ..
        } = owner(task.repository);
        let count = |event| ctx.metrics.asked_for_token(&namespace, &name, event);
        let access = observed
            .access
            .get_with(count)
            .await
            .map_err(PassError::Identify)?;
        let access = Access {
            timeout: rounded_up(task.deadline.saturating_duration_since(Instant::now())),
            ..access
        };
        let listed = ctx.registry.list_tags(image, &access).await;
        listed.map_err(|error| PassError::Scan(ScanError::ListTags(error)))
    };
    let late = || PassError::ScanInTime {
        limit: task.valid.timeout.into(),
    };
    let tags = timeout_at(task.deadline + GRACE, listing)
        .await
        .map_err(|_| late())??;
    let listed = Listed {
        tags: Arc::new(tags),
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

/// What is known of the image's tags before the scan.
enum Known {
    /// Nothing: each tag counts as old.
    Nothing,
    /// The list of the last scan.
    All(TagHistory),
    /// What slices tell that are not that list, because writing them was interrupted.
    Some(TagHistory),
}

impl Known {
    fn of(ctx: &Context, task: &Task<'_>, history: Option<TagHistory>) -> Self {
        let status = observe::status(task.repository);
        if status.last_scan_result.is_none() || !same_image(task.valid, &status) {
            return Self::Nothing;
        }
        let uid = task.repository.uid().unwrap_or_default();
        history.map_or_else(
            || {
                ctx.slices
                    .remembered(&uid)
                    .map_or(Self::Nothing, Self::Some)
            },
            Self::All,
        )
    }

    /// The list after a scan; nothing where its slices are there already.
    fn next(self, tags: Tags, now: &Time) -> Option<TagHistory> {
        match self {
            Self::Nothing => Some(TagHistory::first(tags)),
            Self::All(history) if *history.tags() == tags => None,
            Self::All(history) | Self::Some(history) => Some(history.next(tags, now)),
        }
    }
}

/// Brings the slices in the cluster to this list.
async fn write(ctx: &Context, task: &Task<'_>, history: &TagHistory) -> Result<(), PassError> {
    let owner = owner(task.repository);
    let many = history.tags().len() >= MANY_TAGS;
    let changes = without_delay(many, || {
        ctx.slices.changes(&owner, cut(&owner.name, history))
    });
    let writing = ctx.memory.writing(task.repository);
    let written = ctx.slices.write(&owner, &task.pass.claims, changes).await;
    drop(writing);
    written.map_err(|source| PassError::SetTags {
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

/// Computes, and lets other tasks go on meanwhile where it takes milliseconds.
fn without_delay<T>(many: bool, compute: impl FnOnce() -> T) -> T {
    if many {
        tokio::task::block_in_place(compute)
    } else {
        compute()
    }
}
