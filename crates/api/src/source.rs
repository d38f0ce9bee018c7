//! The part of `source.toolkit.fluxcd.io` GitRepository that image automation reads.
//!
//! The kind belongs to Flux's source-controller: Repin reads it, whichever of its versions is
//! served, and neither writes nor installs it. Fields that are not named here are ignored.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Duration;
use crate::absent;
use crate::image::v1::LocalObjectReference;

/// API group of the GitRepository.
pub const GROUP: &str = "source.toolkit.fluxcd.io";

/// Where a Git repository is and how to reach it.
#[derive(CustomResource, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[kube(
    group = "source.toolkit.fluxcd.io",
    version = "v1",
    kind = "GitRepository",
    plural = "gitrepositories",
    namespaced,
    schema = "disabled",
    derive = "PartialEq",
    derive = "Default"
)]
#[serde(rename_all = "camelCase")]
pub struct GitRepositorySpec {
    /// Address: `http://`, `https://` or `ssh://`.
    pub url: String,
    /// Secret with the credentials, in the GitRepository's namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalObjectReference>,
    /// How to authenticate; `generic` where absent.
    #[serde(default)]
    pub provider: GitProvider,
    /// ServiceAccount for the cloud providers' workload identity.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub service_account_name: Option<String>,
    /// Bound on each Git operation; see [`GitRepositorySpec::timeout`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// What to check out where the automation does not say.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<GitRepositoryRef>,
    /// Secret with the address and the credentials of a forward proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_secret_ref: Option<LocalObjectReference>,
}

impl GitRepositorySpec {
    /// The bound on each Git operation: `spec.timeout`, one minute where absent.
    pub fn timeout(&self) -> Duration {
        self.timeout.unwrap_or(Duration::from_secs(60))
    }
}

/// Who issues the credentials of a Git repository.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum GitProvider {
    /// Credentials from the Secret.
    #[default]
    Generic,
    /// AWS CodeCommit.
    Aws,
    /// Azure DevOps.
    Azure,
    /// A GitHub App.
    Github,
}

/// What to check out of a Git repository.
///
/// Where several members are set, `commit` wins over `name`, `semver`, `tag` and `branch`, in this
/// order. Empty strings count as absent.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
pub struct GitRepositoryRef {
    /// Branch to check out; `master` where nothing else is named.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub branch: Option<String>,
    /// Tag to check out; wins over the branch.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub tag: Option<String>,
    /// Semver range over the tags; its highest version wins over the tag.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub semver: Option<String>,
    /// Full reference name such as `refs/heads/main`; wins over branch, tag and semver.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// Full commit id; wins over everything else.
    #[serde(
        default,
        deserialize_with = "absent::empty_string",
        skip_serializing_if = "Option::is_none"
    )]
    pub commit: Option<String>,
}

/// The branch that is read where nothing names a reference, as in Flux.
pub const DEFAULT_BRANCH: &str = "master";

impl GitRepositoryRef {
    /// The branch that is checked out; `None` where a commit, a name, a range or a tag is.
    pub fn checked_out_branch(&self) -> Option<&str> {
        let other = [&self.commit, &self.name, &self.semver, &self.tag];
        if other.iter().any(|field| field.is_some()) {
            return None;
        }
        Some(self.branch.as_deref().unwrap_or(DEFAULT_BRANCH))
    }

    /// Whether a push to this branch goes to a branch of its own, which is what Flux calls a switch: its name is not that
    /// of `branch`, whatever is checked out.
    pub fn switches_to(&self, push_branch: &str) -> bool {
        let read = if *self == Self::default() {
            DEFAULT_BRANCH
        } else {
            self.branch.as_deref().unwrap_or_default()
        };
        push_branch != read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_is_a_push_branch_that_the_reference_does_not_name() {
        let reference = |text: &str| serde_json::from_str::<GitRepositoryRef>(text).unwrap();
        for (text, push_branch, checked_out, switches) in [
            ("{}", "master", Some("master"), false),
            ("{}", "auto", Some("master"), true),
            (r#"{"branch": "main"}"#, "main", Some("main"), false),
            (r#"{"branch": "main"}"#, "auto", Some("main"), true),
            (r#"{"branch": "main", "commit": "c"}"#, "main", None, false),
            (r#"{"tag": "v1"}"#, "master", None, true),
            (r#"{"name": "refs/heads/main"}"#, "main", None, true),
        ] {
            let reference = reference(text);
            assert_eq!(reference.checked_out_branch(), checked_out, "{text}");
            assert_eq!(
                reference.switches_to(push_branch),
                switches,
                "{text} {push_branch}"
            );
        }
    }
}
