use std::fmt::Write as _;

use api::image::v1::{ImagePolicy, ImageRef};
use policy_evaluator::Evaluator;
use registry_client::Client;
use serde_json::{Value, json};
use tag_policy::{Explanation, Rule};

use super::{CommandError, Outcome};
use crate::access::full_name;
use crate::args::{ExplainArgs, Output};
use crate::console::Console;
use crate::pipeline::{Pipeline, PolicyError, Scanned};
use crate::{environment, failure, load, report};

/// Says how the tag of a policy was chosen.
pub(crate) async fn explain(
    args: &ExplainArgs,
    console: &Console,
) -> Result<Outcome, CommandError> {
    let objects = args.objects.clone();
    let store = tokio::task::spawn_blocking(move || load::load_objects(&objects))
        .await
        .map_err(CommandError::Task)?
        .map_err(CommandError::Load)?;
    let (namespace, name) = args
        .policy
        .split_once('/')
        .unwrap_or((&args.objects.namespace, &args.policy));
    let policy = store
        .policies
        .expect(namespace, name, "")
        .map_err(CommandError::Find)?;
    let failed = |source| CommandError::Policy {
        policy: full_name(policy),
        source,
    };

    let client =
        Client::new(registry_client::Options::default()).map_err(CommandError::RegistryClient)?;
    let keyring = environment::docker_keyring().map_err(CommandError::Environment)?;
    let mut pipeline = Pipeline::new(&store, client, keyring, console);
    let evaluator = Evaluator::new(policy).map_err(|error| failed(PolicyError::Invalid(error)))?;
    pipeline.scan_for(&[policy]).await;
    let Some((repository, scanned)) = pipeline.scanned(policy).map_err(failed)? else {
        skipped(args.output, policy, console)?;
        return Ok(Outcome::Done);
    };
    let explanation = evaluator.explain(&scanned.scan.tags, args.runners_up);
    let mut told = Told {
        policy: full_name(policy),
        repository: full_name(repository),
        scanned,
        explanation,
        has_status: policy.status.is_some(),
        previous: None,
    };
    told.previous = previous(policy, told.explanation.outcome.as_ref().ok().copied());
    match args.output {
        Output::Text => console.result(&text(&told)).map_err(CommandError::Output)?,
        Output::Json => report::json(console, &json(&told))?,
    }
    Ok(if told.explanation.outcome.is_ok() {
        Outcome::Done
    } else {
        Outcome::Failed
    })
}

struct Told<'a> {
    policy: String,
    repository: String,
    scanned: &'a Scanned,
    explanation: Explanation<'a>,
    has_status: bool,
    previous: Option<&'a ImageRef>,
}

/// Says that nothing was scanned: the repository is suspended.
fn skipped(output: Output, policy: &ImagePolicy, console: &Console) -> Result<(), CommandError> {
    let name = full_name(policy);
    match output {
        Output::Text => console.note(&format!(
            "ImagePolicy '{name}': its ImageRepository is suspended and is not scanned"
        )),
        Output::Json => report::json(console, &json!({"policy": name, "skipped": "suspended"}))?,
    }
    Ok(())
}

/// What the policy chose before: what its status holds as the latest, unless that is this very selection.
fn previous<'p>(policy: &'p ImagePolicy, selected: Option<&str>) -> Option<&'p ImageRef> {
    let status = policy.status.as_ref()?;
    let latest = status.latest_ref.as_ref();
    latest
        .filter(|latest| Some(latest.tag.as_str()) != selected)
        .or(status.observed_previous_ref.as_ref())
}

fn text(told: &Told<'_>) -> String {
    let (scan, explanation) = (&told.scanned.scan, &told.explanation);
    let mut lines: Vec<(String, String)> = vec![
        ("Policy".to_owned(), told.policy.clone()),
        (
            "Image".to_owned(),
            format!(
                "{} (ImageRepository {})",
                scan.image.as_written(),
                told.repository
            ),
        ),
        (
            "Tags".to_owned(),
            (scan.tags.len() + scan.excluded).to_string(),
        ),
    ];
    if scan.excluded > 0 {
        lines.push((
            "  dropped".to_owned(),
            format!("{} match spec.exclusionList", scan.excluded),
        ));
    }
    for (rule, count) in &explanation.dropped {
        lines.push((
            "  dropped".to_owned(),
            format!("{count} {}", because(*rule)),
        ));
    }
    match &explanation.outcome {
        Ok(tag) => lines.push(("Selected".to_owned(), (*tag).to_owned())),
        Err(error) => lines.push((
            "Selected".to_owned(),
            format!("nothing: {}", failure::chain(error)),
        )),
    }
    if !explanation.runners_up.is_empty() {
        lines.push(("Runners-up".to_owned(), explanation.runners_up.join(", ")));
    }
    let previous = match told.previous {
        Some(previous) => previous.to_string(),
        None if told.has_status => "none (the object's status holds no other)".to_owned(),
        None => "unknown (the object has no status)".to_owned(),
    };
    lines.push(("Previous".to_owned(), previous));
    lines
        .iter()
        .fold(String::new(), |mut text, (label, value)| {
            _ = writeln!(text, "{:<12}{value}", format!("{label}:"));
            text
        })
}

/// What a rule drops, and by which field.
fn because(rule: Rule) -> &'static str {
    match rule {
        Rule::FilterPattern => "do not match filterTags.pattern",
        Rule::ExtractTooLong => "have an extract that is too long",
        Rule::NotAVersion => "are not semantic versions",
        Rule::PreRelease => "are pre-releases, which the range does not ask for",
        Rule::OutOfRange => "are out of range",
        Rule::NotANumber => "are not numbers",
        Rule::SameExtract => "give the same extract as a byte-greater tag",
    }
}

fn json(told: &Told<'_>) -> Value {
    let (scan, explanation) = (&told.scanned.scan, &told.explanation);
    let mut dropped: Vec<Value> = explanation
        .dropped
        .iter()
        .map(|(rule, count)| json!({"rule": rule.name(), "count": count}))
        .collect();
    if scan.excluded > 0 {
        dropped.insert(0, json!({"rule": "exclusion-list", "count": scan.excluded}));
    }
    json!({
        "policy": told.policy,
        "imageRepository": told.repository,
        "image": scan.image.as_written(),
        "tags": scan.tags.len() + scan.excluded,
        "revision": scan.revision,
        "dropped": dropped,
        "selected": explanation.outcome.as_ref().ok(),
        "error": explanation.outcome.as_ref().err().map(|error| failure::chain(error)),
        "runnersUp": explanation.runners_up,
        "previous": told.previous,
    })
}
