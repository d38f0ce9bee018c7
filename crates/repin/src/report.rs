//! Plans and runs as text and JSON.

use std::fmt::Write as _;

use api::repin::v1alpha1::ImageUpdatePlan;
use comfy_table::{Table, presets};
use git_writer::Written;
use manifest_setter::{Finding, Pass};
use serde_json::{Value, json};

use crate::commands::CommandError;
use crate::commands::automations::{Prepared, Work};
use crate::console::Console;
use crate::failure::chain;

/// Hex digits of a commit id in text, as Flux prints it.
const SHORT_ID: usize = 7;

/// Tells why an automation is not planned; whether that is a failure.
pub(crate) fn not_ready(console: &Console, name: &str, prepared: &Prepared) -> bool {
    match prepared {
        Prepared::Ready(_) => false,
        Prepared::Suspended => {
            console.note(&format!(
                "ImageUpdateAutomation '{name}': reconciliation is suspended for this object"
            ));
            false
        }
        Prepared::Elsewhere { url } => {
            console.note(&format!(
                "ImageUpdateAutomation '{name}': skipped, it writes to {url} and not to --repo (pass its objects with -f)"
            ));
            false
        }
        Prepared::Failed(error) => {
            console.error(&format!("ImageUpdateAutomation '{name}': {}", chain(error)));
            true
        }
    }
}

/// The same as JSON.
pub(crate) fn not_ready_json(name: &str, prepared: &Prepared) -> Value {
    match prepared {
        Prepared::Ready(_) => json!({"automation": name}),
        Prepared::Suspended => json!({"automation": name, "skipped": "suspended"}),
        Prepared::Elsewhere { url } => {
            json!({"automation": name, "skipped": format!("writes to {url}")})
        }
        Prepared::Failed(error) => json!({"automation": name, "error": chain(error)}),
    }
}

/// Warns of what keeps markers from working.
pub(crate) fn findings(console: &Console, findings: &[Finding]) {
    for finding in findings {
        console.warn(&finding.to_string());
    }
}

/// Prints a JSON document.
pub(crate) fn json(console: &Console, value: &Value) -> Result<(), CommandError> {
    console
        .result(&format!("{value:#}\n"))
        .map_err(CommandError::Output)
}

/// Findings as JSON.
pub(crate) fn findings_json(findings: &[Finding]) -> Vec<Value> {
    findings
        .iter()
        .map(|finding| {
            json!({
                "path": finding.path,
                "line": finding.line,
                "column": finding.column,
                "rule": finding.rule,
                "message": finding.message,
            })
        })
        .collect()
}

/// What a pass found, as JSON: the ImageUpdatePlan it would make, and the findings.
pub(crate) fn plan_json(name: &str, pass: &Pass) -> Value {
    json!({
        "automation": name,
        "base": pass.base.to_string(),
        "plan": pass.plan,
        "findings": findings_json(&pass.findings),
        "markers": pass.markers,
        "leftOver": pass.left_over,
    })
}

/// How many markers were seen.
pub(crate) fn markers(pass: &Pass) -> String {
    match pass.markers {
        0 => "no markers found".to_owned(),
        1 => "1 marker checked".to_owned(),
        count => format!("{count} markers checked"),
    }
}

/// What a pass found, for people.
pub(crate) fn plan_text(name: &str, work: &Work, pass: &Pass) -> String {
    let Some(plan) = &pass.plan else {
        return format!("{name}: nothing to change ({})\n", markers(pass));
    };
    let push = &plan.spec.push;
    let mut text = format!(
        "{name}: {} on {}\n\n",
        counts(plan),
        work.place.reading.url()
    );
    text.push_str(&edits(plan));
    _ = write!(
        text,
        "\nBranch:  {} (from {})\n",
        push.branch,
        short(&push.base)
    );
    if let Some(refspec) = &push.refspec {
        _ = writeln!(text, "Refspec: {refspec}");
    }
    _ = writeln!(
        text,
        "Author:  {} <{}>",
        plan.spec.author.name, plan.spec.author.email
    );
    text.push_str("Message:\n");
    for line in plan.spec.message.lines() {
        _ = writeln!(text, "    {line}");
    }
    text
}

fn edits(plan: &ImageUpdatePlan) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(["FILE", "LINE", "OBJECT", "OLD", "NEW", "POLICY"]);
    for file in &plan.spec.files {
        for edit in &file.edits {
            let object = format!("{}/{}", edit.object.kind, edit.object.name);
            table.add_row([
                &file.path,
                &edit.line.to_string(),
                &object,
                &edit.old_value,
                &edit.new_value,
                &edit.setter,
            ]);
        }
    }
    table
        .to_string()
        .lines()
        .fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

fn counts(plan: &ImageUpdatePlan) -> String {
    let plural =
        |count: i64, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    format!(
        "{} in {}",
        plural(plan.spec.edit_count, "edit"),
        plural(plan.spec.file_count, "file")
    )
}

/// What was pushed, as Flux tells it, and what the server said.
pub(crate) fn pushed_text(name: &str, plan: &ImageUpdatePlan, written: &Written) -> String {
    let commit = written.commit.to_string();
    let mut text = format!(
        "{name}: pushed commit '{}' to branch '{}'",
        short(&commit),
        written.branch
    );
    if let Some(refspec) = plan
        .spec
        .push
        .refspec
        .as_ref()
        .filter(|_| written.refspec.is_some())
    {
        _ = write!(text, " and refspecs '{refspec}'");
    }
    _ = writeln!(text, " ({})", counts(plan));
    for line in plan.spec.message.lines() {
        _ = writeln!(text, "    {line}");
    }
    for message in &written.messages {
        _ = writeln!(text, "    remote: {message}");
    }
    text
}

fn short(id: &str) -> &str {
    id.get(..SHORT_ID).unwrap_or(id)
}
