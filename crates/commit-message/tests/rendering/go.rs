//! What Go's `text/template` with sprig 3.3.0 printed, and the errors it gave, for a table of templates over the
//! model below (Go 1.26, Flux's function set). The pairs are facts recorded once, in `data/go.json`.

use commit_message::{Engine, Error, render};

use crate::model::{model, surroundings};

#[derive(Debug)]
struct Case {
    template: String,
    expected: Result<String, String>,
}

fn cases() -> Vec<Case> {
    let parsed: serde_json::Value =
        serde_json::from_str(include_str!("data/go.json")).expect("the data is JSON");
    let text = |case: &serde_json::Value, key: &str| case[key].as_str().map(str::to_owned);
    let case = |case: &serde_json::Value| Case {
        template: text(case, "template").expect("a case has a template"),
        expected: text(case, "output")
            .ok_or_else(|| text(case, "error").expect("a case has an outcome")),
    };
    parsed
        .as_array()
        .expect("the data is a list")
        .iter()
        .map(case)
        .collect()
}

/// Go's parse errors have no column: ours is taken out before they are compared.
fn as_go_says(error: &Error) -> String {
    let text = error.to_string();
    match error {
        Error::Parse { at, .. } => text.replacen(&format!(":{at}:"), &format!(":{}:", at.line), 1),
        _ => text,
    }
}

#[test]
fn every_recorded_template_prints_what_go_printed() {
    let mut wrong = Vec::new();
    for Case { template, expected } in cases() {
        let rendered = render(Engine::GoTemplate, &template, &model(), &surroundings());
        let rendered = rendered.map_err(|error| as_go_says(&error));
        if rendered != expected {
            wrong.push(format!(
                "template {template:?}\n     go {expected:?}\n   ours {rendered:?}"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
