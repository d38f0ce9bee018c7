//! Any text and any composition of CEL's parts is taken or refused, and evaluated or failed, but never a panic.

use hook_payload::filter::{Bindings, Filter, Variables};
use proptest::prelude::*;

use super::{req, res};

const PIECES: [&str; 60] = [
    "req",
    "res",
    "req.tag",
    "req.n",
    "req.list",
    "x",
    "1",
    "2u",
    "1.5",
    "'a'",
    "b'x'",
    "true",
    "null",
    "dyn(",
    "int(",
    "string(",
    "size(",
    "optional.of(",
    "has(",
    ".?",
    ".",
    "[",
    "]",
    "[?",
    "{",
    "}",
    "(",
    ")",
    ",",
    ":",
    "?",
    "+",
    "-",
    "*",
    "/",
    "%",
    "==",
    "!=",
    "<",
    ">=",
    " in ",
    "&&",
    "||",
    "!",
    ".all(x, ",
    ".map(x, ",
    ".filter(x, ",
    ".optMap(x, ",
    ".first()",
    ".split('')",
    ".replace('', 'ab')",
    ".format([",
    ".matches(",
    ".indexOf('a', ",
    "timestamp(",
    "duration(",
    "sets.contains(",
    "'%s'",
    "''",
    "9223372036854775807",
];

fn run(source: &str) {
    if let Ok(filter) = Filter::compile(source, Variables::HOOK) {
        let (req, res) = (req(), res());
        let bindings = Bindings::new().with("req", &req).with("res", &res);
        assert_eq!(filter.matches(&bindings), filter.matches(&bindings));
    }
}

/// An expression that at least parses.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "req.tag", "req.n", "req.list", "req.m", "1", "-1", "2u", "1.5", "'é'", "b'x'", "true",
        "null", "x",
    ]);
    leaf.prop_map(str::to_owned)
        .prop_recursive(5, 40, 3, |inner| {
            let two = (inner.clone(), inner.clone());
            let binary =
                prop::sample::select(vec!["+", "-", "*", "/", "%", "==", "<", "in", "&&", "||"]);
            let method = prop::sample::select(vec![
                "contains",
                "split",
                "indexOf",
                "lastIndexOf",
                "charAt",
                "substring",
                "orValue",
                "join",
                "format",
                "matches",
            ]);
            let each = prop::sample::select(vec![
                "all",
                "exists",
                "exists_one",
                "map",
                "filter",
                "optMap",
                "optFlatMap",
            ]);
            prop_oneof![
                (two.clone(), binary)
                    .prop_map(|((a, b), operator)| format!("({a} {operator} {b})")),
                (two.clone(), method)
                    .prop_map(|((a, b), method)| format!("dyn({a}).{method}(dyn({b}))")),
                (two.clone(), each).prop_map(|((a, b), each)| format!("dyn({a}).{each}(x, {b})")),
                two.clone()
                    .prop_map(|(a, b)| format!("[{a}][?{b}].orValue({a})")),
                two.prop_map(|(a, b)| format!("dyn({a})[dyn({b})]")),
                inner.prop_map(|a| format!("string(dyn({a})) + string(type(dyn({a})) == int)")),
            ]
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn any_text_is_taken_or_refused(source in any::<String>()) {
        run(&source);
    }

    #[test]
    fn any_row_of_pieces_is_taken_or_refused(pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..40)) {
        run(&pieces.concat());
    }

    #[test]
    fn any_expression_is_evaluated_or_fails(source in expression()) {
        run(&format!("dyn({source}) == 1"));
    }
}
