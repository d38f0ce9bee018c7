mod plans;

use kube::core::cel::Validator;
use regex::Regex;
use serde_json::{Value, json};

use super::tests::schema;

/// Why the structural part of a schema refuses a value.
fn refusals(schema: &Value, value: &Value, path: &str) -> Vec<String> {
    let mut refusals = Vec::new();
    let mut refuse = |why: String| refusals.push(format!("{path}: {why}"));
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if schema["type"]
        .as_str()
        .is_some_and(|expected| expected != kind)
    {
        refuse(format!("{kind} instead of {}", schema["type"]));
    }
    if schema["enum"]
        .as_array()
        .is_some_and(|values| !values.contains(value))
    {
        refuse(format!("{value} is none of {}", schema["enum"]));
    }
    if value.as_f64() < schema["minimum"].as_f64() && value.is_number() {
        refuse(format!("{value} is less than {}", schema["minimum"]));
    }
    let pattern = schema["pattern"]
        .as_str()
        .map(|pattern| Regex::new(pattern).unwrap());
    let (length, longest) = match value {
        Value::String(text) => {
            if pattern.is_some_and(|pattern| !pattern.is_match(text)) {
                refuse(format!("{value} does not match {}", schema["pattern"]));
            }
            (text.len(), &schema["maxLength"])
        }
        Value::Array(items) => (items.len(), &schema["maxItems"]),
        _ => (0, &Value::Null),
    };
    if longest
        .as_u64()
        .is_some_and(|longest| length as u64 > longest)
    {
        refuse(format!("{length} is more than {longest}"));
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        if value.get(name.as_str().unwrap()).is_none() {
            refuse(format!("lacks {name}"));
        }
    }
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            let known = schema["properties"]
                .get(name)
                .or_else(|| schema.get("additionalProperties"));
            let known = known.unwrap_or_else(|| panic!("{path}.{name} would be pruned"));
            refusals.extend(refusals_of(known, value, path, name));
        }),
        Value::Array(items) => items.iter().for_each(|item| {
            refusals.extend(refusals_of(&schema["items"], item, path, "[]"));
        }),
        _ => {}
    }
    refusals
}

fn refusals_of(schema: &Value, value: &Value, path: &str, name: &str) -> Vec<String> {
    refusals(schema, value, &format!("{path}.{name}"))
}

/// Everything the API server says about an object, its CEL rules included.
fn verdict(kind: &str, version: &str, object: &Value) -> Vec<String> {
    let schema = schema(kind, version);
    let mut verdict = refusals(&schema, object, "");
    if let Err(errors) = Validator::new().validate(&schema, object, None) {
        verdict.extend(errors.into_vec().into_iter().map(|error| error.message));
    }
    verdict
}

fn accepts(kind: &str, version: &str, objects: impl IntoIterator<Item = Value>) {
    for object in objects {
        let verdict = verdict(kind, version, &object);
        assert!(verdict.is_empty(), "{kind} {version} {object}: {verdict:?}");
    }
}

#[test]
fn repositories_that_flux_accepts_are_accepted() {
    accepts(
        "ImageRepository",
        "v1",
        [
            json!({}),
            json!({ "spec": { "image": "", "interval": "1m" } }),
            json!({ "spec": { "image": "a", "interval": "1.5h30m10ms", "timeout": "1m0.5s" } }),
            json!({ "spec": { "image": "a", "interval": "0s", "accessFrom": { "namespaceSelectors": [{}] },
            "exclusionList": [], "provider": "gcp", "insecure": true, "suspend": false,
            "secretRef": { "name": "" }, "proxySecretRef": { "name": "a" },
            "certSecretRef": { "name": "a" }, "serviceAccountName": "" },
            "status": { "observedGeneration": -1, "lastScanResult": { "tagCount": 0 } } }),
        ],
    );
    for version in ["v1beta2", "v1beta1", "v1alpha2", "v1alpha1"] {
        accepts(
            "ImageRepository",
            version,
            [
                json!({}),
                json!({ "spec": { "image": "a", "interval": "1m", "timeout": "20s", "suspend": true,
                "secretRef": { "name": "a" }, "certSecretRef": { "name": "a" } },
                "status": { "canonicalImageName": "a", "lastScanResult":
                    { "tagCount": 1, "scanTime": "2021-04-22T12:00:00Z" } } }),
            ],
        );
    }
}

#[test]
fn repositories_that_flux_refuses_are_refused() {
    let mut long = json!({ "image": "a", "interval": "1m" });
    long["exclusionList"] = vec!["a"; 26].into();
    for spec in [
        json!({ "image": "a" }),
        json!({ "interval": "1m" }),
        json!({ "image": "a", "interval": "1d" }),
        json!({ "image": "a", "interval": "1m", "timeout": "1h" }),
        json!({ "image": "a", "interval": "1m", "provider": "other" }),
        json!({ "image": "a", "interval": "1m", "accessFrom": {} }),
        json!({ "image": "a", "interval": "1m", "serviceAccountName": "a".repeat(254) }),
        long,
    ] {
        assert!(
            !verdict("ImageRepository", "v1", &json!({ "spec": spec })).is_empty(),
            "{spec}"
        );
    }
}

#[test]
fn policies_that_flux_accepts_are_accepted() {
    let reference = json!({ "name": "a" });
    accepts(
        "ImagePolicy",
        "v1",
        [
            json!({}),
            json!({ "spec": { "imageRepositoryRef": reference, "policy": {} } }),
            json!({ "spec": { "imageRepositoryRef": { "name": "a", "namespace": "b" },
            "policy": { "semver": { "range": "" }, "alphabetical": {}, "numerical": { "order": "desc" } },
            "filterTags": {}, "digestReflectionPolicy": "Always", "interval": "10m" } }),
            json!({ "spec": { "imageRepositoryRef": reference, "policy": {},
            "digestReflectionPolicy": "IfNotPresent", "filterTags": { "pattern": "", "extract": "" } } }),
            json!({ "spec": { "imageRepositoryRef": reference, "policy": {}, "minimumAge": "72h",
            "downgradePolicy": "Refuse", "accessFrom": { "namespaceSelectors": [] } } }),
        ],
    );
    for version in ["v1beta1", "v1alpha2", "v1alpha1"] {
        accepts(
            "ImagePolicy",
            version,
            [
                json!({}),
                json!({ "spec": { "imageRepositoryRef": reference, "policy": { "alphabetical": {} },
                "filterTags": { "pattern": "a" } }, "status": { "latestImage": "a:b" } }),
            ],
        );
    }
    accepts(
        "ImagePolicy",
        "v1beta2",
        [json!({ "status": { "latestImage": "a:b",
        "observedPreviousImage": "a:a", "latestRef": { "name": "a", "tag": "b" } } })],
    );
}

#[test]
fn the_interval_of_a_policy_goes_with_always_only() {
    let only = "spec.interval is only accepted when spec.digestReflectionPolicy is set to 'Always'";
    let must = "spec.interval must be set when spec.digestReflectionPolicy is set to 'Always'";
    for version in ["v1", "v1beta2"] {
        let said = |reflection: &str, interval: Option<&str>| {
            let mut spec = json!({ "imageRepositoryRef": { "name": "a" }, "policy": {} });
            spec["digestReflectionPolicy"] = reflection.into();
            if let Some(interval) = interval {
                spec["interval"] = interval.into();
            }
            verdict("ImagePolicy", version, &json!({ "spec": spec }))
        };
        assert_eq!(said("Never", Some("1m")), [only]);
        assert_eq!(said("IfNotPresent", Some("1m")), [only]);
        assert_eq!(said("Always", None), [must]);
        assert!(said("Always", Some("1m")).is_empty());
        assert!(said("Never", None).is_empty());
    }
}

#[test]
fn automations_that_flux_accepts_are_accepted() {
    let source = json!({ "kind": "GitRepository", "name": "a" });
    let commit = json!({ "author": { "email": "" } });
    accepts(
        "ImageUpdateAutomation",
        "v1",
        [
            json!({}),
            json!({ "spec": { "sourceRef": { "name": "a" }, "interval": "1m" } }),
            json!({ "spec": { "sourceRef": { "apiVersion": "x", "kind": "GitRepository", "name": "a",
            "namespace": "b" }, "interval": "1m", "update": {}, "policySelector": {},
            "git": { "commit": commit, "checkout": { "ref": {} }, "push": {} } } }),
            json!({ "spec": { "sourceRef": source, "interval": "1m", "suspend": true,
            "policySelector": { "matchLabels": { "a": "b" }, "matchExpressions":
                [{ "key": "a", "operator": "In", "values": ["b"] }] },
            "git": { "checkout": { "ref": { "branch": "a", "tag": "b", "semver": "c", "name": "d",
                "commit": "e" } },
                "commit": { "author": { "email": "a", "name": "b" }, "messageTemplate": "a",
                    "messageTemplateValues": { "a": "b" }, "messageTemplateEngine": "handlebars",
                    "signingKey": { "secretRef": { "name": "a" }, "type": "ssh" } },
                "push": { "branch": "a", "refspec": "b", "options": { "a": "b" },
                    "secretRef": { "name": "a" } } },
            "update": { "path": "./a", "strategy": "Setters" }, "approval": "Required" },
            "status": { "observedPolicies": { "a": { "name": "a", "tag": "b", "digest": "c" } } } }),
        ],
    );
    for version in ["v1beta2", "v1beta1", "v1alpha2"] {
        accepts(
            "ImageUpdateAutomation",
            version,
            [
                json!({}),
                json!({ "spec": { "sourceRef": source, "interval": "1m", "git": { "commit": commit,
                "push": { "branch": "a" } }, "update": { "strategy": "Setters" } } }),
            ],
        );
    }
    accepts(
        "ImageUpdateAutomation",
        "v1alpha1",
        [
            json!({}),
            json!({ "spec": { "checkout": { "gitRepositoryRef": { "name": "a" }, "branch": "main" },
            "commit": { "authorName": "a", "authorEmail": "b", "signingKey":
                { "secretRef": { "name": "a" } } }, "interval": "1m" } }),
        ],
    );
}

#[test]
fn automations_that_flux_refuses_are_refused() {
    for spec in [
        json!({ "interval": "1m" }),
        json!({ "sourceRef": { "name": "a" } }),
        json!({ "sourceRef": { "name": "a", "kind": "Bucket" }, "interval": "1m" }),
        json!({ "sourceRef": { "name": "a" }, "interval": "1m", "git": {} }),
        json!({ "sourceRef": { "name": "a" }, "interval": "1m", "git": { "commit": {} } }),
        json!({ "sourceRef": { "name": "a" }, "interval": "1m", "update": { "strategy": "Other" } }),
        json!({ "sourceRef": { "name": "a" }, "interval": "1m", "approval": "Maybe" }),
    ] {
        assert!(
            !verdict("ImageUpdateAutomation", "v1", &json!({ "spec": spec })).is_empty(),
            "{spec}"
        );
    }
}

#[test]
fn receivers_that_flux_accepts_are_accepted() {
    let secret = json!({ "name": "a" });
    accepts(
        "Receiver",
        "v1",
        [
            json!({}),
            json!({ "spec": { "type": "github", "secretRef": secret, "resources": [] } }),
            json!({ "spec": { "type": "cdevents", "secretRef": secret, "interval": "1m", "suspend": true,
            "events": ["push"], "resourceFilter": "true", "resources": [{ "apiVersion": "a",
                "kind": "ExternalArtifact", "name": "*", "namespace": "b", "filter": "true",
                "matchLabels": { "a": "b" } }] } }),
            json!({ "spec": { "type": "generic-oidc", "resources": [], "oidcProviders": [{
            "issuerURL": "https://a", "audience": "b", "variables": [{ "name": "a", "expression": "b" }],
            "validations": [{ "expression": "true", "message": "a" }] }] } }),
        ],
    );
    for version in ["v1beta2", "v1beta1"] {
        accepts(
            "Receiver",
            version,
            [
                json!({}),
                json!({ "spec": { "type": "dockerhub", "secretRef": secret, "resources":
                [{ "kind": "ImageRepository", "name": "a", "matchLabels": { "a": "b" } }] },
                "status": { "url": "/hook/a" } }),
            ],
        );
    }
}

#[test]
fn receivers_have_a_secret_or_providers_as_their_type_asks() {
    let said = |spec: Value| verdict("Receiver", "v1", &json!({ "spec": spec }));
    let provider = json!([{ "issuerURL": "https://a",
        "validations": [{ "expression": "true", "message": "a" }] }]);
    assert_eq!(
        said(json!({ "type": "generic-oidc", "resources": [] })),
        ["generic-oidc receivers must define at least one oidcProvider"]
    );
    assert_eq!(
        said(
            json!({ "type": "github", "resources": [], "secretRef": { "name": "a" },
            "oidcProviders": provider })
        ),
        ["oidcProviders can only be set when type is generic-oidc"]
    );
    assert_eq!(
        said(
            json!({ "type": "generic-oidc", "resources": [], "secretRef": { "name": "a" },
            "oidcProviders": provider })
        ),
        ["secretRef cannot be set when type is generic-oidc"]
    );
    assert_eq!(
        said(json!({ "type": "github", "resources": [] })),
        ["secretRef is required when type is not generic-oidc"]
    );
}
