//! Any filter is taken or refused, and one that is taken is evaluated or fails, on data of every type.
#![no_main]

use hook_payload::filter::{Bindings, CompileError, EvaluationError, Filter, Variables};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|source: &str| {
    let filter = match Filter::compile(source, Variables::HOOK) {
        Ok(filter) => filter,
        Err(refusal) => return check_refusal(source, &refusal),
    };
    let req = json!({
        "tag": "ghcr.io/é/podinfo:6.5.0", "flag": true, "n": 3.5, "list": [1, "x", [2]],
        "m": {"k": "v"}, "nul": null,
    });
    let res = json!({"kind": "ImageRepository", "metadata": {"name": "podinfo"}});
    let bindings = Bindings::new().with("req", &req).with("res", &res);
    let outcome = filter.matches(&bindings);
    assert_eq!(outcome, filter.matches(&bindings));
    if let Err(EvaluationError::Failed { problem, .. }) = outcome {
        assert!(
            !problem.contains("podinfo") || source.contains("podinfo"),
            "{problem}"
        );
    }
});

fn check_refusal(source: &str, refusal: &CompileError) {
    let text = refusal.to_string();
    assert!(text.len() < 64 * 1024, "{} bytes", text.len());
    if let CompileError::Invalid { problems, .. } = refusal {
        assert!(
            problems.starts_with("ERROR: <input>:"),
            "{source}: {problems}"
        );
    }
}
