use api::image::v1::{
    DowngradePolicy, ImagePolicy, ImagePolicyChoice, ImageRef, Order as SortOrder,
};
use api::safeguards;
use image_ref::Tags;
use tag_policy::{Constraint, Explanation, Filter, Order, Policy, Selector};

use crate::{EvaluateError, InvalidPolicy};

/// A policy, parsed once, ready to select from any list.
#[derive(Debug)]
pub struct Evaluator {
    selector: Selector,
}

impl Evaluator {
    /// Parses `spec.policy` and `spec.filterTags`. Where several members are set semver wins, then alphabetical, then
    /// numerical, as in Flux.
    pub fn new(policy: &ImagePolicy) -> Result<Self, InvalidPolicy> {
        refuse_safeguards(policy)?;
        let spec = &policy.spec;
        let filter = spec
            .filter_tags
            .as_ref()
            .map(|tags| {
                Filter::new(
                    tags.pattern.as_deref().unwrap_or(""),
                    tags.extract.as_deref().unwrap_or(""),
                )
            })
            .transpose()
            .map_err(InvalidPolicy::ParseFilter)?;
        Ok(Self {
            selector: Selector {
                policy: choice(&spec.policy)?,
                filter,
            },
        })
    }

    /// The tag that the policy chooses, as a reference to `image` (`spec.image` of the repository, as written).
    pub fn select(&self, image: &str, tags: &Tags) -> Result<ImageRef, EvaluateError> {
        if tags.is_empty() {
            return Err(EvaluateError::NoTags);
        }
        let tag = self
            .selector
            .select(tags.iter())
            .map_err(EvaluateError::Select)?;
        Ok(ImageRef {
            name: image.to_owned(),
            tag: tag.to_owned(),
            digest: None,
        })
    }

    /// The same decision with the reasons: what each rule dropped, and who came next.
    pub fn explain<'t>(&self, tags: &'t Tags, runners_up: usize) -> Explanation<'t> {
        self.selector.explain(tags.iter(), runners_up)
    }
}

fn choice(choice: &ImagePolicyChoice) -> Result<Policy, InvalidPolicy> {
    if let Some(semver) = &choice.semver {
        return Constraint::parse(&semver.range)
            .map(Policy::Semver)
            .map_err(InvalidPolicy::ParseRange);
    }
    let order = |order: SortOrder| match order {
        SortOrder::Asc => Order::Ascending,
        SortOrder::Desc => Order::Descending,
    };
    match (&choice.alphabetical, &choice.numerical) {
        (Some(alphabetical), _) => Ok(Policy::Alphabetical(order(alphabetical.order))),
        (None, Some(numerical)) => Ok(Policy::Numerical(order(numerical.order))),
        (None, None) => Err(InvalidPolicy::NoChoice),
    }
}

/// The Ready message of a policy that chose `latest` and had chosen `previous` before, as Flux writes it.
pub fn ready_message(latest: &ImageRef, previous: Option<&ImageRef>) -> String {
    let mut message = format!(
        "Latest image tag for {} resolved to {}",
        latest.name, latest.tag
    );
    if let Some(digest) = &latest.digest {
        message.push_str(" with digest ");
        message.push_str(digest);
    }
    if let Some(previous) = previous.filter(|previous| *previous != latest) {
        message.push_str(" (previously ");
        message.push_str(&previous.to_string());
        message.push(')');
    }
    message
}

/// A safeguard is never ignored: without the memory it needs the policy is refused.
fn refuse_safeguards(policy: &ImagePolicy) -> Result<(), InvalidPolicy> {
    if !safeguards::minimum_age(policy)
        .map_err(InvalidPolicy::Safeguard)?
        .is_zero()
    {
        return Err(InvalidPolicy::NeedsMemory {
            field: "minimumAge",
            needs: "the time at which each tag was first seen",
        });
    }
    if safeguards::downgrade_policy(policy).map_err(InvalidPolicy::Safeguard)?
        == DowngradePolicy::Refuse
    {
        return Err(InvalidPolicy::NeedsMemory {
            field: "downgradePolicy",
            needs: "the tag that was chosen before",
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
