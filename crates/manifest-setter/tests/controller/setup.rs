//! A namespace, a Git server, the controller, and what git-writer would do.

mod written;

use std::path::Path;

use api::annotations::RECONCILE_REQUESTED;
use api::conditions::{READY, STALLED};
use api::image::v1::{ImagePolicy, ImageUpdateAutomation, ImageUpdateAutomationStatus};
use api::repin::v1alpha1::ImageUpdatePlan;
use api::{Condition, Time};
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt as _;
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::api_proxy::{ApiProxy, Calls};
use test_support::cluster::{
    Cluster, ControllerOptions, ControllerProcess, TestNamespace, eventually,
};
use test_support::git_http::GitHttp;
use test_support::git_repo::TempRepo;

/// The image of the policy `app`.
pub(crate) const IMAGE: &str = "reg.example/app";
/// What the controller says where nothing is to be done.
pub(crate) const UP_TO_DATE: &str = "repository up-to-date";

pub(crate) struct Setup {
    pub(crate) namespace: TestNamespace,
    pub(crate) proxy: ApiProxy,
    pub(crate) repository: TempRepo,
    pub(crate) git: GitHttp,
    pub(crate) setter: ControllerProcess,
    _cache: TempDir,
}

pub(crate) fn now() -> Time {
    Time(Timestamp::now())
}

/// A file whose image the policy `name` of this namespace sets.
pub(crate) fn marked(namespace: &str, name: &str, tag: &str) -> String {
    format!("image: {IMAGE}:{tag} # {{\"$imagepolicy\": \"{namespace}:{name}\"}}\n")
}

impl Setup {
    pub(crate) async fn start() -> Self {
        Self::with_args(&[]).await
    }

    pub(crate) async fn with_args(args: &[&str]) -> Self {
        let cluster = Cluster::shared().await;
        Self::on(&cluster, args, ControllerOptions::default()).await
    }

    /// A controller, and a repository whose branch `main` has `apps/app.yaml` at 1.0.0.
    pub(crate) async fn on(cluster: &Cluster, args: &[&str], options: ControllerOptions) -> Self {
        let namespace = cluster.namespace().await;
        let proxy = ApiProxy::in_front_of(cluster).await;
        let cache = TempDir::new().unwrap();
        let repository = TempRepo::named("fleet.git");
        let file = marked(namespace.name(), "app", "1.0.0");
        repository.commit("main").file("apps/app.yaml", file).done();
        let git = GitHttp::start(repository.root());
        let setter = start(
            cluster,
            namespace.name(),
            (&proxy, cache.path()),
            args,
            options,
        )
        .await;
        Self {
            namespace,
            proxy,
            repository,
            git,
            setter,
            _cache: cache,
        }
    }

    /// A marked file of this namespace.
    pub(crate) fn marked(&self, policy: &str, tag: &str) -> String {
        marked(self.namespace.name(), policy, tag)
    }

    /// Applies the GitRepository `fleet` with these fields beside the URL and the branch `main`.
    pub(crate) async fn apply_source(&self, fields: &Value) {
        let mut spec = json!({ "url": self.git.url("fleet.git"), "interval": "1h", "ref": { "branch": "main" } });
        merge(&mut spec, fields);
        let source = json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "GitRepository",
            "metadata": { "name": "fleet" },
            "spec": spec,
        });
        self.namespace.apply(&source.to_string()).await;
    }

    /// Applies the automation `fleet` with these fields beside an interval of an hour, the source and an author.
    pub(crate) async fn apply_automation(&self, fields: &Value) {
        let mut spec = json!({
            "interval": "1h",
            "sourceRef": { "kind": "GitRepository", "name": "fleet" },
            "git": { "commit": { "author": { "email": "bot@example.com" } } },
        });
        merge(&mut spec, fields);
        let automation = json!({
            "apiVersion": "image.toolkit.fluxcd.io/v1",
            "kind": "ImageUpdateAutomation",
            "metadata": { "name": "fleet" },
            "spec": spec,
        });
        self.namespace.apply(&automation.to_string()).await;
    }

    /// Applies source and automation, and a policy `app` that has chosen this tag.
    pub(crate) async fn apply_all(&self, tag: &str) {
        self.apply_source(&json!({})).await;
        self.apply_policy("app").await;
        self.choose("app", tag).await;
        self.apply_automation(&json!({})).await;
    }

    pub(crate) async fn apply_policy(&self, name: &str) {
        let policy = json!({
            "apiVersion": "image.toolkit.fluxcd.io/v1",
            "kind": "ImagePolicy",
            "metadata": { "name": name, "labels": { "team": name } },
            "spec": { "imageRepositoryRef": { "name": name }, "policy": { "semver": { "range": "*" } } },
        });
        self.namespace.apply(&policy.to_string()).await;
    }

    /// Lets a policy choose a tag, as policy-evaluator does.
    pub(crate) async fn choose(&self, policy: &str, tag: &str) {
        choose(&self.namespace, policy, tag).await;
    }

    pub(crate) async fn automation(&self) -> ImageUpdateAutomation {
        let api = self.namespace.api::<ImageUpdateAutomation>();
        api.get("fleet").await.unwrap()
    }

    pub(crate) async fn patch_automation(&self, patch: &Value) {
        let api = self.namespace.api::<ImageUpdateAutomation>();
        let params = PatchParams::default();
        drop(
            api.patch("fleet", &params, &Patch::Merge(patch))
                .await
                .unwrap(),
        );
    }

    /// Waits until the automation is as `condition` says.
    pub(crate) async fn until(
        &self,
        what: &str,
        condition: impl Fn(&ImageUpdateAutomation) -> bool,
    ) -> ImageUpdateAutomation {
        eventually(what, async || {
            Some(self.automation().await).filter(|automation| condition(automation))
        })
        .await
    }

    /// Waits until Ready says this, with this status and reason and for the newest spec.
    pub(crate) async fn says(
        &self,
        (status, reason): (&str, &str),
        message: &str,
    ) -> ImageUpdateAutomation {
        let what = format!("Ready is {status}, {reason}: {message}");
        self.until(&what, |automation| {
            condition(automation, READY).is_some_and(|ready| {
                (&*ready.status, &*ready.reason, &*ready.message) == (status, reason, message)
                    && ready.observed_generation == automation.metadata.generation
            })
        })
        .await
    }

    /// Waits until Ready is False for this reason; what it says.
    pub(crate) async fn fails(&self, reason: &str) -> String {
        let automation = self
            .until(reason, |automation| {
                condition(automation, READY)
                    .is_some_and(|ready| ready.status == "False" && ready.reason == reason)
            })
            .await;
        let ready = condition(&automation, READY);
        ready.map(|ready| ready.message.clone()).unwrap_or_default()
    }

    /// Waits until the automation is Stalled and says this.
    pub(crate) async fn stalls(&self, reason: &str, message: &str) {
        let automation = self.says(("False", reason), message).await;
        let stalled = condition(&automation, STALLED).unwrap();
        assert_eq!(
            (&*stalled.status, &*stalled.reason, &*stalled.message),
            ("True", reason, message)
        );
    }

    /// Waits until all is as it should be.
    pub(crate) async fn up_to_date(&self) -> ImageUpdateAutomation {
        self.says(("True", "Succeeded"), UP_TO_DATE).await
    }

    /// Asks for a reconciliation and waits until it was answered with a pass.
    pub(crate) async fn reconcile(&self, value: &str) -> ImageUpdateAutomation {
        let annotations = json!({ RECONCILE_REQUESTED: value });
        self.patch_automation(&json!({ "metadata": { "annotations": annotations } }))
            .await;
        self.until("the request is answered", |automation| {
            status(automation).last_handled_reconcile_at.as_deref() == Some(value)
        })
        .await
    }

    /// The plans, in the order of their sequence.
    pub(crate) async fn plans(&self) -> Vec<ImageUpdatePlan> {
        let api = self.namespace.api::<ImageUpdatePlan>();
        let mut plans = api.list(&ListParams::default()).await.unwrap().items;
        plans.sort_by_key(|plan| plan.spec.sequence);
        plans
    }

    /// Waits until there are so many plans, and returns the newest one.
    pub(crate) async fn plan(&self, count: usize) -> ImageUpdatePlan {
        let what = format!("{count} plans");
        let mut plans = eventually(&what, async || {
            Some(self.plans().await).filter(|plans| plans.len() >= count)
        })
        .await;
        assert_eq!(plans.len(), count);
        plans.pop().unwrap()
    }

    /// Waits until the newest plan has this number, and returns it.
    pub(crate) async fn newest(&self, number: i64) -> ImageUpdatePlan {
        eventually(&format!("plan number {number}"), async || {
            let newest = self.plans().await.pop()?;
            (newest.spec.sequence == number).then_some(newest)
        })
        .await
    }

    /// How often the process has looked at the automation.
    pub(crate) async fn passes(&self) -> u64 {
        let series = format!(
            "gotk_reconcile_duration_seconds_count{{kind=\"ImageUpdateAutomation\",name=\"fleet\",namespace=\"{}\"}}",
            self.namespace.name()
        );
        self.counted(&series).await
    }

    /// Waits until a pass has ended after this returned `passes`.
    pub(crate) async fn passes_beyond(&self, passes: u64) {
        eventually("another pass", async || {
            (self.passes().await > passes).then_some(())
        })
        .await;
    }

    /// The sum of the series that begin like this.
    pub(crate) async fn counted(&self, series: &str) -> u64 {
        let metrics = self.setter.metrics().await;
        let of_series = metrics.lines().filter(|line| line.starts_with(series));
        of_series
            .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
            .sum()
    }

    /// How many statuses of automations were written.
    pub(crate) fn status_writes(&self) -> usize {
        self.proxy
            .count(&Calls::status_writes("imageupdateautomations"))
    }
}

async fn start(
    cluster: &Cluster,
    namespace: &str,
    (proxy, cache): (&ApiProxy, &Path),
    args: &[&str],
    options: ControllerOptions,
) -> ControllerProcess {
    let own = [
        "--min-retry-delay=200ms".to_owned(),
        format!("--cache-dir={}", cache.display()),
    ];
    let options = ControllerOptions {
        args: own
            .into_iter()
            .chain(args.iter().map(|&arg| arg.to_owned()))
            .collect(),
        api_server: Some(proxy.url()),
        ..options
    };
    let mut setter = ControllerProcess::start(cluster, namespace, "manifest-setter", options).await;
    setter.ready().await;
    setter
}

/// Lets a policy choose a tag, as policy-evaluator does.
pub(crate) async fn choose(namespace: &TestNamespace, policy: &str, tag: &str) {
    let latest = json!({ "status": { "latestRef": { "name": IMAGE, "tag": tag } } });
    let api = namespace.api::<ImagePolicy>();
    let params = PatchParams::default();
    drop(
        api.patch_status(policy, &params, &Patch::Merge(latest))
            .await
            .unwrap(),
    );
}

/// Puts the members of `from` into `into`, deep; null takes one out.
fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                match value {
                    Value::Null => drop(into.remove(key)),
                    value => merge(into.entry(key.clone()).or_insert(Value::Null), value),
                }
            }
        }
        (into, from) => *into = from.clone(),
    }
}

pub(crate) fn status(automation: &ImageUpdateAutomation) -> ImageUpdateAutomationStatus {
    automation.status.clone().unwrap_or_default()
}

pub(crate) fn condition<'a>(
    automation: &'a ImageUpdateAutomation,
    of: &str,
) -> Option<&'a Condition> {
    let conditions = &automation.status.as_ref()?.conditions;
    conditions.iter().find(|condition| condition.type_ == of)
}

/// The edits of a plan: path, old and new value of each.
pub(crate) fn edits(plan: &ImageUpdatePlan) -> Vec<(String, String, String)> {
    let files = plan.spec.files.iter();
    files
        .flat_map(|file| {
            let edits = file.edits.iter();
            edits.map(|edit| {
                (
                    file.path.clone(),
                    edit.old_value.clone(),
                    edit.new_value.clone(),
                )
            })
        })
        .collect()
}

pub(crate) fn edit(path: &str, old: &str, new: &str) -> (String, String, String) {
    (
        path.to_owned(),
        format!("{IMAGE}:{old}"),
        format!("{IMAGE}:{new}"),
    )
}

pub(crate) fn name(plan: &ImageUpdatePlan) -> String {
    plan.name_any()
}
