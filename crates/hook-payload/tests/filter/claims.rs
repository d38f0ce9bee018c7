//! The variables and validations of an OIDC provider.

use hook_payload::filter::ClaimRules;
use serde_json::json;

#[test]
fn variables_build_on_each_other_and_validations_on_them() {
    let rules = ClaimRules::compile(
        [
            ("owner", "claims.repository.split('/')[0]"),
            ("trusted", "vars.owner == 'fluxcd'"),
            ("count", "size(claims.list)"),
            ("at", "timestamp('2024-01-01T00:00:00Z')"),
        ],
        [
            ("owner must be trusted", "vars.trusted == true"),
            ("two", "vars.count == 2 && type(vars.count) == int"),
            ("time", "vars.at < timestamp('2025-01-01T00:00:00Z')"),
        ],
    )
    .unwrap();
    let claims = json!({"repository": "fluxcd/flux2", "list": [1, 2]});
    assert_eq!(rules.check(&claims), Ok(()));
}

#[test]
fn every_validation_that_does_not_hold_is_told() {
    let rules = ClaimRules::compile(
        [],
        [
            ("m1", "claims.a == 1"),
            ("holds", "true"),
            ("m2", "claims.?b.orValue(2) == 3"),
        ],
    );
    let refused = rules.unwrap().check(&json!({"a": 2})).unwrap_err();
    assert_eq!(refused.to_string(), "token validation failed: m1; m2");
}

#[test]
fn the_first_expression_that_fails_ends_it() {
    let variable = ClaimRules::compile([("v", "claims.a.b")], [("m", "true")]).unwrap();
    assert_eq!(
        variable.check(&json!({})).unwrap_err().to_string(),
        "failed to evaluate variable \"v\": failed to evaluate the CEL expression 'claims.a.b': no such key: a"
    );
    let validation = ClaimRules::compile([], [("m", "claims.a == 1"), ("n", "false")]).unwrap();
    assert_eq!(
        validation.check(&json!(null)).unwrap_err().to_string(),
        "failed to evaluate validation: failed to evaluate the CEL expression 'claims.a == 1': no such key: a"
    );
}

#[test]
fn what_does_not_compile_is_named() {
    let variable = ClaimRules::compile([("v", "req.a")], []).unwrap_err();
    assert!(
        variable.to_string().starts_with(
            "invalid expression for variable \"v\": failed to parse the CEL expression 'req.a': ERROR: <input>:1:1: \
             undeclared reference to 'req' (in container '')"
        ),
        "{variable}"
    );
    let validation = ClaimRules::compile([], [("m", "claims.a")]).unwrap_err();
    assert_eq!(
        validation.to_string(),
        "invalid expression for validation \"m\": CEL expression output type mismatch: expected bool, got dyn"
    );
}
