//! What users, outside committers and other controllers do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use api::annotations::RECONCILE_REQUESTED;
use api::image::v1::{ImagePolicy, ImageUpdateAutomation};
use api::repin::v1alpha1::ImageUpdatePlan;
use api::source::GitRepository;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Secret;
use kube::Resource;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use test_support::git_repo::TempRepo;

use super::objects::{self, image, name};
use super::site::{Past, Site};

impl Site {
    /// Lets the policy of an automation choose the next tag, as policy-evaluator does; the tag.
    pub async fn release(&self, number: usize) -> String {
        let tag = {
            let mut past = self.past.lock();
            let tags = &mut past.tags[number];
            let tag = format!("1.0.{}", tags.len());
            tags.push(tag.clone());
            tag
        };
        self.write_choice(number, &tag).await;
        tag
    }

    /// Lets the policy of an automation choose again what it has chosen before the last tag.
    pub async fn take_back(&self, number: usize) {
        let tag = {
            let tags = &mut self.past.lock().tags[number];
            let before = tags.len().checked_sub(2);
            let tag = tags[before.expect("there is a tag before the last one")].clone();
            tags.push(tag.clone());
            tag
        };
        self.write_choice(number, &tag).await;
    }

    pub(super) async fn write_choice(&self, number: usize, tag: &str) {
        let latest = json!({ "status": { "latestRef": { "name": image(number), "tag": tag } } });
        let (latest, params) = (Patch::Merge(latest), PatchParams::default());
        let api = self.namespace.api::<ImagePolicy>();
        let patched = api.patch_status(&name(number), &params, &latest).await;
        drop(patched.expect("the policy exists"));
    }

    /// Changes an automation.
    pub async fn patch_automation(&self, number: usize, patch: &Value) {
        self.patch::<ImageUpdateAutomation>(&name(number), patch)
            .await;
    }

    /// Changes the GitRepository.
    pub async fn patch_source(&self, spec: &Value) {
        let patch = json!({ "spec": spec });
        self.patch::<GitRepository>(objects::SOURCE, &patch).await;
    }

    async fn patch<K>(&self, name: &str, patch: &Value)
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
        K: Clone + std::fmt::Debug + DeserializeOwned,
    {
        let (patch, params) = (Patch::Merge(patch), PatchParams::default());
        let patched = self.namespace.api::<K>().patch(name, &params, &patch).await;
        drop(patched.expect("the object exists"));
    }

    /// Asks for a reconciliation of every automation; the value of the request.
    pub async fn request(&self) -> String {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let value = format!("request-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let patch = json!({ "metadata": { "annotations": { RECONCILE_REQUESTED: value } } });
        for number in 0..self.automations() {
            self.patch_automation(number, &patch).await;
        }
        value
    }

    /// The plans, in the order of their sequence.
    pub async fn plans(&self) -> Vec<ImageUpdatePlan> {
        let api = self.namespace.api::<ImageUpdatePlan>();
        let plans = api.list(&ListParams::default()).await;
        let mut plans = plans.expect("plans can be listed").items;
        plans.sort_by_key(|plan| plan.spec.sequence);
        plans
    }

    /// Somebody who commits beside the automations.
    pub fn outsider(&self) -> Outsider {
        Outsider {
            repo: self.repo.clone(),
            past: Arc::clone(&self.past),
        }
    }

    /// What [`Outsider::commit`] does.
    pub fn outside_commit(&self, path: &str, content: &str) -> String {
        self.outsider().commit(path, content)
    }

    /// Puts `main` onto a commit, whatever is lost for it: all that others have committed and that it does not lead to.
    pub fn force(&self, commit: &str) {
        self.repo.branch("main", commit);
        let mut past = self.past.lock();
        past.rewritten = true;
        let reaches = |id: &String| {
            let asked = ["merge-base", "--is-ancestor", id, commit];
            self.repo.try_git(&asked).status.success()
        };
        past.foreign.retain(reaches);
        past.files
            .retain(|(path, _)| self.repo.find(&format!("{commit}:{path}")).is_some());
        for (path, content) in &mut past.files {
            *content = self.repo.show_text(commit, path);
        }
    }

    /// The Git server takes another password than the one that the Secret holds.
    pub fn revoke_credentials(&self) {
        let mut password = self.password.lock();
        let next = format!("{password}x");
        *password = next;
    }

    /// The Secret is deleted.
    pub async fn delete_credentials(&self) {
        let secrets = self.namespace.api::<Secret>();
        let deleted = secrets
            .delete(objects::CREDENTIALS, &DeleteParams::default())
            .await;
        drop(deleted.expect("the Secret exists"));
    }

    /// The Secret holds the right password again.
    pub async fn restore_credentials(&self) {
        let password = self.password.lock().clone();
        self.apply(&objects::credentials(&password)).await;
    }

    /// Installs a hook that refuses every push while the returned flag is raised. It is down.
    pub fn refusing_hook(&self, words: &str) -> Flag {
        let flag = Flag(self.repo.path().join("refuse"));
        let path = flag.0.display();
        let script = format!("#!/bin/sh\nif [ -e {path} ]; then echo '{words}' >&2; exit 1; fi\n");
        self.repo.hook("pre-receive", &script);
        flag
    }
}

/// Tells a hook what to do.
#[derive(Debug)]
pub struct Flag(pub(super) std::path::PathBuf);

impl Flag {
    /// From now on.
    pub fn raise(&self) {
        std::fs::write(&self.0, "").expect("the repository is writable");
    }

    /// No longer.
    pub fn lower(&self) {
        drop(std::fs::remove_file(&self.0));
    }
}

impl Past {
    fn remember(&mut self, path: &str, content: &str) {
        self.files.retain(|(known, _)| known != path);
        if !(0..self.tags.len()).any(|number| objects::path(number) == path) {
            self.files.push((path.to_owned(), content.to_owned()));
        }
    }
}

/// Somebody who commits beside the automations, from any thread.
#[derive(Clone, Debug)]
pub struct Outsider {
    repo: TempRepo,
    past: Arc<Mutex<Past>>,
}

impl Outsider {
    /// Commits a file on top of `main`, as a push does: nobody's commit is lost for it. Its id.
    pub fn commit(&self, path: &str, content: &str) -> String {
        let commit = self.commit_on_top(path, content);
        let mut past = self.past.lock();
        past.foreign.push(commit.clone());
        past.remember(path, content);
        commit
    }

    /// A branch of its own takes the commit, and `main` follows where it still is what the commit was made on.
    fn commit_on_top(&self, path: &str, content: &str) -> String {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let branch = format!("outside-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let repo = &self.repo;
        loop {
            let parent = repo.rev_parse("refs/heads/main");
            let commit = repo.commit(&branch).parent(&parent).file(path, content);
            let commit = commit.message(&format!("Change {path}")).done();
            let moved = ["update-ref", "refs/heads/main", &commit, &parent];
            let moved = repo.try_git(&moved).status.success();
            repo.delete(&format!("refs/heads/{branch}"));
            if moved {
                return commit;
            }
        }
    }
}
