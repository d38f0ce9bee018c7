//! Whatever the template: no panic, a bounded message, the same one for the same surroundings, errors with a place.

use commit_message::limits::MAX_OUTPUT_BYTES;
use commit_message::{Engine, Error, Position, render};
use proptest::prelude::*;

use crate::model::{model, surroundings};

/// Pieces of both languages, some of them broken.
const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{{-",
    "-}}",
    " ",
    "\n",
    "x",
    "é",
    "(",
    ")",
    "|",
    ":=",
    "=",
    ",",
    ".",
    "$",
    "$x",
    "\"",
    "`",
    "'",
    "1",
    "-2.5",
    "0x",
    "1e9",
    "'a'",
    "\"a\"",
    "\"%v\"",
    "nil",
    "true",
    "if",
    "else",
    "end",
    "range",
    "with",
    "define",
    "template",
    "block",
    "break",
    "continue",
    "/*",
    "*/",
    ".Changed",
    ".Changes",
    ".Updated.Images",
    ".Values",
    ".AutomationObject",
    "print",
    "printf",
    "list",
    "dict",
    "index",
    "len",
    "eq",
    "and",
    "until",
    "repeat",
    "toDate",
    "regexFindAll",
    "\"[a-z\"",
    "semver",
    "splitn",
    "substr",
    "wrap",
    "abbrevboth",
    "trunc",
    "chunk",
    "slice",
    "round",
    "{{if .}}",
    "{{end}}",
    "{{range .Changed.Changes}}",
    "{{with 1}}",
    "{{else}}",
    "{{$x := 1}}",
    "{{#each",
    "{{#if",
    "Changed.Changes",
    "{{/each}}",
    "{{/if}}",
    "as |a b|",
    "this",
    "@index",
    "../",
    "lookup",
    "{{{",
    "}}}",
    "{{!--",
    "--}}",
    "{{>",
    "{{{{raw}}}}",
    "\\",
    "~",
    "[",
    "]",
    "{",
    "}",
    "@root",
    "true}}",
    "{{else if",
];

fn templates() -> impl Strategy<Value = String> {
    let pieces = proptest::collection::vec(proptest::sample::select(PIECES), 0..40)
        .prop_map(|pieces| pieces.concat());
    let actions = proptest::collection::vec(proptest::sample::select(PIECES), 0..12)
        .prop_map(|pieces| format!("{{{{{}}}}}", pieces.join(" ")));
    prop_oneof![pieces, actions, ".{0,60}", Just(String::new())]
}

fn engines() -> impl Strategy<Value = Engine> {
    prop_oneof![Just(Engine::GoTemplate), Just(Engine::Handlebars)]
}

fn place(error: &Error) -> Option<Position> {
    match error {
        Error::Parse { at, .. }
        | Error::Execute { at, .. }
        | Error::RemovedField { at, .. }
        | Error::Refused { at, .. }
        | Error::Limit { at, .. } => Some(*at),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_template_gives_a_bounded_message_or_an_error_with_a_place(template in templates(), engine in engines()) {
        let first = render(engine, &template, &model(), &surroundings());
        let second = render(engine, &template, &model(), &surroundings());
        prop_assert_eq!(&first, &second);
        match first {
            Ok(message) => prop_assert!(message.len() <= MAX_OUTPUT_BYTES),
            Err(error) => {
                let at = place(&error).expect("every error has a place");
                prop_assert!(at.line >= 1 && at.line <= 1 + template.matches('\n').count(), "{error:?}");
                prop_assert!(at.column <= template.len(), "{error:?}");
            }
        }
    }

    #[test]
    fn text_without_actions_is_its_own_message(template in "[^{}\\\\]{0,200}", engine in engines()) {
        prop_assert_eq!(render(engine, &template, &model(), &surroundings()), Ok(template));
    }
}
