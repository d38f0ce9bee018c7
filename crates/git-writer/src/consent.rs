//! Whether somebody has agreed to a plan: pure.

use api::repin::v1alpha1::{ImageUpdateApproval, ImageUpdatePlan};
use kube::ResourceExt as _;

/// What a plan lacks that has to be approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    /// Any approval.
    Approval,
    /// One that was made when the plan could be read: this one is older.
    NewApproval,
}

/// Whether an approval holds for a plan.
///
/// Names of plans can be computed before there are any: an approval from before is none of what the plan says. One that is
/// being deleted is taken back.
pub(crate) fn consent(
    plan: &ImageUpdatePlan,
    approval: Option<&ImageUpdateApproval>,
) -> Result<(), Lack> {
    let holds = |approval: &&ImageUpdateApproval| {
        approval.spec.plan == plan.name_any() && approval.metadata.deletion_timestamp.is_none()
    };
    let approval = approval.filter(holds).ok_or(Lack::Approval)?;
    let given = approval.creation_timestamp();
    let made = plan.creation_timestamp();
    match given.zip(made) {
        Some((given, made)) if given.0 >= made.0 => Ok(()),
        _ => Err(Lack::NewApproval),
    }
}

#[cfg(test)]
mod tests {
    use api::Time;
    use api::repin::v1alpha1::{ImageUpdateApprovalSpec, ImageUpdatePlanSpec};
    use k8s_openapi::jiff::Timestamp;

    use super::*;

    fn at(second: i64) -> Time {
        Time(Timestamp::from_second(second).unwrap())
    }

    fn approval(plan: &str, created: Option<Time>) -> ImageUpdateApproval {
        let spec = ImageUpdateApprovalSpec {
            plan: plan.to_owned(),
            approved_by: "jane".to_owned(),
        };
        let mut approval = ImageUpdateApproval::new("fleet-1", spec);
        approval.metadata.creation_timestamp = created;
        approval
    }

    #[test]
    fn an_approval_holds_for_the_plan_that_it_follows() {
        let mut plan = ImageUpdatePlan::new("fleet-1", ImageUpdatePlanSpec::default());
        plan.metadata.creation_timestamp = Some(at(100));
        let mut deleted = approval("fleet-1", Some(at(101)));
        deleted.metadata.deletion_timestamp = Some(at(102));
        for (approval, expected) in [
            (None, Err(Lack::Approval)),
            (
                Some(approval("fleet-2", Some(at(101)))),
                Err(Lack::Approval),
            ),
            (Some(deleted), Err(Lack::Approval)),
            (
                Some(approval("fleet-1", Some(at(99)))),
                Err(Lack::NewApproval),
            ),
            (Some(approval("fleet-1", None)), Err(Lack::NewApproval)),
            (Some(approval("fleet-1", Some(at(100)))), Ok(())),
            (Some(approval("fleet-1", Some(at(101)))), Ok(())),
        ] {
            assert_eq!(consent(&plan, approval.as_ref()), expected, "{approval:?}");
        }
    }
}
