use api::image::v1::{ImagePolicy, ImageUpdateAutomation};
use kube::ResourceExt as _;
use kube::core::{Selector, SelectorExt as _};
use yaml_setter::{LatestImage, Setters};

use crate::PlanError;

/// The policies that an automation applies: those of its own namespace that `spec.policySelector` matches, all of them
/// where it is absent, as in Flux. In order of their names.
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

/// The values of every marker that the policies define.
pub(crate) fn setters(policies: &[&ImagePolicy]) -> Setters {
    let mut setters = Setters::new();
    for policy in policies {
        let Some(latest) = policy
            .status
            .as_ref()
            .and_then(|status| status.latest_ref.as_ref())
        else {
            continue;
        };
        let image = LatestImage {
            name: &latest.name,
            tag: &latest.tag,
            digest: latest.digest.as_deref(),
        };
        setters.policy(
            &policy.namespace().unwrap_or_default(),
            &policy.name_any(),
            &image,
        );
    }
    setters
}
