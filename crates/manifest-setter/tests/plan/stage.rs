//! A Git server with a repository, and an automation that reads it.

use api::image::v1::{ImagePolicy, ImageUpdateAutomation};
use api::source::GitRepository;
use chrono::DateTime;
use git_remote::{Cache, CacheLimits, Credentials, ObjectId, Options, Remote, Repository};
use manifest_setter::{Denied, Heads, Knowledge, Pass, PlanError, Request, plan, select_policies};
use tempfile::TempDir;
use test_support::git_http::GitHttp;
use test_support::git_repo::TempRepo;

/// A line with a marker of the policy `apps:app`.
pub(crate) const MARKED: &str = "image: reg.io/app:1.0.0 # {\"$imagepolicy\": \"apps:app\"}\n";

pub(crate) struct Stage {
    pub(crate) repository: TempRepo,
    pub(crate) git: GitHttp,
    pub(crate) cache: TempDir,
    pub(crate) automation: ImageUpdateAutomation,
    pub(crate) source: GitRepository,
    pub(crate) policies: Vec<ImagePolicy>,
    /// Policies of other namespaces that the automation may use.
    pub(crate) foreign: Vec<ImagePolicy>,
    pub(crate) denied: Vec<Denied>,
    pub(crate) knowledge: Knowledge,
    pub(crate) known: Option<Heads>,
    pub(crate) sequence: i64,
    pub(crate) options: Options,
}

impl Stage {
    pub(crate) fn new() -> Self {
        test_support::tls::install_provider();
        let repository = TempRepo::named("fleet.git");
        repository
            .commit("main")
            .file("apps/app.yaml", MARKED)
            .file("other/x.yaml", MARKED)
            .done();
        let git = GitHttp::start(repository.root());
        let automation = r#"{"apiVersion": "image.toolkit.fluxcd.io/v1", "kind": "ImageUpdateAutomation",
            "metadata": {"name": "fleet", "namespace": "apps"},
            "spec": {"interval": "1m", "sourceRef": {"kind": "GitRepository", "name": "fleet"},
                     "update": {"path": "./apps"}, "git": {"commit": {"author": {"email": "a@b.c"}}}}}"#;
        let source = r#"{"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
            "metadata": {"name": "fleet", "namespace": "apps"},
            "spec": {"url": "", "ref": {"branch": "main"}}}"#;
        Self {
            repository,
            git,
            cache: tempfile::tempdir().unwrap(),
            automation: serde_json::from_str(automation).unwrap(),
            source: serde_json::from_str(source).unwrap(),
            policies: vec![policy("apps", "app", "2.0.0")],
            foreign: Vec::new(),
            denied: Vec::new(),
            knowledge: Knowledge::default(),
            known: None,
            sequence: 1,
            options: Options::default(),
        }
    }

    /// Lets the policy choose this tag.
    pub(crate) fn choose(&mut self, tag: &str) {
        self.policies = vec![policy("apps", "app", tag)];
    }

    /// Pushes to a branch of its own.
    pub(crate) fn push_to(&mut self, branch: &str) {
        let push = format!(r#"{{"branch": "{branch}"}}"#);
        let git = self.automation.spec.git.as_mut().unwrap();
        git.push = Some(serde_json::from_str(&push).unwrap());
    }

    pub(crate) fn template(&mut self, template: &str) {
        let git = self.automation.spec.git.as_mut().unwrap();
        git.commit.message_template = Some(template.to_owned());
    }

    pub(crate) fn remote(&self) -> Remote {
        let url = self.git.url("fleet.git");
        Remote::new(&url, Credentials::Anonymous, self.options.clone()).unwrap()
    }

    pub(crate) fn cached(&self) -> Repository {
        let cache = Cache::open(self.cache.path(), CacheLimits::default()).unwrap();
        cache.repository(&self.remote()).unwrap()
    }

    pub(crate) fn pass(&self) -> Result<Pass, PlanError> {
        self.step(|remote, repository, request| plan(remote, repository, request, &mut |_| {}))
    }

    /// Calls a step of the library with a request for what the stage says.
    pub(crate) fn step<T>(
        &self,
        step: impl FnOnce(&Remote, &Repository, &Request<'_>) -> Result<T, PlanError>,
    ) -> Result<T, PlanError> {
        let mut policies = select_policies(&self.automation, &self.policies)?;
        policies.extend(&self.foreign);
        let request = Request {
            automation: &self.automation,
            source: &self.source,
            policies: &policies,
            denied: &self.denied,
            knowledge: &self.knowledge,
            known: self.known.as_ref(),
            sequence: self.sequence,
            last_plan: None,
            now: DateTime::UNIX_EPOCH,
            seed: 1,
        };
        step(&self.remote(), &self.cached(), &request)
    }

    /// The paths that the plan edits.
    pub(crate) fn paths(&self) -> Vec<String> {
        let files = self.pass().unwrap().files;
        files.into_iter().map(|file| file.path).collect()
    }

    /// The rules of the findings.
    pub(crate) fn rules(&self) -> Vec<&'static str> {
        let findings = self.pass().unwrap().findings;
        findings.into_iter().map(|finding| finding.rule).collect()
    }

    /// Lets this commit be the known head of both branches.
    pub(crate) fn know(&mut self, commit: &str) {
        let commit = id(commit);
        self.known = Some(Heads {
            checkout: commit,
            tag: None,
            push: Some(commit),
        });
    }

    /// Runs a pass and keeps its heads as known.
    pub(crate) fn remember(&mut self) -> Pass {
        let pass = self.pass().unwrap();
        self.known = Some(pass.heads.clone());
        self.git.forget();
        pass
    }
}

/// The object id of these digits.
pub(crate) fn id(hex: &str) -> ObjectId {
    ObjectId::from_hex(hex.as_bytes()).unwrap()
}

/// A policy that chose a tag of `reg.io/<name>`.
pub(crate) fn policy(namespace: &str, name: &str, tag: &str) -> ImagePolicy {
    let policy = format!(
        r#"{{"apiVersion": "image.toolkit.fluxcd.io/v1", "kind": "ImagePolicy",
            "metadata": {{"name": "{name}", "namespace": "{namespace}", "labels": {{"team": "a"}}}},
            "spec": {{"imageRepositoryRef": {{"name": "app"}}, "policy": {{}}}},
            "status": {{"latestRef": {{"name": "reg.io/{name}", "tag": "{tag}"}}}}}}"#
    );
    serde_json::from_str(&policy).unwrap()
}
