//! Filters that are refused, with the texts of Flux 2.9 on the same filters.

use hook_payload::filter::{CompileError, Filter, Variables};

use super::compile;

fn refusal(source: &str) -> String {
    compile(source).map_or_else(|error| error.to_string(), |_| format!("{source} was taken"))
}

/// What follows the repetition of the expression.
fn invalid(source: &str) -> String {
    let refusal = refusal(source);
    let start = format!("failed to parse the CEL expression '{source}': ");
    refusal.strip_prefix(&start).unwrap_or(&refusal).to_owned()
}

#[test]
fn a_filter_must_be_known_to_be_a_bool() {
    for (source, found) in [
        ("'abc'", "string"),
        ("req.flag", "dyn"),
        ("true ? req.flag : false", "dyn"),
        ("1", "int"),
        ("req", "map(string, dyn)"),
        ("[req.tag]", "list(dyn)"),
        ("null", "null_type"),
        ("timestamp(req.tag)", "google.protobuf.Timestamp"),
        ("optional.of(req.n)", "optional_type(dyn)"),
        ("type(1)", "type(int)"),
        ("{'a': [1]}", "map(string, list(int))"),
    ] {
        let expected = format!("CEL expression output type mismatch: expected bool, got {found}");
        assert_eq!(refusal(source), expected, "{source}");
    }
    for taken in [
        "req.flag == true",
        "bool(req.flag)",
        "req.flag || false",
        "!req.flag",
        "req.n in [1.0]",
    ] {
        assert!(compile(taken).is_ok(), "{taken}");
    }
}

#[test]
fn names_must_be_declared() {
    assert_eq!(
        refusal("foo == 1"),
        "failed to parse the CEL expression 'foo == 1': ERROR: <input>:1:1: undeclared reference to 'foo' \
         (in container '')\n | foo == 1\n | ^"
    );
    assert_eq!(
        invalid("cel.bind(x, 1, x)")
            .lines()
            .filter(|line| line.starts_with("ERROR"))
            .collect::<Vec<_>>(),
        [
            "ERROR: <input>:1:1: undeclared reference to 'cel' (in container '')",
            "ERROR: <input>:1:9: undeclared reference to 'bind' (in container '')",
            "ERROR: <input>:1:10: undeclared reference to 'x' (in container '')",
            "ERROR: <input>:1:16: undeclared reference to 'x' (in container '')",
        ]
    );
    for (source, name) in [
        ("math.greatest(1, 2) == 2", "math"),
        ("[1].sort() == [1]", "sort"),
        ("claims.sub == 'x'", "claims"),
        ("[1].existsOne(x, true)", "x"),
        ("[1].all(i, v, true)", "all"),
        ("x.all(x, x)", "x"),
    ] {
        let expected = format!("undeclared reference to '{name}' (in container '')");
        assert!(
            refusal(source).contains(&expected),
            "{source}: {}",
            refusal(source)
        );
    }
    assert!(Filter::compile("claims.sub == 'x'", Variables::OIDC_HOOK).is_ok());
}

#[test]
fn types_must_fit() {
    for (source, expected) in [
        (
            "1 == 1.0",
            "1:3: found no matching overload for '_==_' applied to '(int, double)'",
        ),
        (
            "1 + 'a' == 2",
            "1:3: found no matching overload for '_+_' applied to '(int, string)'",
        ),
        (
            "req == null",
            "1:5: found no matching overload for '_==_' applied to '(map(string, dyn), null)'",
        ),
        (
            "'a'.startsWith(1)",
            "1:15: found no matching overload for 'startsWith' applied to 'string.(int)'",
        ),
        (
            "'a' && true",
            "1:1: expected type 'bool' but found 'string'",
        ),
        (
            "[1, 'a'] == []",
            "1:5: expected type 'int' but found 'string'",
        ),
        (
            "[dyn(1), 'a'] == []",
            "1:10: expected type 'dyn' but found 'string'",
        ),
        (
            "{'a': 1, 'b': 'c'} == {}",
            "1:15: expected type 'int' but found 'string'",
        ),
        (
            "(1).all(x, true)",
            "1:2: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
        ),
        (
            "'a'.b == 1",
            "1:4: type 'string' does not support field selection",
        ),
        ("has(req)", "1:5: invalid argument to has() macro"),
        (
            "[?1] == []",
            "1:3: expected type 'optional_type(int)' but found 'int'",
        ),
        (
            "'%d'.format(['a']) == ''",
            "1:14: error during formatting: decimal clause can only be used on ints, uints, and doubles, was given string",
        ),
        (
            "'%s'.format(['a', 1]) == ''",
            "1:12: too many arguments supplied to string.format (expected 1, got 2)",
        ),
        ("'%s'.format([]) == ''", "1:12: index 0 out of range"),
    ] {
        let expected = format!("ERROR: <input>:{expected}\n | {source}\n | ");
        assert!(
            invalid(source).starts_with(&expected),
            "{}",
            invalid(source)
        );
    }
}

#[test]
fn constants_that_can_only_fail_are_refused() {
    for (source, problem) in [
        (
            "int('x') == 1",
            "type conversion error from 'string' to 'int'",
        ),
        ("int(1e30) == 1", "integer overflow"),
        (
            "duration('1d') == duration('24h')",
            "type conversion error from 'string' to 'google.protobuf.Duration'",
        ),
        (
            "timestamp('2024-01-01') == timestamp(0)",
            "type conversion error from 'string' to 'google.protobuf.Timestamp'",
        ),
    ] {
        assert_eq!(
            refusal(source),
            format!("failed to create CEL program: {problem}"),
            "{source}"
        );
    }
    let pattern = compile("req.tag.matches('[')").unwrap_err();
    assert!(
        matches!(pattern, CompileError::Constant { .. }),
        "{pattern}"
    );
    assert!(
        pattern
            .to_string()
            .starts_with("failed to create CEL program: error parsing regexp: ")
    );
}

#[test]
fn what_does_not_parse_is_shown_where_it_ends() {
    for (source, at, found) in [
        ("", "1:1", "mismatched input '<EOF>'"),
        ("1 +", "1:4", "mismatched input '<EOF>'"),
        ("req.tag ==\n  'a' 'b'", "2:7", "mismatched input ''b''"),
        ("true ? 1", "1:9", "mismatched input '<EOF>' expecting ':'"),
        ("size(1,)", "1:8", "mismatched input ')'"),
        ("req.in", "1:5", "mismatched input 'in'"),
        ("-!true", "1:2", "mismatched input '!'"),
        ("'open", "1:1", "token recognition error at: ''open'"),
        ("req.`a-b`", "1:5", "token recognition error at: '`'"),
        ("a = b", "1:3", "token recognition error at: '='"),
    ] {
        let expected = format!("ERROR: <input>:{at}: Syntax error: {found}");
        assert!(
            invalid(source).starts_with(&expected),
            "{}",
            invalid(source)
        );
    }
    for (source, text) in [
        ("for", "reserved identifier: for"),
        ("9223372036854775808 == 1", "invalid int literal"),
        ("1e400 == 1.0", "invalid double literal"),
        (r"'\q' == ''", "invalid escape sequence"),
    ] {
        assert!(
            invalid(source).starts_with(&format!("ERROR: <input>:1:1: {text}")),
            "{source}"
        );
    }
}

#[test]
fn the_mark_is_below_what_it_is_about() {
    assert_eq!(
        invalid("req.tag == 'é€' + 1"),
        "ERROR: <input>:1:17: found no matching overload for '_+_' applied to '(string, int)'\n \
         | req.tag == 'é€' + 1\n | ............．．..^"
    );
}
