use std::fmt::Write as _;

use api::Time;
use api::image::v1::{ImagePolicy, ImagePolicyStatus, ImageRef};
use policy_evaluator::{EvaluateError, Explained};
use registry_client::Client;
use serde_json::{Value, json};
use tag_policy::Rule;

use super::{CommandError, Outcome};
use crate::access::full_name;
use crate::args::{ExplainArgs, Output};
use crate::console::Console;
use crate::pipeline::{Memory, Pipeline, Scanned};
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

    let state = super::read_state(&args.objects, console)?;
    let client =
        Client::new(registry_client::Options::default()).map_err(CommandError::RegistryClient)?;
    let keyring = environment::docker_keyring().map_err(CommandError::Environment)?;
    let now = environment::now();
    let memory = Memory {
        state: state.as_ref(),
        now: &now,
    };
    let mut pipeline = Pipeline::new(&store, client, keyring, (console, memory));
    let evaluator = pipeline.evaluator(policy).map_err(failed)?;
    pipeline.scan_for(&[policy]).await;
    let Some((repository, scanned)) = pipeline.scanned(policy).map_err(failed)? else {
        skipped(args.output, policy, console)?;
        return Ok(Outcome::Done);
    };
    let facts = pipeline.facts(policy, (repository, scanned));
    let told = Told {
        policy: full_name(policy),
        repository: full_name(repository),
        scanned,
        explained: evaluator.explain(&facts, args.runners_up),
        knows_before: policy.status.is_some() || state.is_some(),
        current: facts.current,
        status: policy.status.as_ref(),
    };
    match args.output {
        Output::Text => console.result(&text(&told)).map_err(CommandError::Output)?,
        Output::Json => report::json(console, &json(&told))?,
    }
    Ok(if told.explained.decision.is_ok() {
        Outcome::Done
    } else {
        Outcome::Failed
    })
}

struct Told<'a> {
    policy: String,
    repository: String,
    scanned: &'a Scanned,
    explained: Explained<'a>,
    /// What the policy chose last is known, or known to be nothing.
    knows_before: bool,
    current: Option<&'a ImageRef>,
    status: Option<&'a ImagePolicyStatus>,
}

impl Told<'_> {
    fn selected(&self) -> Result<&str, &EvaluateError> {
        let decision = self.explained.decision.as_ref();
        decision.map(|decision| &*decision.latest.tag)
    }

    /// What the policy chose before this selection: the choice that was made last, unless that is this very one.
    fn previous(&self) -> Option<&ImageRef> {
        let selected = self.selected().ok();
        self.current
            .filter(|current| Some(&*current.tag) != selected)
            .or(self.status?.observed_previous_ref.as_ref())
    }
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

fn text(told: &Told<'_>) -> String {
    let mut lines = tags(told);
    let explained = &told.explained;
    lines.push(match told.selected() {
        Ok(tag) => ("Selected", tag.to_owned()),
        Err(error) => ("Selected", format!("nothing: {}", failure::chain(error))),
    });
    if let Ok(decision) = &explained.decision {
        let refused = decision.refused.iter().map(ToString::to_string);
        lines.extend(refused.map(|refused| ("Refused", refused)));
        let waiting = decision.waiting.iter().map(ToString::to_string);
        lines.extend(waiting.map(|waiting| ("Waiting", waiting)));
    }
    if !explained.best_too_young.is_empty() {
        let until = |(tag, until): &(&str, Option<Time>)| match until {
            Some(until) => format!("{tag} (until {})", until.0),
            None => format!("{tag} (for ever)"),
        };
        let young: Vec<String> = explained.best_too_young.iter().map(until).collect();
        lines.push(("Too young", young.join(", ")));
    }
    if !explained.explanation.runners_up.is_empty() {
        lines.push(("Runners-up", explained.explanation.runners_up.join(", ")));
    }
    let previous = match told.previous() {
        Some(previous) => previous.to_string(),
        None if told.knows_before => "none (no other choice is known)".to_owned(),
        None => "unknown (the object has no status)".to_owned(),
    };
    lines.push(("Previous", previous));
    lines
        .iter()
        .fold(String::new(), |mut text, (label, value)| {
            _ = writeln!(text, "{:<12}{value}", format!("{label}:"));
            text
        })
}

/// The policy, its image, and what became of the tags.
fn tags(told: &Told<'_>) -> Vec<(&'static str, String)> {
    let (scan, explained) = (&told.scanned.scan, &told.explained);
    let image = scan.image.as_written();
    let mut lines = vec![
        ("Policy", told.policy.clone()),
        (
            "Image",
            format!("{image} (ImageRepository {})", told.repository),
        ),
        ("Tags", (scan.tags.len() + scan.excluded).to_string()),
    ];
    let mut dropped = |count: usize, because: String| {
        if count > 0 {
            lines.push(("  dropped", format!("{count} {because}")));
        }
    };
    dropped(scan.excluded, "match spec.exclusionList".to_owned());
    dropped(
        explained.too_young,
        format!("have not reached minimumAge {}", explained.minimum_age),
    );
    for (rule, count) in &explained.explanation.dropped {
        dropped(*count, because(*rule).to_owned());
    }
    lines
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
    let (scan, explained) = (&told.scanned.scan, &told.explained);
    let before = [
        ("exclusion-list", scan.excluded),
        ("minimum-age", explained.too_young),
    ];
    let rules = explained.explanation.dropped.iter();
    let dropped: Vec<Value> = before
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .chain(rules.map(|(rule, count)| (rule.name(), *count)))
        .map(|(rule, count)| json!({"rule": rule, "count": count}))
        .collect();
    let too_young: Vec<Value> = explained
        .best_too_young
        .iter()
        .map(|(tag, until)| json!({"tag": tag, "until": until}))
        .collect();
    let decision = explained.decision.as_ref();
    let refused = decision.ok().and_then(|decision| decision.refused.as_ref());
    json!({
        "policy": told.policy,
        "imageRepository": told.repository,
        "image": scan.image.as_written(),
        "tags": scan.tags.len() + scan.excluded,
        "revision": scan.revision,
        "dropped": dropped,
        "selected": told.selected().ok(),
        "error": told.selected().err().map(|error| failure::chain(error)),
        "refused": refused.map(|refused| json!({"tag": refused.tag, "because": refused.because.name()})),
        "tooYoung": too_young,
        "runnersUp": explained.explanation.runners_up,
        "previous": told.previous(),
    })
}
