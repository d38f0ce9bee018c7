//! What git-writer does: it pushes what a plan says, and says so in its status.

use api::repin::v1alpha1::{ImageUpdatePlan, Phase};
use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::{Setup, now};

impl Setup {
    /// Pushes a plan; the id of the commit.
    pub(crate) async fn push(&self, plan: &ImageUpdatePlan) -> String {
        let commit = self.land(plan);
        self.pushed(plan, &commit).await;
        commit
    }

    /// Puts the commit of a plan on the branch, and says nothing.
    pub(crate) fn land(&self, plan: &ImageUpdatePlan) -> String {
        let spec = &plan.spec;
        let base = &spec.push.base;
        let files = spec.files.iter().map(|file| {
            let mut content = self.repository.show(base, &file.path);
            for edit in file.edits.iter().rev() {
                let start = usize::try_from(edit.offset).unwrap();
                let end = start + edit.old.len();
                assert_eq!(&content[start..end], edit.old.as_bytes());
                content.splice(start..end, edit.new.bytes());
            }
            (file.path.clone(), content)
        });
        let commit = self.repository.commit(&spec.push.branch);
        let commit = match self
            .repository
            .find(&format!("refs/heads/{}", spec.push.branch))
        {
            Some(_) => commit,
            None => commit.parent(base),
        };
        commit.files(files).message(&spec.message).done()
    }

    pub(crate) async fn pushed(&self, plan: &ImageUpdatePlan, commit: &str) {
        let more = json!({ "commit": commit, "pushedTime": now() });
        self.say(plan, Phase::Pushed, "pushed", &more).await;
    }

    /// Writes the status of a plan.
    pub(crate) async fn say(
        &self,
        plan: &ImageUpdatePlan,
        phase: Phase,
        message: &str,
        more: &Value,
    ) {
        let mut status = json!({ "conditions": [{
            "type": "Ready", "status": phase.status(), "reason": phase.reason(), "message": message,
            "lastTransitionTime": now(),
        }]});
        super::merge(&mut status, more);
        self.write_status(plan, status).await;
    }

    /// Changes these fields of the status of a plan.
    pub(crate) async fn write_status(&self, plan: &ImageUpdatePlan, status: Value) {
        let api = self.namespace.api::<ImageUpdatePlan>();
        let patch = Patch::Merge(json!({ "status": status }));
        let params = PatchParams::default();
        drop(
            api.patch_status(&plan.name_any(), &params, &patch)
                .await
                .unwrap(),
        );
    }
}
