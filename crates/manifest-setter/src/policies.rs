//! The policies of an automation: which ones it may use, and what they write.

use std::collections::HashMap;

use api::image::v1::{ImagePolicy, ImageRef as LatestRef, ImageUpdateAutomation};
use image_ref::ImageRef;
use kube::ResourceExt as _;
use kube::core::{Selector, SelectorExt as _};
use yaml_setter::{LatestImage, PolicyName, Setters};

use crate::{PlanError, Request};

/// The policies that an automation applies of its own namespace: those that `spec.policySelector` matches, all of them
/// where it is absent, as in Flux. In order of their names. Of other namespaces the selector says nothing.
pub fn select_policies<'a>(
    automation: &ImageUpdateAutomation,
    all: impl IntoIterator<Item = &'a ImagePolicy>,
) -> Result<Vec<&'a ImagePolicy>, PlanError> {
    let selector = match &automation.spec.policy_selector {
        Some(selector) => Selector::try_from(selector.clone())
            .map_err(|error| PlanError::ParseSelector(error.to_string()))?,
        None => Selector::default(),
    };
    let mut policies: Vec<&ImagePolicy> = all
        .into_iter()
        .filter(|policy| {
            policy.namespace() == automation.namespace() && selector.matches(policy.labels())
        })
        .collect();
    policies.sort_by_key(|policy| policy.name_any());
    Ok(policies)
}

/// A policy that exists and that the automation may not use.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denied {
    /// Namespace of the ImagePolicy.
    pub namespace: String,
    /// Name of the ImagePolicy.
    pub name: String,
    /// Why.
    pub denial: Denial,
}

/// Why an automation may not use a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denial {
    /// It is in another namespace, and its `spec.accessFrom` does not admit the automation's.
    NoAccess,
    /// It is in another namespace, and the controller runs with `--no-cross-namespace-refs`.
    Blocked,
    /// It is in the automation's namespace, and `spec.policySelector` does not match it.
    NotSelected,
}

/// The policies of a pass: what they write, and why some write nothing.
#[derive(Debug, Default)]
pub(crate) struct Policies<'a> {
    /// The values of every marker that they define.
    pub(crate) setters: Setters,
    /// Namespace of the automation.
    namespace: String,
    /// By namespace and name.
    silent: HashMap<(&'a str, &'a str), Silence>,
}

/// Why a policy writes nothing.
#[derive(Clone, Copy, Debug)]
enum Silence {
    Denied(Denial),
    NoImage,
}

impl<'a> Policies<'a> {
    /// An image that is not one fails the pass, as in Flux; a policy of another namespace that has such a one is passed
    /// over, since nobody there should have the say over this automation.
    pub(crate) fn new(request: &Request<'a>) -> Result<Self, PlanError> {
        let mut policies = Self {
            namespace: request.automation.namespace().unwrap_or_default(),
            ..Self::default()
        };
        for denied in request.denied {
            let name = (denied.namespace.as_str(), denied.name.as_str());
            policies.silent.insert(name, Silence::Denied(denied.denial));
        }
        request
            .policies
            .iter()
            .try_for_each(|policy| policies.add(policy))?;
        Ok(policies)
    }

    fn add(&mut self, policy: &'a ImagePolicy) -> Result<(), PlanError> {
        let namespace = policy.metadata.namespace.as_deref().unwrap_or_default();
        let name = policy.metadata.name.as_deref().unwrap_or_default();
        let Some(latest) = self.latest(policy)? else {
            self.silent.insert((namespace, name), Silence::NoImage);
            return Ok(());
        };
        let image = LatestImage {
            name: &latest.name,
            tag: &latest.tag,
            digest: latest.digest.as_deref(),
        };
        self.setters.policy(namespace, name, &image);
        Ok(())
    }

    fn latest(&self, policy: &'a ImagePolicy) -> Result<Option<&'a LatestRef>, PlanError> {
        let status = policy.status.as_ref();
        let Some(latest) = status.and_then(|status| status.latest_ref.as_ref()) else {
            return Ok(None);
        };
        match parsed(policy, latest) {
            Ok(_) => Ok(Some(latest)),
            Err(_) if policy.namespace().unwrap_or_default() != self.namespace => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Why a policy that a marker names writes nothing: the rule and its text, where more is known than that.
    pub(crate) fn silence_of(&self, policy: &PolicyName) -> Option<(&'static str, String)> {
        let silence = self
            .silent
            .get(&(policy.namespace.as_str(), policy.name.as_str()))?;
        let (rule, why) = match silence {
            Silence::NoImage => (
                "policy-without-image",
                "which has no latest image yet: see its status".to_owned(),
            ),
            Silence::Denied(Denial::NoAccess) => (
                "policy-not-allowed",
                format!(
                    "which namespace '{}' may not use: admit it in spec.accessFrom of that ImagePolicy",
                    self.namespace
                ),
            ),
            Silence::Denied(Denial::Blocked) => (
                "policy-not-allowed",
                "which is in another namespace: cross-namespace references have been blocked"
                    .to_owned(),
            ),
            Silence::Denied(Denial::NotSelected) => (
                "policy-not-selected",
                "which spec.policySelector of the automation does not match".to_owned(),
            ),
        };
        Some((
            rule,
            format!("marker names the image policy {policy}, {why}"),
        ))
    }
}

/// The image of a policy.
pub(crate) fn parsed(policy: &ImagePolicy, latest: &LatestRef) -> Result<ImageRef, PlanError> {
    let reference = latest.to_string();
    ImageRef::parse(&reference).map_err(|source| PlanError::ParseImage {
        policy: format!(
            "{}/{}",
            policy.namespace().unwrap_or_default(),
            policy.name_any()
        ),
        reference,
        source,
    })
}
