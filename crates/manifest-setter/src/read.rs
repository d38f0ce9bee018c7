//! The step [`plan()`](crate::plan()) beside the other work: it blocks.

use std::sync::Arc;

use api::Time;
use api::image::v1::{ImagePolicy, ImageUpdateAutomation};
use chrono::{DateTime, Utc};
use git_remote::Cache;
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use crate::observe::{Source, Usable};
use crate::pass_error::PassError;
use crate::turns::Turn;
use crate::{Heads, Knowledge, Pass, Progress, Request, plan};

/// Reads repositories.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    cache: Cache,
    knowledge: Arc<Knowledge>,
}

/// What a plan is made from.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) automation: Arc<ImageUpdateAutomation>,
    pub(crate) source: Source,
    pub(crate) usable: Arc<Usable>,
    pub(crate) known: Option<Heads>,
    pub(crate) sequence: i64,
    /// The plan that the name is made with.
    pub(crate) after: Option<String>,
    pub(crate) now: Time,
}

impl Reader {
    pub(crate) fn new(cache: Cache) -> Self {
        Self {
            cache,
            knowledge: Arc::default(),
        }
    }

    /// Makes the plan on a thread of its own. That one ends within the deadlines of the remote, also where nobody waits for
    /// it any more; the turn is kept until then.
    pub(crate) async fn plan(
        &self,
        (work, turn): (Work, Arc<Turn>),
        tell: &controller_runtime::Progress,
    ) -> Result<Pass, PassError> {
        let reader = self.clone();
        let (says, mut said) = watch::channel(None);
        let reading = spawn_blocking(move || {
            let found = reader.read(&work, &says);
            drop(turn);
            found
        });
        // It ends with the thread, which drops the sender.
        while said.changed().await.is_ok() {
            if let Some(progress) = *said.borrow_and_update() {
                tell.says(text(progress));
            }
        }
        reading.await.map_err(PassError::Task)?
    }

    fn read(&self, work: &Work, says: &watch::Sender<Option<Progress>>) -> Result<Pass, PassError> {
        let remote = &work.source.remote;
        let repository = self.cache.repository(remote).map_err(PassError::Cache)?;
        let policies: Vec<&ImagePolicy> = work.usable.policies.iter().map(Arc::as_ref).collect();
        let now = date(&work.now);
        let request = Request {
            automation: &work.automation,
            source: &work.source.object,
            policies: &policies,
            denied: &work.usable.denied,
            knowledge: &self.knowledge,
            known: work.known.as_ref(),
            sequence: work.sequence,
            last_plan: work.after.as_deref(),
            now,
            seed: now.timestamp_subsec_nanos().into(),
        };
        let mut progress = |progress| {
            says.send_replace(Some(progress));
        };
        plan(remote, &repository, &request, &mut progress).map_err(PassError::Plan)
    }
}

/// What Reconciling says. How many files are read so far is left out: each number would be a write.
fn text(progress: Progress) -> String {
    match progress {
        Progress::Fetching => "fetching the repository".to_owned(),
        Progress::Reading { total: 1, .. } => "reading a file".to_owned(),
        Progress::Reading { total, .. } => format!("reading {total} files"),
    }
}

fn date(time: &Time) -> DateTime<Utc> {
    let nanoseconds = u32::try_from(time.0.subsec_nanosecond()).unwrap_or_default();
    DateTime::from_timestamp(time.0.as_second(), nanoseconds).unwrap_or_default()
}
