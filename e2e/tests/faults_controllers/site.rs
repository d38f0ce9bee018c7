//! Both controllers behind one proxy, one repository and one policy; what is right, and what was written.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use api::image::v1::{ImagePolicy, ImageRepository};
use api::repin::v1alpha1::ImageTagSlice;
use api::{Condition, annotations, conditions};
use e2e::objects::{image_policy, image_repository};
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use test_support::api_proxy::{ApiProxy, Calls, Hold, Point, Seen};
use test_support::cluster::{
    Cluster, ControllerOptions, ControllerProcess, TestNamespace, eventually,
};
use test_support::registry::{Endpoint, Registry};

/// Name of the repository and of the policy.
pub(crate) const APP: &str = "app";
/// The repository on the registry.
const REPOSITORY: &str = "app-1500";
/// How many tags it has in the beginning: more than one slice holds, more than one page.
const TAGS: usize = 1500;
/// How many requests one scan of it takes.
const PAGES: usize = 2;
/// The tag that a test pushes.
pub(crate) const NEW_TAG: &str = "1.15.0";

/// Which process dies.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Victim {
    Scanner,
    Evaluator,
}

/// How much was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// Slices made, replaced or removed.
    pub(crate) slices: usize,
    /// Statuses of the repository, those of passes under way left out.
    pub(crate) repository: usize,
    /// Statuses of the policy, those of passes under way left out.
    pub(crate) policy: usize,
}

/// What one new tag takes.
pub(crate) const ONE_TAG: Written = Written {
    slices: 1,
    repository: 1,
    policy: 1,
};

pub(crate) struct Site {
    pub(crate) proxy: ApiProxy,
    pub(crate) registry: Registry,
    namespace: TestNamespace,
    scanner: ControllerProcess,
    evaluator: ControllerProcess,
}

impl Site {
    /// Both controllers at work, nothing to do yet.
    pub(crate) async fn start() -> Self {
        Self::start_on(&Cluster::shared().await).await
    }

    /// The same on this cluster.
    pub(crate) async fn start_on(cluster: &Cluster) -> Self {
        let registry = Registry::start().await;
        let proxy = ApiProxy::in_front_of(cluster).await;
        let namespace = cluster.namespace().await;
        let start = async |program| {
            let options = ControllerOptions {
                api_server: Some(proxy.url()),
                ..ControllerOptions::default()
            };
            let mut process =
                ControllerProcess::start(cluster, namespace.name(), program, options).await;
            process.ready().await;
            process
        };
        let (scanner, evaluator) =
            tokio::join!(start("registry-scanner"), start("policy-evaluator"));
        Self {
            proxy,
            registry,
            namespace,
            scanner,
            evaluator,
        }
    }

    /// Both controllers at rest over the repository and the policy, both logs empty.
    pub(crate) async fn at_rest() -> Self {
        Self::start().await.with_objects().await
    }

    pub(crate) async fn with_objects(self) -> Self {
        self.create_repository().await;
        self.until_scanned(&[]).await;
        self.create_policy().await;
        self.until_chosen("1.14.99").await;
        self.forget();
        self
    }

    pub(crate) async fn create_repository(&self) {
        let repository = image_repository(APP, &self.registry.image(REPOSITORY));
        let api = self.namespace.api::<ImageRepository>();
        api.create(&PostParams::default(), &repository)
            .await
            .unwrap();
    }

    pub(crate) async fn create_policy(&self) {
        let policy = image_policy(APP, APP, "1.x");
        let api = self.namespace.api::<ImagePolicy>();
        api.create(&PostParams::default(), &policy).await.unwrap();
    }

    /// Gives the repository one more tag and asks for a scan.
    pub(crate) async fn push_new_tag(&self) {
        self.registry.push_tag(REPOSITORY, NEW_TAG);
        self.request_scan(NEW_TAG).await;
    }

    /// Takes that tag away again.
    pub(crate) fn remove_new_tag(&self) {
        self.registry.set_tags(REPOSITORY, first_tags());
    }

    /// Asks for a scan; the value says which request it was.
    pub(crate) async fn request_scan(&self, value: &str) {
        let repositories = self.namespace.api::<ImageRepository>();
        let patch = Patch::Merge(reconcile_request(value));
        let parameters = PatchParams::default();
        repositories.patch(APP, &parameters, &patch).await.unwrap();
    }

    pub(crate) fn forget(&self) {
        self.proxy.forget();
        self.registry.forget_requests();
    }

    /// Ends a process as a crash does.
    pub(crate) fn kill(&mut self, victim: Victim) {
        self.process(victim).kill9();
    }

    /// Starts it again and waits until it is ready.
    pub(crate) async fn restart(&mut self, victim: Victim) {
        let process = self.process(victim);
        process.restart();
        process.ready().await;
    }

    fn process(&mut self, victim: Victim) -> &mut ControllerProcess {
        match victim {
            Victim::Scanner => &mut self.scanner,
            Victim::Evaluator => &mut self.evaluator,
        }
    }

    /// Waits until repository and slices say what the registry says, with these tags beside the first ones.
    pub(crate) async fn until_scanned(&self, more: &[&str]) {
        let expected: BTreeSet<String> = first_tags()
            .chain(more.iter().map(|&tag| tag.to_owned()))
            .collect();
        let repositories = self.namespace.api::<ImageRepository>();
        eventually("the scan to be in status and slices", async || {
            let repository = repositories.get(APP).await.ok()?;
            let status = repository.status?;
            let count = status.last_scan_result?.tag_count;
            let done = is_ready(&status.conditions)
                && status.observed_generation == repository.metadata.generation
                && usize::try_from(count) == Ok(expected.len())
                && self.sliced_tags().await? == expected;
            done.then_some(())
        })
        .await;
    }

    /// All tags of all slices, or nothing while one stands in two of them.
    async fn sliced_tags(&self) -> Option<BTreeSet<String>> {
        let slices = self.slices().await?;
        let tags: Vec<String> = slices
            .into_iter()
            .flat_map(|slice| slice.spec.observations)
            .flat_map(|observation| observation.tags)
            .collect();
        let count = tags.len();
        let tags: BTreeSet<String> = tags.into_iter().collect();
        (tags.len() == count).then_some(tags)
    }

    async fn slices(&self) -> Option<Vec<ImageTagSlice>> {
        let slices = self.namespace.api::<ImageTagSlice>();
        Some(slices.list(&ListParams::default()).await.ok()?.items)
    }

    /// How many slices there are.
    pub(crate) async fn slice_count(&self) -> usize {
        self.slices().await.unwrap().len()
    }

    /// Waits until the policy has chosen this tag.
    pub(crate) async fn until_chosen(&self, tag: &str) {
        let policies = self.namespace.api::<ImagePolicy>();
        eventually("the policy to choose", async || {
            let status = policies.get(APP).await.ok()?.status?;
            let chosen = status.latest_ref?.tag == tag;
            (chosen && is_ready(&status.conditions)).then_some(())
        })
        .await;
    }

    /// Waits until the repository says that its scan failed.
    pub(crate) async fn until_failed(&self) {
        let repositories = self.namespace.api::<ImageRepository>();
        eventually("the scan to fail", async || {
            let status = repositories.get(APP).await.ok()?.status?;
            let failed = status.conditions.into_iter().find(|condition| {
                condition.type_ == conditions::READY && condition.status == conditions::FALSE
            });
            failed.map(drop)
        })
        .await;
    }

    /// Waits until the new tag is everywhere.
    pub(crate) async fn until_right(&self) {
        self.until_scanned(&[NEW_TAG]).await;
        self.until_chosen(NEW_TAG).await;
    }

    /// What was written, once every pass that was due is over.
    ///
    /// Passes over one object follow each other, so one more request for each of the two objects tells when the others
    /// are over. What these requests cost themselves, one status each, is taken off.
    pub(crate) async fn settle(&self) -> Written {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let request = format!("settle-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.request_scan(&request).await;
        let repositories = self.namespace.api::<ImageRepository>();
        eventually("the repository to settle", async || {
            let status = repositories.get(APP).await.ok()?.status?;
            let handled = status.last_handled_reconcile_at.as_ref() == Some(&request);
            (handled && is_ready(&status.conditions)).then_some(())
        })
        .await;
        let policies = self.namespace.api::<ImagePolicy>();
        let patch = Patch::Merge(reconcile_request(&request));
        let parameters = PatchParams::default();
        policies.patch(APP, &parameters, &patch).await.unwrap();
        eventually("the policy to settle", async || {
            let status = policies.get(APP).await.ok()?.status?;
            let handled = status.last_handled_reconcile_at.as_ref() == Some(&request);
            (handled && is_ready(&status.conditions)).then_some(())
        })
        .await;
        let mut written = self.written();
        written.repository -= 1;
        written.policy -= 1;
        written
    }

    /// How often the registry was scanned, without the scan of [`settle()`](Self::settle).
    pub(crate) fn scans(&self) -> usize {
        let pages = self.registry.count(Endpoint::Tags);
        assert_eq!(pages % PAGES, 0, "half a scan is none");
        pages / PAGES - 1
    }

    fn written(&self) -> Written {
        let writes = self.proxy.writes();
        let ended: Vec<&Seen> = writes.iter().filter(|seen| !is_under_way(seen)).collect();
        let count = |calls: Calls| ended.iter().filter(|seen| calls.cover(&seen.call)).count();
        let written = Written {
            slices: count(Calls::writes("imagetagslices")),
            repository: count(Calls::status_writes("imagerepositories")),
            policy: count(Calls::status_writes("imagepolicies")),
        };
        let Written {
            slices,
            repository,
            policy,
        } = written;
        assert_eq!(
            slices + repository + policy,
            ended.len(),
            "nothing else is written: {ended:?}"
        );
        written
    }

    /// Waits until a call is held that is not the status of a pass under way, which a slow machine brings forth.
    pub(crate) async fn until_held(&self, calls: Calls, hold: Hold) -> Hold {
        let mut hold = hold;
        loop {
            hold.reached().await;
            let seen = self.proxy.seen();
            let last = seen.iter().rfind(|seen| calls.cover(&seen.call));
            if !last.is_some_and(is_under_way) {
                return hold;
            }
            hold = self.proxy.hold(calls.clone(), Point::After);
        }
    }
}

fn reconcile_request(value: &str) -> Value {
    json!({"metadata": {"annotations": {annotations::RECONCILE_REQUESTED: value}}})
}

fn first_tags() -> impl Iterator<Item = String> {
    (0..TAGS).map(|number| format!("1.{}.{}", number / 100, number % 100))
}

/// Ready, and nothing under way.
fn is_ready(found: &[Condition]) -> bool {
    matches!(found, [only] if only.type_ == conditions::READY && only.status == conditions::TRUE)
}

/// Whether it is the status of a pass that goes on.
fn is_under_way(seen: &Seen) -> bool {
    let body: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
    let found = body["status"]["conditions"].as_array();
    found.into_iter().flatten().any(|condition| {
        condition["type"] == conditions::RECONCILING
            && condition["reason"] == api::reasons::PROGRESSING
    })
}
