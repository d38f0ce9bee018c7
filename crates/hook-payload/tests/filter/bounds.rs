//! Nothing that a filter or a hook can hold hangs or ends the process.

use hook_payload::filter::limits::{MAX_NESTING, MAX_SOURCE_BYTES};
use hook_payload::filter::{Bindings, EvaluationError, Filter, Variables};
use serde_json::{Value, json};

use super::{compile, taken};

fn exceeds(source: &str, req: &Value) {
    let outcome = taken(source).matches(&Bindings::new().with("req", req));
    assert!(
        matches!(outcome, Err(EvaluationError::Exceeded { .. })),
        "{source}: {outcome:?}"
    );
}

fn nested(open: &str, inner: &str, close: &str, times: usize) -> String {
    format!("{}{inner}{}", open.repeat(times), close.repeat(times))
}

#[test]
fn a_compiled_filter_goes_to_any_thread() {
    fn shared<T: Send + Sync + Clone>() {}
    shared::<Filter>();
}

#[test]
fn nesting_is_bounded_in_every_way_down() {
    let deep = 4 * MAX_NESTING;
    let shapes = [
        nested("(", "true", ")", deep),
        nested("[", "1", "]", deep) + " == []",
        nested("{'a':", "1", "}", deep) + " == {}",
        nested("size(", "req", ")", deep) + " == 1",
        nested("req.list.all(x, ", "true", ")", deep),
        nested("!(", "true", ")", deep),
        nested("true ? true : ", "true", "", deep),
        nested("", "1", " + 1", deep) + " == 1",
        nested("", "req", ".a", deep) + " == 1",
        nested("", "req", "[0]", deep) + " == 1",
        nested("", "req.tag", ".trim()", deep) + " == ''",
        nested("-(", "1", ")", deep) + " == 1",
    ];
    for source in shapes {
        let refused = compile(&source).unwrap_err().to_string();
        assert!(refused.contains("recursion limit exceeded"), "{refused}");
    }
}

#[test]
fn flat_conditions_may_be_long() {
    let source = vec!["req.tag == 'a'"; 500].join(" || ");
    let req = json!({"tag": "b"});
    let filter = compile(&source).unwrap();
    assert_eq!(
        filter.matches(&Bindings::new().with("req", &req)),
        Ok(false)
    );
    assert!(compile(&format!("{} true", "!!".repeat(2_000))).is_ok());
}

#[test]
fn the_source_and_what_it_makes_are_bounded() {
    let long = format!("'{}' == ''", "a".repeat(MAX_SOURCE_BYTES));
    assert!(
        compile(&long)
            .unwrap_err()
            .to_string()
            .contains("longer than 16384 bytes")
    );
    let many = format!("[{}] == []", vec!["[1]"; 300].join(","));
    assert!(
        compile(&many)
            .unwrap_err()
            .to_string()
            .contains("makes more than 250")
    );
}

#[test]
fn a_refusal_stays_short() {
    let source = format!("{} == 1", vec!["foo"; 4_000].join("+"));
    let refused = compile(&source).unwrap_err().to_string();
    assert!(refused.len() < 12_000, "{}", refused.len());
    let source = vec!["foo == 1"; 1_000].join(" || ");
    let refused = compile(&source).unwrap_err().to_string();
    assert!(refused.len() < 12_000, "{}", refused.len());
    assert!(
        refused.contains("undeclared reference to 'foo'"),
        "{refused}"
    );
}

#[test]
fn types_that_double_are_refused() {
    let doubling = nested("", "[1]", ".map(x, {x: x}).map(y, [y])", 40) + " == []";
    assert!(
        compile(&doubling)
            .unwrap_err()
            .to_string()
            .contains("too intricate")
    );
}

#[test]
fn loops_in_loops_end() {
    let req = json!({"list": vec![0; 1_000]});
    exceeds(
        "req.list.all(a, req.list.all(b, req.list.all(c, a == b && b == c)))",
        &req,
    );
    exceeds(
        "req.list.map(a, req.list.map(b, req.list)).size() == 1",
        &req,
    );
    exceeds(
        "req.list.exists(a, req.list.exists(b, req.list.exists(c, a + b > c)))",
        &req,
    );
    // `||` passes over what fails, never over what is exceeded.
    exceeds(
        "req.list.all(a, req.list.all(b, req.list.all(c, c == 0))) || true",
        &req,
    );
}

#[test]
fn text_cannot_grow_without_bound() {
    let req = json!({"text": "ab".repeat(10_000)});
    let doubled = nested("[req.text]", "", ".map(a, a + a)", 40) + ".size() == 1";
    exceeds(&doubled.replacen("[req.text]", "", 39), &req);
    exceeds("req.text.replace('', req.text).size() == 1", &req);
    exceeds(
        "req.text.split('').map(c, req.text).join().size() == 1",
        &req,
    );
    exceeds(
        "req.text.replace('a', '%.100f').format(req.text.split('').map(c, 1e300)) == ''",
        &req,
    );
}

#[test]
fn comparing_and_searching_large_data_is_counted() {
    let req = json!({"list": vec!["a".repeat(1_000); 1_000], "text": "a".repeat(1_000_000)});
    exceeds("req.list.all(a, req.list == req.list)", &req);
    exceeds("req.list.all(a, !(a in req.list.map(b, b + 'x')))", &req);
    exceeds("req.list.all(a, sets.equivalent(req.list, req.list))", &req);
    exceeds("req.list.all(a, !req.text.contains('b'))", &req);
    exceeds(
        "req.list.all(a, req.text.indexOf(req.text + 'b') == -1)",
        &req,
    );
    exceeds("req.text.matches('(a?){200}(a{100}){10}b')", &req);
    exceeds("req.list.all(a, req.text.matches(a + '(a|b)*c'))", &req);
}

#[test]
fn a_large_pattern_is_refused() {
    let large = compile(r"req.tag.matches('((\\pL{50}){50}){50}')").unwrap_err();
    assert!(large.to_string().contains("too much memory"), "{large}");
    let req = json!({"pattern": "((\\pL{50}){50}){50}"});
    let filter = compile("'a'.matches(req.pattern)").unwrap();
    let outcome = filter.matches(&Bindings::new().with("req", &req));
    assert!(
        matches!(outcome, Err(EvaluationError::Failed { .. })),
        "{outcome:?}"
    );
}

#[test]
fn deep_data_is_compared() {
    let text = nested("[", "", "]", 127);
    let req: Value =
        serde_json::from_str(&format!("{{\"a\": {}}}", &text[1..text.len() - 1])).unwrap();
    let filter = Filter::compile("req.a == req.a && req == req", Variables::HOOK).unwrap();
    assert_eq!(filter.matches(&Bindings::new().with("req", &req)), Ok(true));
}
