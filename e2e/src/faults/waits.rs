//! Moments on the way, to wait for.

use std::path::PathBuf;

use api::conditions::{FALSE, READY, TRUE};
use api::image::v1::{ImageUpdateAutomation, ImageUpdateAutomationStatus};
use api::repin::v1alpha1::ImageUpdatePlan;
use kube::api::{Api, DeleteParams};
use test_support::cluster::eventually;

use super::acts::Flag;
use super::objects::{name, path};
use super::site::Site;

/// Holds the Git server where it has moved a branch and has not answered yet.
#[derive(Debug)]
pub struct Landing {
    hold: Flag,
    /// Is there once a branch has moved.
    mark: PathBuf,
}

impl Landing {
    /// Waits until the commit is on its branch.
    pub async fn reached(&self) {
        eventually("a commit that lands", async || {
            self.mark.is_file().then_some(())
        })
        .await;
    }

    /// Lets the server answer.
    pub fn release(self) {
        self.hold.lower();
    }
}

impl Site {
    /// Holds the next push where the commit is on `main` and nobody knows. Nobody else is to commit meanwhile.
    pub fn hold_landed(&self) -> Landing {
        let folder = self.repo.path();
        let (hold, mark) = (Flag(folder.join("hold")), folder.join("landed"));
        let (waits, landed) = (hold.0.display(), mark.display());
        let script = format!(
            "#!/bin/sh\n\
             [ \"$1\" = committed ] && [ -e {waits} ] || exit 0\n\
             touch {landed}\n\
             while [ -e {waits} ]; do sleep 0.01; done\n"
        );
        self.repo.hook("reference-transaction", &script);
        hold.raise();
        Landing { hold, mark }
    }

    /// Deletes a plan that is open, as a user does.
    pub async fn delete_plan(&self, name: &str) {
        self.past.lock().deleted = true;
        let api: Api<ImageUpdatePlan> = self.namespace.api();
        let deleted = api.delete(name, &DeleteParams::default()).await;
        drop(deleted.expect("the plan exists"));
    }

    async fn status(&self, number: usize) -> ImageUpdateAutomationStatus {
        let api: Api<ImageUpdateAutomation> = self.namespace.api();
        let automation = api.get(&name(number)).await;
        automation
            .expect("the automation exists")
            .status
            .unwrap_or_default()
    }

    /// Waits until an automation says with these words that it cannot push.
    pub async fn until_failing(&self, number: usize, words: &str) {
        self.until_ready_is(number, FALSE, words).await;
    }

    /// Waits until an automation is not ready, for whatever reason.
    pub async fn until_not_ready(&self, number: usize) {
        self.until_ready_is(number, FALSE, "").await;
    }

    /// Waits until an automation has nothing left to do.
    pub async fn until_ready(&self, number: usize) {
        self.until_ready_is(number, TRUE, "").await;
    }

    async fn until_ready_is(&self, number: usize, wanted: &str, words: &str) {
        let what = format!("{} to be {wanted}: {words}", name(number));
        eventually(&what, async || {
            let conditions = self.status(number).await.conditions;
            let ready = conditions.into_iter().find(|one| one.type_ == READY)?;
            (ready.status == wanted && ready.message.contains(words)).then_some(())
        })
        .await;
    }

    /// Waits until there are so many plans.
    pub async fn until_plans(&self, count: usize) -> Vec<ImageUpdatePlan> {
        eventually(&format!("{count} plans"), async || {
            Some(self.plans().await).filter(|plans| plans.len() >= count)
        })
        .await
    }

    /// Waits until the file of an automation has a tag on a branch.
    pub async fn until_on(&self, branch: &str, number: usize, tag: &str) {
        let revision = format!("refs/heads/{branch}:{}", path(number));
        let wanted = self.content(number, tag);
        eventually(&format!("{tag} on {branch}"), async || {
            let found = self.repo.try_git(&["cat-file", "blob", &revision]).stdout;
            (found == wanted.as_bytes()).then_some(())
        })
        .await;
    }

    /// Waits until no plan is open, and the automations say so.
    pub async fn until_at_rest(&self) {
        eventually("every plan to end", async || {
            let plans = self.plans().await;
            plans.iter().all(ImageUpdatePlan::is_ended).then_some(())
        })
        .await;
        for number in 0..self.automations() {
            self.until_ready(number).await;
        }
    }
}
