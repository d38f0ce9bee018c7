//! Passes over a real Git server.

#![expect(clippy::unwrap_used, reason = "a test whose set-up fails has failed")]

use api::image::v1::{ImagePolicy, ImageUpdateAutomation};
use api::source::GitRepository;
use chrono::DateTime;
use git_remote::{Cache, CacheLimits, Credentials, Options, Remote};
use manifest_setter::{Pass, PlanError, Request, plan, select_policies};
use tempfile::TempDir;
use test_support::git_http::GitHttp;
use test_support::git_repo::TempRepo;

const MARKED: &str = "image: reg.io/app:1.0.0 # {\"$imagepolicy\": \"apps:app\"}\n";

struct Stage {
    repository: TempRepo,
    git: GitHttp,
    cache: TempDir,
    automation: ImageUpdateAutomation,
    source: GitRepository,
    policies: Vec<ImagePolicy>,
}

impl Stage {
    fn new() -> Self {
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
        let mut stage = Self {
            repository,
            git,
            cache: tempfile::tempdir().unwrap(),
            automation: serde_json::from_str(automation).unwrap(),
            source: serde_json::from_str(source).unwrap(),
            policies: Vec::new(),
        };
        stage.choose("2.0.0");
        stage
    }

    /// Lets the policy choose this tag.
    fn choose(&mut self, tag: &str) {
        let policy = format!(
            r#"{{"apiVersion": "image.toolkit.fluxcd.io/v1", "kind": "ImagePolicy",
                "metadata": {{"name": "app", "namespace": "apps", "labels": {{"team": "a"}}}},
                "spec": {{"imageRepositoryRef": {{"name": "app"}}, "policy": {{}}}},
                "status": {{"latestRef": {{"name": "reg.io/app", "tag": "{tag}"}}}}}}"#
        );
        self.policies = vec![serde_json::from_str(&policy).unwrap()];
    }

    #[expect(
        clippy::unwrap_in_result,
        reason = "only the result of the step is of interest"
    )]
    fn pass(&self) -> Result<Pass, PlanError> {
        let remote = Remote::new(
            &self.git.url("fleet.git"),
            Credentials::Anonymous,
            Options::default(),
        )
        .expect("the set-up is right");
        let cache =
            Cache::open(self.cache.path(), CacheLimits::default()).expect("the set-up is right");
        let repository = cache.repository(&remote).expect("the set-up is right");
        let policies = select_policies(&self.automation, &self.policies)?;
        let request = Request {
            automation: &self.automation,
            source: &self.source,
            policies: &policies,
            last_plan: None,
            now: DateTime::UNIX_EPOCH,
            seed: 1,
        };
        plan(&remote, &repository, &request, &mut |_| {})
    }

    fn paths(&self) -> Vec<String> {
        self.pass()
            .unwrap()
            .files
            .into_iter()
            .map(|file| file.path)
            .collect()
    }
}

#[test]
fn only_marked_files_below_the_path_are_edited() {
    let stage = Stage::new();
    assert_eq!(stage.paths(), ["apps/app.yaml"]);
}

#[test]
fn the_same_decision_has_the_same_name_and_another_one_has_not() {
    let mut stage = Stage::new();
    let name = |stage: &Stage| stage.pass().unwrap().plan.unwrap().metadata.name.unwrap();
    let first = name(&stage);
    assert!(first.starts_with("fleet-"), "{first}");
    assert_eq!(name(&stage), first);
    stage.choose("2.0.1");
    assert_ne!(name(&stage), first);
}

#[test]
fn a_later_pass_asks_only_for_what_changed() {
    let stage = Stage::new();
    let many = (0..50).fold(stage.repository.commit("main"), |commit, number| {
        commit.file(&format!("apps/f{number}.yaml"), format!("a: {number}\n"))
    });
    many.done();
    stage.pass().unwrap();
    let asked = |stage: &Stage| {
        stage
            .git
            .exchanges()
            .iter()
            .map(|exchange| exchange.down)
            .sum::<u64>()
    };
    stage.git.forget();
    assert_eq!(stage.paths(), ["apps/app.yaml"]);
    let unchanged = asked(&stage);
    assert!(
        unchanged < 2_000,
        "{unchanged} bytes for a branch that did not move"
    );

    stage
        .repository
        .commit("main")
        .file("apps/f1.yaml", MARKED)
        .done();
    assert_eq!(stage.paths(), ["apps/app.yaml", "apps/f1.yaml"]);
}

#[test]
fn a_cache_that_is_deleted_costs_nothing_but_time() {
    let stage = Stage::new();
    stage.pass().unwrap();
    std::fs::remove_dir_all(stage.cache.path()).unwrap();
    assert_eq!(stage.paths(), ["apps/app.yaml"]);
}

#[test]
fn a_link_inside_the_tree_stands_for_its_file() {
    let stage = Stage::new();
    stage
        .repository
        .commit("main")
        .symlink("apps/link.yaml", "../other/x.yaml")
        .symlink("apps/gone.yaml", "none")
        .done();
    assert_eq!(stage.paths(), ["apps/app.yaml", "other/x.yaml"]);
    stage
        .repository
        .commit("main")
        .symlink("apps/out.yaml", "../../../etc/x.yaml")
        .done();
    let pass = stage.pass().unwrap();
    assert_eq!(pass.files.len(), 2);
    assert_eq!(pass.findings[0].rule, "link-not-followed");
}

#[test]
fn the_selector_chooses_the_policies() {
    let mut stage = Stage::new();
    let selector = |team: &str| {
        serde_json::from_str(&format!(r#"{{"matchLabels": {{"team": "{team}"}}}}"#)).unwrap()
    };
    stage.automation.spec.policy_selector = Some(selector("a"));
    assert_eq!(stage.paths(), ["apps/app.yaml"]);
    stage.automation.spec.policy_selector = Some(selector("b"));
    let pass = stage.pass().unwrap();
    assert!(pass.plan.is_none());
    assert_eq!(pass.findings[0].rule, "unknown-policy");
    let bad = r#"{"matchExpressions": [{"key": "team", "operator": "Near"}]}"#;
    stage.automation.spec.policy_selector = Some(serde_json::from_str(bad).unwrap());
    assert!(matches!(stage.pass(), Err(PlanError::ParseSelector(_))));
}

#[test]
fn tags_ranges_and_names_are_checked_out() {
    let mut stage = Stage::new();
    stage.automation.spec.git.as_mut().unwrap().push =
        Some(serde_json::from_str(r#"{"branch": "auto"}"#).unwrap());
    let first = stage.repository.rev_parse("main");
    stage.repository.tag("v1.0.0", &first);
    let second = stage
        .repository
        .commit("main")
        .file("apps/b.yaml", MARKED)
        .done();
    stage.repository.annotated_tag("v1.1.0", &second, "release");
    let third = stage
        .repository
        .commit("main")
        .file("apps/c.yaml", MARKED)
        .done();
    for (reference, commit) in [
        (r#"{"tag": "v1.0.0"}"#.to_owned(), &first),
        (r#"{"semver": "1.x"}"#.to_owned(), &second),
        (r#"{"name": "refs/heads/main"}"#.to_owned(), &third),
        (format!(r#"{{"commit": "{second}"}}"#), &second),
    ] {
        stage.source.spec.reference = Some(serde_json::from_str(&reference).unwrap());
        let pass = stage.pass().unwrap();
        assert_eq!(&pass.checkout.to_string(), commit, "{reference}");
        assert_eq!(pass.plan.unwrap().spec.push.branch, "auto");
    }
    stage.source.spec.reference = Some(serde_json::from_str(r#"{"semver": "9.x"}"#).unwrap());
    assert!(matches!(stage.pass(), Err(PlanError::NoTagInRange { .. })));
}

#[test]
fn an_existing_push_branch_is_edited_at_its_own_head() {
    let mut stage = Stage::new();
    stage.automation.spec.git.as_mut().unwrap().push =
        Some(serde_json::from_str(r#"{"branch": "auto"}"#).unwrap());
    let head = stage
        .repository
        .commit("auto")
        .parent("main")
        .file("apps/b.yaml", MARKED)
        .done();
    let pass = stage.pass().unwrap();
    assert_eq!(pass.base.to_string(), head);
    assert_eq!(pass.files.len(), 2);
}

#[test]
fn a_pinned_commit_is_left_behind_after_the_first_push() {
    let mut stage = Stage::new();
    let pinned = stage.repository.rev_parse("main");
    let reference = format!(r#"{{"branch": "main", "commit": "{pinned}"}}"#);
    stage.source.spec.reference = Some(serde_json::from_str(&reference).unwrap());
    assert_eq!(stage.paths(), ["apps/app.yaml"]);
    let updated = MARKED.replace("1.0.0", "2.0.0");
    let pushed = stage
        .repository
        .commit("main")
        .file("apps/app.yaml", updated)
        .done();
    let pass = stage.pass().unwrap();
    assert_eq!(pass.base.to_string(), pushed);
    assert!(pass.plan.is_none());
}
