//! What the runtime must know of a kind to reconcile it.

use std::fmt::Debug;

use api::Condition;
use api::image::v1::{ImagePolicy, ImagePolicyStatus, ImageRepository, ImageRepositoryStatus};
use k8s_openapi::NamespaceResourceScope;
use kube::Resource;
use serde::Serialize;
use serde::de::DeserializeOwned;

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
    type Status: Clone + Debug + Default + PartialEq + Serialize + Send + Sync + 'static;

    /// The status as read; none on an object that nobody has looked at.
    fn status(&self) -> Option<&Self::Status>;

    /// Whether the user has suspended the object.
    fn suspend(&self) -> bool;

    /// What the statuses of all kinds share.
    fn parts(status: &Self::Status) -> Common<'_>;

    /// The same, to be changed.
    fn parts_mut(status: &mut Self::Status) -> CommonMut<'_>;
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
    pub last_handled_reconcile_at: &'a mut Option<String>,
}

/// The kinds of Flux keep the shared fields under the same names.
macro_rules! reconciled {
    ($kind:ty, $status:ty) => {
        impl Reconciled for $kind {
            type Status = $status;

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
                    last_handled_reconcile_at: &mut status.last_handled_reconcile_at,
                }
            }
        }
    };
}

reconciled!(ImageRepository, ImageRepositoryStatus);
reconciled!(ImagePolicy, ImagePolicyStatus);
