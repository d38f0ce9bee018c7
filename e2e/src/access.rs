//! What roles grant and what an API server saw done: the same triples, to be compared.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};

use k8s_openapi::api::rbac::v1::PolicyRule;
use test_support::control_plane::AuditEntry;

/// The HTTP status of a request that no role allows.
const FORBIDDEN: u16 = 403;

/// One thing that may be done, or was done, to one kind of object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// API group; empty for the core group.
    pub group: String,
    /// Resource, with its subresource behind a slash.
    pub resource: String,
    /// Verb of RBAC.
    pub verb: String,
}

impl Display for Access {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            group,
            resource,
            verb,
        } = self;
        match group.as_str() {
            "" => write!(f, "{verb} {resource}"),
            group => write!(f, "{verb} {resource}.{group}"),
        }
    }
}

/// Everything that rules grant, written out.
pub fn granted(rules: &[PolicyRule]) -> BTreeSet<Access> {
    let mut granted = BTreeSet::new();
    for rule in rules {
        for group in rule.api_groups.iter().flatten() {
            for resource in rule.resources.iter().flatten() {
                granted.extend(rule.verbs.iter().map(|verb| Access {
                    group: group.clone(),
                    resource: resource.clone(),
                    verb: verb.clone(),
                }));
            }
        }
    }
    granted
}

/// What one user did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// What the user did and was allowed to do.
    pub allowed: BTreeSet<Access>,
    /// What was refused for want of a right; the resource is empty for a request about none.
    pub forbidden: BTreeSet<Access>,
}

/// What a control plane's audit log tells of `user`, as it names accounts: `system:serviceaccount:NAMESPACE:NAME`.
pub fn seen(log: &[AuditEntry], user: &str) -> Seen {
    let mut seen = Seen::default();
    for entry in log.iter().filter(|entry| entry.user == user) {
        let access = Access::of(entry);
        match entry.code {
            FORBIDDEN => drop(seen.forbidden.insert(access)),
            // Discovery and schemas: every account may read them.
            _ if entry.resource.is_empty() => {}
            _ => drop(seen.allowed.insert(access)),
        }
    }
    seen
}

impl Access {
    fn of(entry: &AuditEntry) -> Self {
        let resource = match entry.subresource.as_str() {
            "" => entry.resource.clone(),
            subresource => format!("{}/{subresource}", entry.resource),
        };
        Self {
            group: entry.group.clone(),
            resource,
            verb: entry.verb.clone(),
        }
    }
}

/// How two sets differ, one line per difference; empty where they are equal.
pub fn difference(granted: &BTreeSet<Access>, used: &BTreeSet<Access>) -> String {
    let missing = used
        .difference(granted)
        .map(|access| format!("- used but not granted: {access}\n"));
    let surplus = granted
        .difference(used)
        .map(|access| format!("+ granted but not used: {access}\n"));
    missing.chain(surplus).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn triple(verb: &str, resource: &str, group: &str) -> Access {
        Access {
            group: group.to_owned(),
            resource: resource.to_owned(),
            verb: verb.to_owned(),
        }
    }

    fn entry(user: &str, access: &Access, code: u16) -> AuditEntry {
        let (resource, subresource) = access
            .resource
            .split_once('/')
            .unwrap_or((&access.resource, ""));
        AuditEntry {
            user: user.to_owned(),
            verb: access.verb.clone(),
            group: access.group.clone(),
            resource: resource.to_owned(),
            subresource: subresource.to_owned(),
            name: String::new(),
            namespace: String::new(),
            code,
        }
    }

    #[test]
    fn a_log_tells_what_one_user_did() {
        let status = triple("patch", "imagepolicies/status", "image.toolkit.fluxcd.io");
        let (get, list) = (triple("get", "secrets", ""), triple("list", "secrets", ""));
        let log = [
            entry("me", &status, 200),
            entry("me", &get, 404),
            entry("me", &list, 403),
            entry("me", &triple("get", "", ""), 200),
            entry("other", &triple("get", "nodes", ""), 200),
        ];
        let seen = seen(&log, "me");
        assert_eq!(seen.allowed, [get, status].into());
        assert_eq!(seen.forbidden, [list].into());
    }

    #[test]
    fn rules_are_written_out() {
        let list = |texts: &[&str]| {
            texts
                .iter()
                .map(|&text| text.to_owned())
                .collect::<Vec<_>>()
        };
        let rule = PolicyRule {
            api_groups: Some(list(&[""])),
            resources: Some(list(&["secrets", "serviceaccounts"])),
            verbs: list(&["get"]),
            ..PolicyRule::default()
        };
        let both = [
            triple("get", "secrets", ""),
            triple("get", "serviceaccounts", ""),
        ];
        assert_eq!(granted(&[rule]), both.into());
    }

    #[test]
    fn a_difference_names_both_sides() {
        let granted = [
            triple("get", "leases", "coordination.k8s.io"),
            triple("get", "pods", ""),
        ]
        .into();
        let used = [triple("get", "pods", ""), triple("list", "pods", "")].into();
        assert_eq!(
            difference(&granted, &used),
            "- used but not granted: list pods\n+ granted but not used: get leases.coordination.k8s.io\n"
        );
        assert_eq!(difference(&used, &used), "");
    }
}
