use chrono::Utc;
use git_remote::Repository;
use manifest_setter::Pass;
use serde_json::{Value, json};

use super::automations::{self, AutomationError, Automations, Prepared, Work};
use super::{CommandError, Outcome};
use crate::args::{PlanArgs, PlanOutput};
use crate::console::Console;
use crate::failure::chain;
use crate::{diff, report};

/// Shows what `run` would commit.
pub(crate) async fn plan(args: &PlanArgs, console: &Console) -> Result<Outcome, CommandError> {
    let state = super::read_state(&args.automations.objects, console)?;
    let Automations {
        cache, prepared, ..
    } = automations::prepare(&args.automations, state.as_ref(), console).await?;
    let (mut failed, mut changes, mut plans) = (false, false, Vec::new());
    for (name, prepared) in prepared {
        let work = match prepared {
            Prepared::Ready(work) => *work,
            other => {
                failed |= report::not_ready(console, &name, &other);
                plans.push(report::not_ready_json(&name, &other));
                continue;
            }
        };
        match plan_one(work, &cache, console).await {
            Ok((work, repository, pass)) => {
                changes |= pass.plan.is_some();
                report::findings(console, &pass.findings);
                plans.push(show(args.output, console, (&work, &repository, &pass))?);
            }
            Err(error) => {
                failed = true;
                console.error(&format!(
                    "ImageUpdateAutomation '{name}': {}",
                    chain(&error)
                ));
                plans.push(json!({"automation": name, "error": chain(&error)}));
            }
        }
    }
    if args.output == PlanOutput::Json {
        report::json(console, &json!({ "plans": plans }))?;
    }
    Ok(match (failed, changes && args.detailed_exitcode) {
        (true, _) => Outcome::Failed,
        (false, true) => Outcome::Changes,
        (false, false) => Outcome::Done,
    })
}

async fn plan_one(
    work: Work,
    cache: &std::sync::Arc<git_remote::Cache>,
    console: &Console,
) -> Result<(Work, Repository, Pass), AutomationError> {
    let repository = automations::open(cache, &work.place.reading).await?;
    automations::plan(work, repository, Utc::now(), console).await
}

fn show(
    output: PlanOutput,
    console: &Console,
    (work, repository, pass): (&Work, &Repository, &Pass),
) -> Result<Value, CommandError> {
    let name = crate::access::full_name(&work.automation);
    if pass.left_over > 0 {
        console.note(&format!(
            "{name}: {} more files follow in the next commit, a plan holds about 1 MiB of edits",
            pass.left_over
        ));
    }
    match output {
        PlanOutput::Json => {}
        PlanOutput::Text => console
            .result(&report::plan_text(&name, work, pass))
            .map_err(CommandError::Output)?,
        PlanOutput::Diff => {
            if pass.plan.is_none() {
                console.note(&format!(
                    "{name}: nothing to change ({})",
                    report::markers(pass)
                ));
            }
            console
                .result(&diffs(repository, pass, console))
                .map_err(CommandError::Output)?;
        }
    }
    Ok(report::plan_json(&name, pass))
}

/// The diffs of all files. The cache may be deleted at any time: of a file that is gone from it nothing can be shown.
fn diffs(repository: &Repository, pass: &Pass, console: &Console) -> String {
    let mut text = String::new();
    for file in &pass.files {
        let Ok(Some(before)) = repository.blob(file.blob) else {
            console.warn(&format!(
                "{}: its content is gone from the cache, run again to see the diff",
                file.path
            ));
            continue;
        };
        let splices: Vec<_> = file.edits.iter().map(yaml_setter::Edit::splice).collect();
        match yaml_setter::splice(&before, &splices) {
            Ok(after) => text.push_str(&diff::unified(
                &file.path,
                &before,
                &after,
                console.colour(),
            )),
            Err(error) => console.warn(&format!("{}: {error}", file.path)),
        }
    }
    text
}
