use api::image::v1::LocalObjectReference;
use api::notification::v1::{OidcProvider, OidcValidation, OidcVariable};
use serde_json::json;

use super::*;

fn spec(receiver_type: ReceiverType) -> ReceiverSpec {
    ReceiverSpec {
        receiver_type,
        resources: vec![ResourceReference {
            kind: ResourceKind::OciRepository,
            name: "app".to_owned(),
            ..ResourceReference::default()
        }],
        secret_ref: (receiver_type != ReceiverType::GenericOidc).then(|| LocalObjectReference {
            name: "token".to_owned(),
        }),
        ..ReceiverSpec::default()
    }
}

fn provider(issuer: &str) -> OidcProvider {
    OidcProvider {
        issuer_url: issuer.to_owned(),
        audience: "notification-controller".to_owned(),
        variables: Vec::new(),
        validations: vec![validation("claims.repository == 'me'", "not mine")],
    }
}

fn validation(expression: &str, message: &str) -> OidcValidation {
    OidcValidation {
        expression: expression.to_owned(),
        message: message.to_owned(),
    }
}

fn variable(name: &str, expression: &str) -> OidcVariable {
    OidcVariable {
        name: name.to_owned(),
        expression: expression.to_owned(),
    }
}

fn with_providers(providers: Vec<OidcProvider>) -> ReceiverSpec {
    ReceiverSpec {
        oidc_providers: providers,
        ..spec(ReceiverType::GenericOidc)
    }
}

/// Reason and text of what is wrong with a spec.
fn problem(spec: &ReceiverSpec) -> (&'static str, String) {
    let invalid = Expressions::compile(spec).unwrap_err();
    (invalid.reason(), invalid.to_string())
}

#[test]
fn a_spec_without_expressions_filters_nothing() {
    let expressions = Expressions::compile(&spec(ReceiverType::Generic)).unwrap();
    assert!(!expressions.has_filters());
    assert!(expressions.resource_filter().is_none() && expressions.filter(0).is_none());
    assert!(expressions.provider("").is_none());
}

#[test]
fn filters_are_compiled_each_with_its_resource() {
    let mut spec = spec(ReceiverType::Generic);
    spec.resources.push(ResourceReference {
        filter: Some("res.metadata.name == 'app'".to_owned()),
        ..ResourceReference::default()
    });
    let expressions = Expressions::compile(&spec).unwrap();
    assert!(expressions.has_filters());
    assert!(expressions.filter(0).is_none() && expressions.filter(1).is_some());
    assert!(expressions.filter(2).is_none());
}

#[test]
fn expressions_that_cannot_be_used_are_named() {
    let mut all = spec(ReceiverType::Generic);
    all.resource_filter = Some("'text'".to_owned());
    let (reason, text) = problem(&all);
    assert_eq!(reason, "InvalidCELExpression");
    assert_eq!(
        text,
        "invalid resourceFilter expression: \
         CEL expression output type mismatch: expected bool, got string"
    );
    let mut one = spec(ReceiverType::Generic);
    one.resources[0].filter = Some("1".to_owned());
    let (reason, text) = problem(&one);
    assert_eq!(reason, "InvalidCELExpression");
    assert_eq!(
        text,
        "invalid filter expression for resources[0] (kind=\"OCIRepository\", name=\"app\"): \
         CEL expression output type mismatch: expected bool, got int"
    );
    let mut claims = spec(ReceiverType::Generic);
    claims.resource_filter = Some("claims.sub == 'me'".to_owned());
    let (_, text) = problem(&claims);
    assert!(text.contains("undeclared reference to 'claims'"), "{text}");
    claims.receiver_type = ReceiverType::GenericOidc;
    claims.secret_ref = None;
    claims.oidc_providers = vec![provider("https://issuer")];
    assert!(Expressions::compile(&claims).is_ok());
}

#[test]
fn fields_that_do_not_go_together_are_refused() {
    let check = |spec: &ReceiverSpec, expected: &str| {
        assert_eq!(problem(spec), ("ValidationFailed", expected.to_owned()));
    };
    check(
        &with_providers(Vec::new()),
        "generic-oidc receiver requires at least one oidcProvider",
    );
    let mut both = spec(ReceiverType::GitHub);
    both.oidc_providers = vec![provider("https://issuer")];
    check(
        &both,
        "oidcProviders can only be set when type is generic-oidc",
    );
    let mut secret = with_providers(vec![provider("https://issuer")]);
    secret.secret_ref = Some(LocalObjectReference::default());
    check(&secret, "secretRef cannot be set when type is generic-oidc");
    let mut none = spec(ReceiverType::GitHub);
    none.secret_ref = None;
    check(&none, "secretRef is required when type is not generic-oidc");
}

#[test]
fn providers_are_checked_as_the_schema_does() {
    let check = |change: &dyn Fn(&mut OidcProvider), expected: &str| {
        let mut second = provider("https://b");
        change(&mut second);
        let (reason, text) = problem(&with_providers(vec![provider("https://a"), second]));
        assert_eq!((reason, text.as_str()), ("ValidationFailed", expected));
    };
    check(
        &|p| p.issuer_url.clear(),
        "oidcProviders[1]: issuerURL is required",
    );
    check(
        &|p| p.issuer_url = "ftp://b".to_owned(),
        "oidcProviders[1]: issuerURL \"ftp://b\" must start with http:// or https://",
    );
    check(
        &|p| p.issuer_url = "https://a".to_owned(),
        "oidcProviders[1]: duplicate issuerURL \"https://a\"",
    );
    check(
        &|p| p.validations.clear(),
        "oidcProviders[1] (issuerURL=\"https://b\"): at least one validation is required; without validations any caller \
         able to obtain a token from this issuer can trigger the Receiver",
    );
    check(
        &|p| p.variables = vec![variable("", "1")],
        "oidcProviders[1] (issuerURL=\"https://b\"): variables[0]: name is required",
    );
    check(
        &|p| p.variables = vec![variable("a", "")],
        "oidcProviders[1] (issuerURL=\"https://b\"): variables[0] (name=\"a\"): expression is required",
    );
    check(
        &|p| p.validations[0].expression.clear(),
        "oidcProviders[1] (issuerURL=\"https://b\"): validations[0]: expression is required",
    );
    check(
        &|p| p.validations[0].message.clear(),
        "oidcProviders[1] (issuerURL=\"https://b\"): validations[0]: message is required",
    );
}

#[test]
fn expressions_of_providers_are_named() {
    let mut bad = provider("https://a");
    bad.variables = vec![variable("who", "req.sub")];
    let (reason, text) = problem(&with_providers(vec![bad]));
    assert_eq!(reason, "InvalidCELExpression");
    let start =
        "oidcProviders[0] (issuerURL=\"https://a\"): invalid expression for variable \"who\": ";
    assert!(text.starts_with(start), "{text}");
    let mut bad = provider("https://a");
    bad.validations[0].expression = "claims.sub".to_owned();
    assert_eq!(
        problem(&with_providers(vec![bad])).1,
        "oidcProviders[0] (issuerURL=\"https://a\"): invalid expression for validation \"not mine\": \
         CEL expression output type mismatch: expected bool, got dyn"
    );
}

#[test]
fn claims_are_judged_by_every_validation() {
    let mut asks = provider("https://a");
    asks.variables = vec![
        variable("owner", "claims.repository.split('/')[0]"),
        variable("mine", "vars.owner == 'me'"),
    ];
    asks.validations = vec![
        validation("vars.mine == true", "not mine"),
        validation("claims.ref == 'refs/heads/main'", "not main"),
    ];
    let expressions = Expressions::compile(&with_providers(vec![asks])).unwrap();
    let provider = expressions.provider("https://a").unwrap();
    assert!(expressions.provider("https://a/").is_none());
    let said = |repository: &str, branch: &str| {
        let claims = json!({ "repository": repository, "ref": format!("refs/heads/{branch}") });
        provider.admits(&claims).map_err(|error| error.to_string())
    };
    assert_eq!(said("me/app", "main"), Ok(()));
    let refused = |text: &str| Err(format!("token validation failed: {text}"));
    assert_eq!(said("me/app", "dev"), refused("not main"));
    assert_eq!(said("you/app", "dev"), refused("not mine; not main"));
    let error = provider.admits(&json!({})).unwrap_err().to_string();
    assert!(
        error.starts_with("failed to evaluate variable \"owner\": "),
        "{error}"
    );
    let error = provider.admits(&json!({ "repository": "me/app" }));
    let error = error.unwrap_err().to_string();
    assert!(
        error.starts_with("failed to evaluate validation: "),
        "{error}"
    );
}
