//! What the runtime must know of a kind to reconcile it.

use std::fmt::Debug;

use api::conditions::{READY, RECEIVER_IN_PROGRESS, UNKNOWN};
use api::image::v1::{
    ImagePolicy, ImagePolicyStatus, ImageRepository, ImageRepositoryStatus, ImageUpdateAutomation,
    ImageUpdateAutomationStatus,
};
use api::notification::v1::{Receiver, ReceiverStatus};
use api::repin::v1alpha1::{ImageUpdatePlan, ImageUpdatePlanStatus};
use api::{Condition, reasons};
use k8s_openapi::NamespaceResourceScope;
use kube::Resource;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::conditions::{find, starting};
use crate::reconcile::{Course, End};

/// A kind whose status this process writes.
pub trait Reconciled:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Clone
    + Debug
    + DeserializeOwned
    + Serialize
    + Send
    + Sync
    + 'static
{
    /// The whole status.
    type Status: Clone
        + Debug
        + Default
        + PartialEq
        + DeserializeOwned
        + Serialize
        + Send
        + Sync
        + 'static;

    /// Which conditions the kind has.
    const STYLE: Style = Style::Conditions;

    /// The status as read; none on an object that nobody has looked at.
    fn status(&self) -> Option<&Self::Status>;

    /// Whether the user has suspended the object.
    fn suspend(&self) -> bool;

    /// What the statuses of all kinds share.
    fn parts(status: &Self::Status) -> Common<'_>;

    /// The same, to be changed.
    fn parts_mut(status: &mut Self::Status) -> CommonMut<'_>;

    /// Drops what no pass over the object will ask for, before the object is kept in memory.
    fn lean(&mut self) {}
}

/// Which conditions a kind has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Ready, Reconciling and Stalled, as the kinds of Flux have.
    Conditions,
    /// The same three as Flux's Receiver has them: nothing is written before the end of a pass, Ready is never Unknown, and
    /// what stalls the object replaces what Ready said.
    Terse,
    /// Ready alone, whose reason is a phase: Unknown while the object is under way, True or False
    /// once it has ended. Reconcilers answer with [`End::Phase`]; other ends become these phases.
    Phases {
        /// After a failure that may pass.
        pending: &'static str,
        /// When nothing helps.
        failed: &'static str,
    },
}

impl Style {
    /// An end in the words of the kind.
    pub(crate) fn end(self, end: End) -> End {
        let (pending, failed, end) = match (self, end) {
            (Self::Phases { pending, failed }, end) => (pending, failed, end),
            (Self::Terse, End::Stalled { reason, message }) => {
                return End::Refused { reason, message };
            }
            (Self::Conditions | Self::Terse, end) => return end,
        };
        let (name, course, message, retry) = match end {
            End::Failed { message, class, .. } => (pending, Course::UnderWay, message, Some(class)),
            End::Waiting { message, .. } => (pending, Course::UnderWay, message, None),
            End::Stalled { message, .. } | End::Refused { message, .. } => {
                (failed, Course::Missed, message, None)
            }
            End::Ready { .. } | End::Unchanged | End::Untried | End::Phase { .. } => return end,
        };
        End::Phase {
            name,
            course,
            message,
            retry,
        }
    }

    /// Whether the status says what a long pass is doing.
    pub(crate) fn tells_progress(self) -> bool {
        self == Self::Conditions
    }

    /// Whether Flux's controllers have written statuses of the kind.
    pub(crate) fn is_inherited(self) -> bool {
        !matches!(self, Self::Phases { .. })
    }

    /// What a pass says first of an object of this generation, whose status is of another one.
    pub(crate) fn first_word(self, generation: i64, observed: Option<i64>) -> String {
        match self {
            Self::Conditions | Self::Phases { .. } => starting(generation, observed),
            Self::Terse => RECEIVER_IN_PROGRESS.to_owned(),
        }
    }

    /// What the log says of an object that its user has suspended.
    pub(crate) fn suspended(self) -> &'static str {
        match self {
            Self::Conditions | Self::Phases { .. } => "reconciliation is suspended for this object",
            Self::Terse => "Reconciliation is suspended for this object",
        }
    }

    /// Whether these conditions are those of an object that has ended, and is left alone.
    pub(crate) fn has_ended(self, conditions: &[Condition]) -> bool {
        let ready = find(conditions, READY);
        !self.is_inherited() && ready.is_some_and(|ready| ready.status != UNKNOWN)
    }
}

/// What the statuses of all kinds share.
#[derive(Clone, Copy, Debug)]
pub struct Common<'a> {
    /// Ready, Reconciling, Stalled, and those that others have added.
    pub conditions: &'a [Condition],
    /// The last generation that ended Ready or Stalled; -1 before the first.
    pub observed_generation: Option<i64>,
    /// Value of the last request for a reconciliation that a pass has seen.
    pub last_handled_reconcile_at: Option<&'a str>,
}

/// What the statuses of all kinds share, to be changed.
#[derive(Debug)]
pub struct CommonMut<'a> {
    /// Ready, Reconciling, Stalled, and those that others have added.
    pub conditions: &'a mut Vec<Condition>,
    /// The last generation that ended Ready or Stalled; -1 before the first.
    pub observed_generation: &'a mut Option<i64>,
    /// Value of the last request for a reconciliation that a pass has seen.
    /// Nothing where the kind does not keep it.
    pub last_handled_reconcile_at: Option<&'a mut Option<String>>,
}

/// The kinds of Flux keep the shared fields under the same names.
macro_rules! reconciled {
    ($kind:ty, $status:ty, $style:expr) => {
        impl Reconciled for $kind {
            type Status = $status;

            const STYLE: Style = $style;

            fn status(&self) -> Option<&Self::Status> {
                self.status.as_ref()
            }

            fn suspend(&self) -> bool {
                self.spec.suspend
            }

            fn parts(status: &Self::Status) -> Common<'_> {
                Common {
                    conditions: &status.conditions,
                    observed_generation: status.observed_generation,
                    last_handled_reconcile_at: status.last_handled_reconcile_at.as_deref(),
                }
            }

            fn parts_mut(status: &mut Self::Status) -> CommonMut<'_> {
                CommonMut {
                    conditions: &mut status.conditions,
                    observed_generation: &mut status.observed_generation,
                    last_handled_reconcile_at: Some(&mut status.last_handled_reconcile_at),
                }
            }
        }
    };
}

reconciled!(ImageRepository, ImageRepositoryStatus, Style::Conditions);
reconciled!(ImagePolicy, ImagePolicyStatus, Style::Conditions);
reconciled!(
    ImageUpdateAutomation,
    ImageUpdateAutomationStatus,
    Style::Conditions
);
reconciled!(Receiver, ReceiverStatus, Style::Terse);

impl Reconciled for ImageUpdatePlan {
    type Status = ImageUpdatePlanStatus;

    const STYLE: Style = Style::Phases {
        pending: reasons::plan::PENDING,
        failed: reasons::plan::FAILED,
    };

    fn status(&self) -> Option<&Self::Status> {
        self.status.as_ref()
    }

    /// Its automation may be: then the plan waits.
    fn suspend(&self) -> bool {
        false
    }

    fn parts(status: &Self::Status) -> Common<'_> {
        Common {
            conditions: &status.conditions,
            observed_generation: status.observed_generation,
            last_handled_reconcile_at: None,
        }
    }

    fn parts_mut(status: &mut Self::Status) -> CommonMut<'_> {
        CommonMut {
            conditions: &mut status.conditions,
            observed_generation: &mut status.observed_generation,
            last_handled_reconcile_at: None,
        }
    }

    /// The bytes of a plan that has ended are history.
    fn lean(&mut self) {
        let conditions = self.status.iter().flat_map(|status| &status.conditions);
        let conditions: Vec<Condition> = conditions.cloned().collect();
        if Self::STYLE.has_ended(&conditions) {
            self.spec.files = Vec::new();
            self.spec.diff = Vec::new();
            self.spec.message = String::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use api::repin::v1alpha1::{FileEdits, Phase};
    use k8s_openapi::jiff::Timestamp;

    use super::*;
    use crate::reconcile::Class;

    fn plan(phase: Phase) -> ImageUpdatePlan {
        let mut plan = ImageUpdatePlan::default();
        plan.spec.files = vec![FileEdits::default()];
        let ready = Condition {
            type_: READY.to_owned(),
            status: phase.status().to_owned(),
            reason: phase.reason().to_owned(),
            message: String::new(),
            observed_generation: None,
            last_transition_time: api::Time(Timestamp::UNIX_EPOCH),
        };
        plan.status = Some(ImageUpdatePlanStatus {
            conditions: vec![ready],
            ..ImageUpdatePlanStatus::default()
        });
        plan
    }

    #[test]
    fn of_a_plan_that_has_ended_the_bytes_are_dropped() {
        for phase in Phase::ALL {
            let mut plan = plan(phase);
            plan.lean();
            assert_eq!(plan.spec.files.is_empty(), phase.is_ended(), "{phase}");
        }
        let mut fresh = ImageUpdatePlan::default();
        fresh.spec.files = vec![FileEdits::default()];
        fresh.lean();
        assert!(!fresh.spec.files.is_empty());
    }

    #[test]
    fn what_the_runtime_finds_is_said_in_phases() {
        let message = || "why".to_owned();
        let failed = End::Failed {
            reason: None,
            message: message(),
            class: Class::Transient,
        };
        let stalled = End::Stalled {
            reason: reasons::VALIDATION_FAILED,
            message: message(),
        };
        let phase = |name, course, retry| End::Phase {
            name,
            course,
            message: message(),
            retry,
        };
        let style = ImageUpdatePlan::STYLE;
        let pending = phase("Pending", Course::UnderWay, Some(Class::Transient));
        assert_eq!(style.end(failed.clone()), pending);
        assert_eq!(style.end(stalled), phase("Failed", Course::Missed, None));
        assert_eq!(ImageRepository::STYLE.end(failed.clone()), failed);
    }

    #[test]
    fn a_receiver_is_spoken_of_as_flux_does() {
        let (style, message) = (Receiver::STYLE, || "why".to_owned());
        let reason = reasons::VALIDATION_FAILED;
        let stalled = End::Stalled {
            reason,
            message: message(),
        };
        let refused = End::Refused {
            reason,
            message: message(),
        };
        assert_eq!(style.end(stalled.clone()), refused);
        assert_eq!(ImageRepository::STYLE.end(stalled.clone()), stalled);
        assert_eq!(style.first_word(2, Some(1)), "Reconciliation in progress");
        assert!(!style.tells_progress() && style.is_inherited());
        let ended = Phase::ALL.into_iter().find(|phase| phase.is_ended());
        let ended = plan(ended.unwrap()).status.unwrap();
        assert!(!style.has_ended(&ended.conditions));
    }
}
