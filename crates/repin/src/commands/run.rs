use std::sync::Arc;

use api::image::v1::Approval;
use api::repin::v1alpha1::ImageUpdatePlan;
use chrono::Utc;
use git_remote::Cache;
use git_writer::{NoJournal, WriteError, Written};
use manifest_setter::Finding;
use serde_json::{Value, json};

use super::automations::{self, AutomationError, Automations, Prepared, Work};
use super::{CommandError, Outcome};
use crate::access;
use crate::args::{Output, RunArgs};
use crate::console::Console;
use crate::failure::chain;
use crate::objects::Store;
use crate::report;
use crate::state::State;

/// A plan holds about 1 MiB of edits; no repository needs more of them than this.
const MAX_PLANS: usize = 100;
/// How often a plan is made anew because somebody else changed its files before it was pushed.
const MAX_SUPERSEDED: usize = 3;

/// Plans each automation, commits and pushes.
pub(crate) async fn run(args: &RunArgs, console: &Console) -> Result<Outcome, CommandError> {
    let path = args.automations.objects.state.as_deref();
    let mut state = path
        .map(State::hold)
        .transpose()
        .map_err(CommandError::State)?;
    let Automations {
        store,
        cache,
        prepared,
        learned,
    } = automations::prepare(&args.automations, state.as_ref(), console).await?;
    // Before anything is pushed: what was seen and chosen stays so, whatever becomes of the push.
    if let Some(state) = &mut state {
        learned.remember(state);
        state.save().map_err(CommandError::State)?;
    }
    let (mut failed, mut runs) = (false, Vec::new());
    for (name, prepared) in prepared {
        let work = match prepared {
            Prepared::Ready(work) => *work,
            other => {
                failed |= report::not_ready(console, &name, &other);
                runs.push(report::not_ready_json(&name, &other));
                continue;
            }
        };
        let mut record = Record::default();
        let outcome = run_one(work, (&store, &cache), console, &mut record).await;
        report::findings(console, &record.findings);
        if args.output == Output::Text {
            tell(console, &name, &record, outcome.is_ok())?;
        }
        if let Err(error) = &outcome {
            failed = true;
            console.error(&format!("ImageUpdateAutomation '{name}': {}", chain(error)));
        }
        runs.push(run_json(&name, &record, outcome.err().as_ref()));
    }
    if args.output == Output::Json {
        report::json(console, &json!({ "runs": runs }))?;
    }
    Ok(if failed {
        Outcome::Failed
    } else {
        Outcome::Done
    })
}

/// What a run did for one automation, also when it failed in the middle.
#[derive(Default)]
struct Record {
    commits: Vec<(ImageUpdatePlan, Written)>,
    /// Those of the last pass: earlier ones saw the same.
    findings: Vec<Finding>,
}

fn tell(
    console: &Console,
    name: &str,
    record: &Record,
    succeeded: bool,
) -> Result<(), CommandError> {
    let mut text: String = record
        .commits
        .iter()
        .map(|(plan, written)| report::pushed_text(name, plan, written))
        .collect();
    if succeeded && record.commits.is_empty() {
        text = format!("{name}: repository up-to-date\n");
    }
    console.result(&text).map_err(CommandError::Output)
}

/// Plans and writes until nothing is left. Edits that do not fit into one plan follow in the next one, and a plan whose
/// files somebody else changed before it was pushed is made anew.
async fn run_one(
    mut work: Work,
    (store, cache): (&Store, &Arc<Cache>),
    console: &Console,
    record: &mut Record,
) -> Result<(), AutomationError> {
    if api::safeguards::approval(&work.automation).map_err(AutomationError::Approval)?
        == Approval::Required
    {
        return Err(AutomationError::ApprovalRequired);
    }
    let signer = access::signer(store, &work.automation)
        .map_err(AutomationError::Access)?
        .map(Arc::new);
    let mut superseded = 0;
    for _ in 0..MAX_PLANS {
        let now = Utc::now();
        let repository = automations::open(cache, &work.place.reading).await?;
        let (planned, opened, pass) = automations::plan(work, repository, now, console).await?;
        // The plan is written with the cache's lock free: the lock is held only while the commit is made.
        drop(opened);
        record.findings = pass.findings;
        let Some(plan) = pass.plan else { return Ok(()) };
        let writing = Writing {
            remote: planned.place.writing.clone(),
            plan,
            signer: signer.clone(),
            seconds: now.timestamp(),
        };
        let written = write(writing, Arc::clone(cache)).await?;
        match written {
            Ok(written) => record.commits.push(written),
            Err(WriteError::Superseded { .. }) if superseded < MAX_SUPERSEDED => superseded += 1,
            Err(error @ WriteError::PushRefspec { .. }) => {
                return Err(AutomationError::PushRefspec(error));
            }
            Err(error) => return Err(AutomationError::Write(error)),
        }
        if pass.left_over == 0 && superseded == 0 {
            return Ok(());
        }
        work = planned;
    }
    Err(AutomationError::NeverDone { plans: MAX_PLANS })
}

struct Writing {
    remote: git_remote::Remote,
    plan: ImageUpdatePlan,
    signer: Option<Arc<git_remote::Signer>>,
    seconds: i64,
}

type Wrote = Result<(ImageUpdatePlan, Written), WriteError>;

/// Writes one plan, on a thread of its own. What it prepares is not recorded: nobody goes on with a run.
async fn write(writing: Writing, cache: Arc<Cache>) -> Result<Wrote, AutomationError> {
    tokio::task::spawn_blocking(move || {
        let Writing {
            remote,
            plan,
            signer,
            seconds,
        } = writing;
        let signer = signer.as_deref();
        let written = git_writer::write(&remote, &cache, &plan, signer, seconds, &mut NoJournal);
        written.map(|written| (plan, written))
    })
    .await
    .map_err(AutomationError::Task)
}

fn run_json(name: &str, record: &Record, error: Option<&AutomationError>) -> Value {
    let commits: Vec<Value> = record
        .commits
        .iter()
        .map(|(plan, written)| {
            json!({
                "commit": written.commit.to_string(),
                "parent": written.parent.to_string(),
                "branch": written.branch,
                "refspec": written.refspec,
                "messages": written.messages,
                "plan": plan,
            })
        })
        .collect();
    let findings = report::findings_json(&record.findings);
    let mut run = json!({"automation": name, "commits": commits, "findings": findings});
    if let Some(error) = error {
        run["error"] = chain(error).into();
    }
    run
}
