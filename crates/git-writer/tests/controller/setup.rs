//! A namespace, a Git server, the controller, and what a user and manifest-setter would make.

use std::path::Path;

use api::Condition;
use api::conditions::READY;
use api::image::v1::ImageUpdateAutomation;
use api::repin::v1alpha1::{ImageUpdatePlan, ImageUpdatePlanStatus, Phase};
use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams, PostParams};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::api_proxy::{ApiProxy, Calls, Point};
use test_support::cluster::{
    Cluster, ControllerOptions, ControllerProcess, TestNamespace, eventually,
};
use test_support::git_http::{GitHttp, Hold};
use test_support::git_repo::TempRepo;

use crate::plans::{self, FILE, content};

/// The request that carries a pack.
pub(crate) const PACK: &str = "fleet.git/git-receive-pack";
/// Every request of a push.
pub(crate) const PUSH: &str = "git-receive-pack";

pub(crate) struct Setup {
    pub(crate) repo: TempRepo,
    pub(crate) git: GitHttp,
    pub(crate) namespace: TestNamespace,
    pub(crate) proxy: ApiProxy,
    pub(crate) writer: ControllerProcess,
    folder: TempDir,
}

impl Setup {
    /// The controller, and the automation `fleet` on `main` over the GitRepository `fleet`.
    pub(crate) async fn start() -> Self {
        Self::with(&[], |server| server).await
    }

    pub(crate) async fn with(
        args: &[&str],
        server: impl FnOnce(test_support::git_http::Builder) -> test_support::git_http::Builder,
    ) -> Self {
        let cluster = Cluster::shared().await;
        Self::on(&cluster, args, server).await
    }

    pub(crate) async fn on(
        cluster: &Cluster,
        args: &[&str],
        server: impl FnOnce(test_support::git_http::Builder) -> test_support::git_http::Builder,
    ) -> Self {
        let repo = TempRepo::named("fleet.git");
        repo.commit("main")
            .file(FILE, content("1.0.0"))
            .file("apps/other.yaml", content("1.0.0"))
            .file("README.md", "read me\n")
            .done();
        let git = server(GitHttp::builder(repo.root())).start();
        let namespace = cluster.namespace().await;
        let proxy = ApiProxy::in_front_of(cluster).await;
        let folder = TempDir::new().unwrap();
        let options = options(&proxy, folder.path(), args);
        let writer =
            ControllerProcess::start(cluster, namespace.name(), "git-writer", options).await;
        let mut setup = Self {
            repo,
            git,
            namespace,
            proxy,
            writer,
            folder,
        };
        setup.writer.ready().await;
        setup.apply_source(&json!({})).await;
        setup.apply_automation("fleet", &json!({})).await;
        setup
    }

    /// Another instance of the controller.
    pub(crate) async fn second_writer(&self, args: &[&str]) -> ControllerProcess {
        let folder = self.folder.path().join("second");
        let options = options(&self.proxy, &folder, args);
        let cluster = self.namespace.cluster();
        ControllerProcess::start(cluster, self.namespace.name(), "git-writer", options).await
    }

    /// Applies the GitRepository `fleet` with these fields besides its URL.
    pub(crate) async fn apply_source(&self, spec: &Value) {
        let mut source = json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "GitRepository",
            "metadata": { "name": "fleet" },
            "spec": { "interval": "1h", "url": self.git.url("fleet.git"), "timeout": "20s" },
        });
        merge(&mut source["spec"], spec);
        self.namespace.apply(&source.to_string()).await;
    }

    /// Applies an automation with these fields besides the usual ones.
    pub(crate) async fn apply_automation(&self, name: &str, spec: &Value) {
        let mut automation = json!({
            "apiVersion": "image.toolkit.fluxcd.io/v1",
            "kind": "ImageUpdateAutomation",
            "metadata": { "name": name },
            "spec": {
                "interval": "1h",
                "sourceRef": { "kind": "GitRepository", "name": "fleet" },
                "git": {
                    "checkout": { "ref": { "branch": "main" } },
                    "commit": { "author": { "name": "Bot", "email": "bot@example.com" } },
                },
                "update": { "strategy": "Setters", "path": "./apps" },
            },
        });
        merge(&mut automation["spec"], spec);
        self.namespace.apply(&automation.to_string()).await;
    }

    pub(crate) async fn automation(&self, name: &str) -> ImageUpdateAutomation {
        self.namespace.api().get(name).await.unwrap()
    }

    pub(crate) async fn patch_automation(&self, name: &str, patch: &Value) {
        let api = self.namespace.api::<ImageUpdateAutomation>();
        let patched = api
            .patch(name, &PatchParams::default(), &Patch::Merge(patch))
            .await;
        drop(patched.unwrap());
    }

    pub(crate) async fn apply_secret(&self, name: &str, data: &Value) {
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": name,
                "labels": { "reconcile.fluxcd.io/watch": "Enabled" },
            },
            "stringData": data,
        });
        self.namespace.apply(&secret.to_string()).await;
    }

    /// The plan of `fleet` that moves the image to this tag.
    pub(crate) async fn plan(&self, sequence: i64, tag: &str) -> ImageUpdatePlan {
        self.plan_of("fleet", (sequence, FILE, tag)).await
    }

    /// The plan of an automation that moves the image of a file to a tag.
    pub(crate) async fn plan_of(
        &self,
        automation: &str,
        what: (i64, &str, &str),
    ) -> ImageUpdatePlan {
        let automation = self.automation(automation).await;
        plans::plan(&self.repo, &automation, what)
    }

    pub(crate) async fn create(&self, plan: &ImageUpdatePlan) -> ImageUpdatePlan {
        let api = self.namespace.api::<ImageUpdatePlan>();
        api.create(&PostParams::default(), plan).await.unwrap()
    }

    /// Makes the plan of `fleet` that moves the image to this tag; its name.
    pub(crate) async fn make(&self, sequence: i64, tag: &str) -> String {
        self.create(&self.plan(sequence, tag).await)
            .await
            .name_any()
    }

    pub(crate) async fn approve(&self, plan: &str) {
        let approval = json!({
            "apiVersion": "repin.dev/v1alpha1",
            "kind": "ImageUpdateApproval",
            "metadata": { "name": plan },
            "spec": { "plan": plan, "approvedBy": "jane" },
        });
        self.namespace.apply(&approval.to_string()).await;
    }

    pub(crate) async fn get(&self, plan: &str) -> ImageUpdatePlan {
        self.namespace.api().get(plan).await.unwrap()
    }

    /// Waits until a plan is as `condition` says.
    pub(crate) async fn until(
        &self,
        plan: &str,
        what: &str,
        condition: impl Fn(&ImageUpdatePlan) -> bool,
    ) -> ImageUpdatePlan {
        eventually(what, async || {
            Some(self.get(plan).await).filter(|plan| condition(plan))
        })
        .await
    }

    /// Waits until the plan is in this phase.
    pub(crate) async fn until_in(&self, plan: &str, phase: Phase) -> ImageUpdatePlan {
        let what = format!("{plan} to be {phase}");
        self.until(plan, &what, |plan| {
            ready(plan).is_some() && plan.phase() == phase
        })
        .await
    }

    /// Waits until the plan waits, and says something with these words in it.
    pub(crate) async fn until_pending(&self, plan: &str, words: &str) -> ImageUpdatePlan {
        let what = format!("{plan} to wait: {words}");
        self.until(plan, &what, |plan| {
            ready(plan).is_some() && plan.phase() == Phase::Pending && message(plan).contains(words)
        })
        .await
    }

    /// Waits until the plan's commit is the head of its branch and its status says so.
    pub(crate) async fn until_pushed(&self, plan: &str) -> ImageUpdatePlan {
        let plan = self.until_in(plan, Phase::Pushed).await;
        let branch = &plan.spec.push.branch;
        assert_eq!(status(&plan).commit, self.repo.find(branch));
        assert!(status(&plan).pushed_time.is_some());
        plan
    }

    /// Checks that there is one commit more than at the start, that of this tag.
    pub(crate) fn one_commit(&self, tag: &str) {
        assert_eq!(
            self.repo.count("main"),
            2,
            "{}",
            self.repo.log("main", "%H %s")
        );
        assert_eq!(self.repo.show_text("main", FILE), content(tag));
        self.repo.fsck();
    }

    /// Makes this plan, and kills the process while the `nth` write of the plan's status is held there; its name.
    pub(crate) async fn killed_at(
        &mut self,
        plan: &ImageUpdatePlan,
        (nth, point): (usize, Point),
    ) -> String {
        let hold = self.proxy.hold(plan_status(), point).after(nth);
        let name = self.create(plan).await.name_any();
        hold.reached().await;
        self.writer.kill9();
        hold.abandoned().await;
        name
    }

    /// Asks the process to end, and waits for nothing.
    pub(crate) fn signal_end(&self) {
        let id = i32::try_from(self.writer.id()).unwrap();
        kill(Pid::from_raw(id), Signal::SIGTERM).unwrap();
    }

    pub(crate) fn delete_cache(&self) {
        std::fs::remove_dir_all(self.folder.path().join("cache")).unwrap();
    }

    /// How many lines of the controller's log have this in them.
    pub(crate) fn logged(&self, words: &str) -> usize {
        let output = self.writer.output();
        output.lines().filter(|line| line.contains(words)).count()
    }

    /// How many statuses of plans were written.
    pub(crate) fn status_writes(&self) -> usize {
        self.proxy.count(&plan_status())
    }

    /// How many passes over a plan have ended since the process was started.
    pub(crate) async fn passes(&self, plan: &str) -> u64 {
        let series = format!(
            "gotk_reconcile_duration_seconds_count{{kind=\"ImageUpdatePlan\",name=\"{plan}\",namespace=\"{}\"}}",
            self.namespace.name()
        );
        let metrics = self.writer.metrics().await;
        let line = metrics.lines().find(|line| line.starts_with(&series));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok())
            .unwrap_or(0)
    }

    pub(crate) async fn until_passed(&self, plan: &str) {
        eventually("a pass", async || {
            (self.passes(plan).await > 0).then_some(())
        })
        .await;
    }
}

fn options(proxy: &ApiProxy, folder: &Path, args: &[&str]) -> ControllerOptions {
    let cache = format!("--cache-dir={}", folder.join("cache").display());
    let mut all = vec![
        cache,
        "--min-retry-delay=100ms".to_owned(),
        "--max-retry-delay=500ms".to_owned(),
    ];
    all.extend(args.iter().map(|&arg| arg.to_owned()));
    ControllerOptions {
        args: all,
        api_server: Some(proxy.url()),
        ..ControllerOptions::default()
    }
}

/// Writes of the status of plans.
pub(crate) fn plan_status() -> Calls {
    Calls::status_writes("imageupdateplans")
}

/// Waits until the request has arrived, without keeping the test's other tasks from running.
pub(crate) async fn reached(hold: Hold) -> Hold {
    let waiting = tokio::task::spawn_blocking(move || {
        hold.wait_until_reached();
        hold
    });
    waiting.await.unwrap()
}

pub(crate) fn status(plan: &ImageUpdatePlan) -> ImageUpdatePlanStatus {
    plan.status.clone().unwrap_or_default()
}

pub(crate) fn ready(plan: &ImageUpdatePlan) -> Option<&Condition> {
    let conditions = &plan.status.as_ref()?.conditions;
    conditions.iter().find(|one| one.type_ == READY)
}

pub(crate) fn message(plan: &ImageUpdatePlan) -> &str {
    ready(plan).map_or("", |ready| &ready.message)
}

fn merge(into: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *into = patch.clone();
        return;
    };
    for (key, value) in patch {
        merge(&mut into[key], value);
    }
}
