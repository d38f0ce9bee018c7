//! What this process remembers of the automations between passes. All of it may be lost.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use api::image::v1::ImageUpdateAutomation;
use api::repin::v1alpha1::Phase;
use api::source::GitRepository;
use git_access::Target;
use git_remote::ObjectId;
use kube::ResourceExt as _;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::Heads;
use crate::catalogue::{AutomationRef, Plans};

/// What is remembered of all automations.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    automations: Mutex<HashMap<AutomationRef, Known>>,
    /// Those that somebody has asked to reconcile, and that no pass has decided about since.
    requested: Mutex<HashSet<AutomationRef>>,
}

/// The heads of an automation's branches, as this process knows them.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    heads: Heads,
    /// When the server was asked for them.
    asked: Instant,
    version: Version,
    /// The uids of the ended plans that were heeded. An older plan may end after a newer one.
    heeded: Vec<Option<String>>,
}

/// What the heads are about: of other specs they say nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    automation: (Option<String>, Option<i64>),
    source: (Option<String>, Option<i64>),
}

impl Version {
    pub(crate) fn of(automation: &ImageUpdateAutomation, source: &GitRepository) -> Self {
        Self {
            automation: (automation.uid(), automation.metadata.generation),
            source: (source.uid(), source.metadata.generation),
        }
    }
}

impl Known {
    /// The heads after what became of the automation's plans; none where the server has to be asked.
    fn after(&self, plans: &Plans, target: &Target) -> Option<Heads> {
        let mut heads = self.heads.clone();
        let news = plans
            .iter()
            .filter(|plan| plan.is_ended() && !self.heeded.contains(&plan.uid));
        for plan in news {
            match plan.phase {
                Phase::Pushed => {
                    let commit = plan.commit.as_ref()?;
                    let commit = ObjectId::from_hex(commit.as_bytes()).ok()?;
                    let (base, planned_on) = (
                        heads.base(target),
                        ObjectId::from_hex(plan.base.as_bytes()).ok(),
                    );
                    // Where the branch is known to be elsewhere, somebody else has moved it.
                    if base != commit && Some(base) != planned_on {
                        return None;
                    }
                    heads = moved(heads, target, commit);
                }
                // A file has changed, or the branch went elsewhere.
                Phase::Superseded => return None,
                Phase::Failed | Phase::Pending | Phase::AwaitingApproval => {}
            }
        }
        Some(heads)
    }
}

/// The heads after a push of `commit`.
fn moved(heads: Heads, target: &Target, commit: ObjectId) -> Heads {
    Heads {
        checkout: if target.reads_push_branch() {
            commit
        } else {
            heads.checkout
        },
        push: Some(commit),
        tag: heads.tag,
    }
}

impl Memory {
    /// The heads to plan from without a word to the server. None where it has to be asked: nothing is known, the specs have
    /// changed, a plan ended without its push, or nobody has asked for `interval`.
    pub(crate) fn heads(
        &self,
        automation: &AutomationRef,
        (version, target): (&Version, &Target),
        (plans, interval): (&Plans, Option<Duration>),
    ) -> Option<Heads> {
        let known = self.automations.lock().get(automation).cloned()?;
        let overdue = interval.is_some_and(|interval| known.asked.elapsed() >= interval);
        if overdue || known.version != *version {
            return None;
        }
        known.after(plans, target)
    }

    /// Notes the heads that a pass went by; `asked` says whether the server told them.
    pub(crate) fn learn(
        &self,
        automation: &AutomationRef,
        version: Version,
        (heads, asked): (&Heads, bool),
        plans: &Plans,
    ) {
        let mut automations = self.automations.lock();
        let before = automations.get(automation).map(|known| known.asked);
        let now = Instant::now();
        let ended = plans.iter().filter(|plan| plan.is_ended());
        let known = Known {
            heads: heads.clone(),
            asked: before.filter(|_| !asked).unwrap_or(now),
            version,
            heeded: ended.map(|plan| plan.uid.clone()).collect(),
        };
        automations.insert(automation.clone(), known);
    }

    /// How long ago the server was asked.
    pub(crate) fn asked_ago(&self, automation: &AutomationRef) -> Option<Duration> {
        let automations = self.automations.lock();
        automations
            .get(automation)
            .map(|known| known.asked.elapsed())
    }

    /// Somebody asks for a reconciliation. It is answered with the pass that hears of it, and holds until one decides.
    pub(crate) fn request(&self, automation: &AutomationRef) {
        self.requested.lock().insert(automation.clone());
    }

    pub(crate) fn is_requested(&self, automation: &AutomationRef) -> bool {
        self.requested.lock().contains(automation)
    }

    /// A pass has decided.
    pub(crate) fn decided(&self, automation: &AutomationRef) {
        self.requested.lock().remove(automation);
    }

    /// What is known of the heads counts for nothing any more.
    pub(crate) fn forget(&self, automation: &AutomationRef) {
        self.automations.lock().remove(automation);
    }
}

#[cfg(test)]
mod tests;
