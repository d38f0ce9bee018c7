//! Findings as SARIF 2.1.0 (OASIS), which code scanning services read.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Lint;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// One run with all findings.
pub(super) fn sarif(lints: &[Lint]) -> Value {
    let rules: BTreeSet<&str> = lints.iter().map(|lint| lint.rule).collect();
    let rules: Vec<Value> = rules.into_iter().map(|rule| json!({"id": rule})).collect();
    let results: Vec<Value> = lints.iter().map(result).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "repin", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "results": results,
        }],
    })
}

fn result(lint: &Lint) -> Value {
    let mut place = json!({"artifactLocation": {"uri": uri(&lint.path)}});
    if lint.line > 0 {
        place["region"] = json!({"startLine": lint.line, "startColumn": lint.column.max(1)});
    }
    json!({
        "ruleId": lint.rule,
        "level": lint.level.name(),
        "message": {"text": lint.message},
        "locations": [{"physicalLocation": place}],
    })
}

/// A relative URI reference (RFC 3986): what is not unreserved or a slash is percent-encoded.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    path.bytes().fold(String::new(), |mut uri, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(byte.into());
        } else {
            use std::fmt::Write as _;
            write!(uri, "%{byte:02X}").expect("writing to a String cannot fail");
        }
        uri
    })
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn a_finding_names_its_rule_and_place() {
        let lint = Lint {
            path: "./a b/ü.yaml".to_owned(),
            line: 3,
            column: 7,
            level: Level::Error,
            rule: "malformed-marker",
            message: "m".to_owned(),
        };
        let sarif = sarif(&[lint]);
        let result = &sarif["runs"][0]["results"][0];
        assert_eq!(result["ruleId"], "malformed-marker");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%20b/%C3%BC.yaml");
        assert_eq!(place["region"]["startLine"], 3);
        assert_eq!(
            sarif["runs"][0]["tool"]["driver"]["rules"][0]["id"],
            "malformed-marker"
        );
    }
}
