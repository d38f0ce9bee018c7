//! Who asked the API server for what: its audit log, at the level of metadata.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;

/// The policy the server runs with: every request, once it is answered or, for a watch, begun.
pub(super) const POLICY: &str = "apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
";

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// `system:serviceaccount:NAMESPACE:NAME`, `admin`, …
    pub user: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// The API group; empty for the core group and for requests that are about no resource.
    pub group: String,
    /// The plural, `secrets`; empty for a request that is about no resource (`/readyz`).
    pub resource: String,
    /// `status`, `token`, …; empty without.
    pub subresource: String,
    /// Empty for what has no name yet (a list, a create).
    pub name: String,
    /// Empty for cluster-scoped resources and for all namespaces.
    pub namespace: String,
    /// The HTTP status of the answer.
    pub code: u16,
}

/// A line of the log.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    #[serde(rename = "auditID")]
    audit_id: String,
    verb: String,
    user: User,
    #[serde(default)]
    object_ref: ObjectRef,
    #[serde(default)]
    response_status: ResponseStatus,
}

#[derive(Deserialize)]
struct User {
    username: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ObjectRef {
    api_group: String,
    resource: String,
    subresource: String,
    name: String,
    namespace: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ResponseStatus {
    code: u16,
}

/// The requests in the log so far, in the order in which they were answered.
pub(super) fn read(log: &Path) -> Vec<AuditEntry> {
    entries(&fs::read_to_string(log).unwrap_or_default())
}

/// A watch has two lines, one when it begins and one when it ends; the first one counts. The last line may be half written.
fn entries(text: &str) -> Vec<AuditEntry> {
    let mut seen = HashSet::new();
    let whole = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    whole
        .filter(|line: &Line| seen.insert(line.audit_id.clone()))
        .map(|line| AuditEntry {
            user: line.user.username,
            verb: line.verb,
            group: line.object_ref.api_group,
            resource: line.object_ref.resource,
            subresource: line.object_ref.subresource,
            name: line.object_ref.name,
            namespace: line.object_ref.namespace,
            code: line.response_status.code,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_counts_once_and_a_half_written_line_not_yet() {
        let line = |id: &str, stage: &str| {
            format!(
                r#"{{"auditID":"{id}","stage":"{stage}","verb":"watch","user":{{"username":"admin"}},"objectRef":{{"resource":"secrets"}},"responseStatus":{{"code":200}}}}"#
            )
        };
        let log = [
            line("1", "ResponseStarted"),
            line("2", "ResponseComplete"),
            line("1", "ResponseComplete"),
            r#"{"auditID":"3","#.to_owned(),
        ]
        .join("\n");
        let entries = entries(&log);
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0].resource, "secrets");
        assert_eq!(entries[0].code, 200);
    }
}
