//! Commits and pushes, on a thread that may block.

use std::sync::Arc;

use api::Time;
use api::repin::v1alpha1::ImageUpdatePlan;
use git_remote::{Cache, Remote, Signer};
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt as _;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::metrics::{Metrics, Tried};
use crate::prepare::Job;
use crate::recorder::{Ending, Recorder};
use crate::settle::{Overtaken, Settled, settle};
use crate::status::Outcome;
use crate::trouble::Trouble;
use crate::turns::Turn;
use crate::{Fate, WriteError, write as write_plan};

/// A plan and what it is written with.
pub(crate) struct Work {
    pub(crate) plan: Arc<ImageUpdatePlan>,
    pub(crate) remote: Remote,
    pub(crate) cache: Cache,
    pub(crate) signer: Option<Signer>,
    pub(crate) recorder: Recorder,
    /// Why the plan is not to be written any more: only what became of its commit is settled.
    pub(crate) overtaken: Option<Overtaken>,
}

/// Writes the plan. The turn is given back when the thread has ended, also where nobody waits for it any more.
pub(crate) async fn write(work: Work, turn: Turn, metrics: &Metrics) -> Result<Outcome, Trouble> {
    let start = Instant::now();
    let written = spawn_blocking(move || {
        let outcome = work.run();
        drop(turn);
        outcome
    });
    let outcome = match written.await {
        Ok(Err(error)) if is_interrupted(&error) => return Ok(Outcome::Interrupted),
        Ok(outcome) => outcome.map_err(Trouble::Write),
        Err(error) => Err(Trouble::Task(error)),
    };
    metrics.tried(word_for(&outcome), start.elapsed());
    outcome
}

impl Work {
    fn run(mut self) -> Result<Outcome, WriteError> {
        let created = self.plan.creation_timestamp();
        let seconds = created.map_or(0, |time| time.0.as_second());
        if let Some(overtaken) = self.overtaken {
            let job = Job {
                remote: &self.remote,
                cache: &self.cache,
                plan: &self.plan,
                signer: None,
                seconds,
            };
            return Ok(match settle(job, overtaken, &mut self.recorder)? {
                Settled::Pushed(written) => Outcome::Pushed(written, now()),
                Settled::Replaced(newer) => Outcome::Replaced(newer),
                Settled::Outdated(why) => Outcome::Trouble(Fate::Superseded, why),
            });
        }
        let written = write_plan(
            &self.remote,
            &self.cache,
            &self.plan,
            self.signer.as_ref(),
            seconds,
            &mut self.recorder,
        )?;
        Ok(Outcome::Pushed(written, now()))
    }
}

fn now() -> Time {
    Time(Timestamp::now())
}

/// Whether nothing was tried because the process ends.
fn is_interrupted(error: &WriteError) -> bool {
    matches!(error, WriteError::Journal(cause) if cause.is::<Ending>())
}

fn word_for(outcome: &Result<Outcome, Trouble>) -> Tried {
    match outcome {
        Ok(Outcome::Pushed(..)) => Tried::Pushed,
        Ok(_) => Tried::Superseded,
        Err(trouble) => match trouble.fate() {
            Fate::Waits => Tried::Retried,
            Fate::Superseded => Tried::Superseded,
            Fate::Failed => Tried::Failed,
        },
    }
}
