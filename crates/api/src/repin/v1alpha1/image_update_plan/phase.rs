use std::fmt;

use super::ImageUpdatePlan;
use crate::conditions::{FALSE, READY, TRUE, UNKNOWN};
use crate::reasons::plan as reasons;

/// How far a plan has come: the reason of its Ready condition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Waits to be written, or to be tried again.
    #[default]
    Pending,
    /// Waits for an ImageUpdateApproval of its name.
    AwaitingApproval,
    /// Its commit is on the server.
    Pushed,
    /// The files or the decision have changed; another plan takes its place.
    Superseded,
    /// Refused for good.
    Failed,
}

impl Phase {
    /// Every phase, in the order in which a plan may come to them.
    pub const ALL: [Self; 5] = [
        Self::Pending,
        Self::AwaitingApproval,
        Self::Pushed,
        Self::Superseded,
        Self::Failed,
    ];

    /// The reason of the Ready condition.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Pending => reasons::PENDING,
            Self::AwaitingApproval => reasons::AWAITING_APPROVAL,
            Self::Pushed => reasons::PUSHED,
            Self::Superseded => reasons::SUPERSEDED,
            Self::Failed => reasons::FAILED,
        }
    }

    /// The status of the Ready condition: `True`, `False` or `Unknown`.
    pub fn status(self) -> &'static str {
        match self {
            Self::Pending | Self::AwaitingApproval => UNKNOWN,
            Self::Pushed => TRUE,
            Self::Superseded | Self::Failed => FALSE,
        }
    }

    /// Whether nothing will be written for the plan any more.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Pushed | Self::Superseded | Self::Failed)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.reason())
    }
}

impl ImageUpdatePlan {
    /// The phase that the status tells; `Pending` where it tells none, or one that this release does not know.
    pub fn phase(&self) -> Phase {
        let mut conditions = self.status.iter().flat_map(|status| &status.conditions);
        let ready = conditions.find(|condition| condition.type_ == READY);
        ready
            .and_then(|ready| {
                Phase::ALL
                    .into_iter()
                    .find(|phase| phase.reason() == ready.reason)
            })
            .unwrap_or_default()
    }

    /// Whether nothing will be written for the plan any more.
    pub fn is_ended(&self) -> bool {
        self.phase().is_ended()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(condition: Option<(&str, &str)>) -> ImageUpdatePlan {
        let conditions: Vec<_> = condition
            .into_iter()
            .map(|(kind, reason)| {
                serde_json::json!({ "type": kind, "reason": reason, "status": "Unknown", "message": "",
                    "lastTransitionTime": "2021-04-22T12:00:00Z" })
            })
            .collect();
        let mut plan = ImageUpdatePlan::new("a", super::super::ImageUpdatePlanSpec::default());
        plan.status =
            Some(serde_json::from_value(serde_json::json!({ "conditions": conditions })).unwrap());
        plan
    }

    #[test]
    fn the_phase_is_the_reason_of_ready() {
        for (phase, status, ended) in [
            (Phase::Pending, "Unknown", false),
            (Phase::AwaitingApproval, "Unknown", false),
            (Phase::Pushed, "True", true),
            (Phase::Superseded, "False", true),
            (Phase::Failed, "False", true),
        ] {
            assert_eq!(plan(Some(("Ready", &phase.to_string()))).phase(), phase);
            assert_eq!(phase.to_string(), format!("{phase:?}"));
            assert_eq!(
                (phase.status(), phase.is_ended()),
                (status, ended),
                "{phase}"
            );
        }
    }

    #[test]
    fn what_nobody_has_judged_is_pending() {
        for condition in [
            None,
            Some(("Ready", "Other")),
            Some(("Reconciling", "Pushed")),
        ] {
            assert_eq!(plan(condition).phase(), Phase::Pending, "{condition:?}");
            assert!(!plan(condition).is_ended());
        }
        let without_status =
            ImageUpdatePlan::new("a", super::super::ImageUpdatePlanSpec::default());
        assert_eq!(without_status.phase(), Phase::Pending);
    }
}
