//! CEL filters: what is refused before any hook, what an evaluation says, and what bounds it.

mod bounds;
mod claims;
mod evaluation;
mod properties;
mod refusals;

use hook_payload::filter::{Bindings, CompileError, EvaluationError, Filter, Variables};
use serde_json::{Value, json};

/// A body that has a value of each type of JSON.
fn req() -> Value {
    json!({
        "tag": "ghcr.io/stefanprodan/podinfo:6.5.0",
        "flag": true,
        "n": 3,
        "list": [1, "x"],
        "m": {"k": "v"},
        "nul": null,
    })
}

fn res() -> Value {
    json!({
        "apiVersion": "image.toolkit.fluxcd.io/v1",
        "kind": "ImageRepository",
        "metadata": {"name": "podinfo", "annotations": {"update-image": "podinfo"}},
    })
}

fn compile(source: &str) -> Result<Filter, CompileError> {
    Filter::compile(source, Variables::HOOK)
}

fn taken(source: &str) -> Filter {
    compile(source).expect("the filter compiles")
}

/// What a filter says of the body and the object above.
fn matches(source: &str) -> Result<bool, EvaluationError> {
    taken(source).matches(&Bindings::new().with("req", &req()).with("res", &res()))
}

/// What is wrong with a filter during the evaluation, if anything is.
fn problem(source: &str) -> Option<String> {
    match matches(source) {
        Err(EvaluationError::Failed { problem, .. }) => Some(problem),
        _ => None,
    }
}
