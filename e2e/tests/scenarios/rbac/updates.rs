//! The same for the controllers that plan and write.

use api::annotations::APPROVAL;
use api::image::v1::{AccessFrom, ImagePolicy, ImageUpdateAutomation, NamespaceSelector};
use api::repin::v1alpha1::{ImageUpdateApproval, ImageUpdateApprovalSpec, Phase};
use api::source::GitRepositoryRef;
use e2e::objects::{image_update_automation, image_update_plan};
use kube::api::{ListParams, Patch, PatchParams};
use test_support::cluster::eventually;
use test_support::git_http::GitHttp;
use test_support::git_repo::TempRepo;

use super::*;

/// The image of the policy.
const IMAGE: &str = "reg.example/app";
/// Who reads and writes the repository.
const USER: (&str, &str) = ("bot", "git-s3cret");
/// How many ended plans are kept.
const HISTORY: usize = 10;

#[tokio::test]
async fn the_roles_of_setter_and_writer_grant_what_is_used_and_nothing_else() {
    let site = Site::start().await;
    let flags = [
        OWN_IDENTITY,
        "--enable-leader-election",
        "--leader-election-retry-period=500ms",
        "--min-retry-delay=20ms",
    ];
    let setter = [&flags[..], &["--batch-window=0s"]].concat();
    let setter = site.stage.waiting_controller(SETTER, &setter).await;
    let writer = site.stage.waiting_controller(WRITER, &flags).await;
    let everything = async {
        site.history_is_bounded().await;
        site.a_plan_changes_while_it_is_written().await;
        site.a_plan_is_approved().await;
        site.finalizers_are_taken_off().await;
    };
    uses_exactly(&site.stage, &[&setter, &writer], everything).await;
    site.stage.finish([setter, writer]).await;
}

struct Site {
    stage: Stage,
    /// A policy there lets automations of the other namespaces in.
    _other: Stage,
    repository: TempRepo,
    git: GitHttp,
}

impl Site {
    /// Everything that has to be there before the controllers start.
    async fn start() -> Self {
        let stage = Stage::alone().await;
        let repository = TempRepo::named("fleet.git");
        let marker = format!("# {{\"$imagepolicy\": \"{}:app\"}}", stage.namespace());
        let file = format!("image: {IMAGE}:1.0.0 {marker}\n");
        repository.commit("main").file("app.yaml", file).done();
        let git = GitHttp::builder(repository.root())
            .basic(USER.0, USER.1)
            .start();
        let other = stage.sibling().await;
        let mut shared = image_policy("shared", "shared", "1.x");
        shared.spec.access_from = Some(AccessFrom {
            namespace_selectors: vec![NamespaceSelector {
                match_labels: BTreeMap::new(),
            }],
        });
        other.create(&shared).await;
        let site = Self {
            stage,
            _other: other,
            repository,
            git,
        };
        site.an_automation_of_flux().await;
        site.an_identity_that_nobody_knows().await;
        site
    }

    /// The automation `fleet`, with a status that Flux wrote.
    async fn an_automation_of_flux(&self) {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "fleet"},
            "stringData": {"username": USER.0, "password": USER.1},
        });
        self.apply(&secret).await;
        let url = self.git.url("fleet.git");
        let source = json!({"url": url, "secretRef": {"name": "fleet"}});
        self.source("fleet", source).await;
        self.stage.create(&image_policy("app", "app", "1.x")).await;
        self.choose("1.0.0").await;
        self.stage
            .create(&image_update_automation("fleet", "fleet"))
            .await;
        let status = json!({"status": {"observedGeneration": 1}});
        self.stage
            .patch_status::<ImageUpdateAutomation>("fleet", &status)
            .await;
    }

    /// A repository of a cloud provider, and a plan for it although nobody could ever read it.
    async fn an_identity_that_nobody_knows(&self) {
        let mut account = service_account("identity");
        let role = "arn:aws:iam::123456789012:role/writer".to_owned();
        account
            .annotations_mut()
            .insert("eks.amazonaws.com/role-arn".to_owned(), role);
        self.stage.create(&account).await;
        let url = "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/fleet";
        let source = json!({"url": url, "provider": "aws", "serviceAccountName": "identity"});
        self.source("cloud", source).await;
        let automation = image_update_automation("cloud", "cloud");
        let automation = self.stage.create(&automation).await;
        let mut plan = image_update_plan("cloud", &automation);
        plan.spec.checkout.reference = GitRepositoryRef {
            branch: Some("main".to_owned()),
            ..GitRepositoryRef::default()
        };
        self.stage.create(&plan).await;
    }

    async fn apply(&self, object: &Value) {
        self.stage.kubectl().apply(&object.to_string()).await;
    }

    async fn source(&self, name: &str, mut spec: Value) {
        spec["interval"] = json!("1h");
        spec["ref"] = json!({"branch": "main"});
        let source = json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
            "metadata": {"name": name}, "spec": spec,
        });
        self.apply(&source).await;
    }

    /// The policy has this tag, as policy-evaluator says it.
    async fn choose(&self, tag: &str) {
        let status = json!({"status": {"latestRef": {"name": IMAGE, "tag": tag}}});
        self.stage.patch_status::<ImagePolicy>("app", &status).await;
    }

    /// Waits until this tag is on the branch, and its plan has ended.
    async fn until_written(&self, tag: &str) {
        let wanted = format!("image: {IMAGE}:{tag} ");
        eventually(&wanted, async || {
            let shown = self.repository.show_text("main", "app.yaml");
            shown.starts_with(&wanted).then_some(())
        })
        .await;
        eventually("the end of the plan", async || {
            self.open_plan().await.is_none().then_some(())
        })
        .await;
    }

    /// The name of the plan of `fleet` that has not ended.
    async fn open_plan(&self) -> Option<String> {
        let plans = self.stage.plans().list(&ListParams::default()).await;
        let mut plans = plans.unwrap().items.into_iter();
        let open = plans.find(|plan| plan.spec.automation_ref.name == "fleet" && !plan.is_ended());
        open.map(|plan| plan.name_any())
    }

    async fn history_is_bounded(&self) {
        for patch in 1..=HISTORY + 1 {
            let tag = format!("1.0.{patch}");
            self.choose(&tag).await;
            self.until_written(&tag).await;
        }
        eventually("a bounded history", async || {
            let plans = self.stage.plans().list(&ListParams::default()).await;
            let plans = plans.ok()?.items;
            let ended = plans.iter().filter(|plan| plan.phase() == Phase::Pushed);
            (ended.count() == HISTORY).then_some(())
        })
        .await;
    }

    /// The plan that the writer knows is no longer the newest when its status is written: it is read again.
    async fn a_plan_changes_while_it_is_written(&self) {
        let hold = self.git.hold("/git-receive-pack");
        self.choose("1.1.0").await;
        let name = eventually("the plan", async || self.open_plan().await).await;
        eventually("the push", async || {
            let plan = self.stage.plans().get(&name).await.ok()?;
            plan.status?.prepared.map(|_| ())
        })
        .await;
        let label = json!({"metadata": {"labels": {"example.com/seen": "true"}}});
        let params = PatchParams::default();
        let patched = self
            .stage
            .plans()
            .patch(&name, &params, &Patch::Merge(label))
            .await;
        drop(patched.unwrap());
        hold.release();
        self.until_written("1.1.0").await;
    }

    async fn a_plan_is_approved(&self) {
        let annotation = format!("{APPROVAL}=Required");
        let words = ["annotate", "imageupdateautomation", "fleet", &annotation];
        self.stage.kubectl().run(&words).await;
        self.choose("1.2.0").await;
        let name = eventually("a plan that waits", async || {
            let name = self.open_plan().await?;
            let plan = self.stage.plans().get(&name).await.ok()?;
            (plan.phase() == Phase::AwaitingApproval).then_some(name)
        })
        .await;
        let spec = ImageUpdateApprovalSpec {
            plan: name.clone(),
            approved_by: "alice".to_owned(),
        };
        self.stage
            .create(&ImageUpdateApproval::new(&name, spec))
            .await;
        self.until_written("1.2.0").await;
    }

    async fn finalizers_are_taken_off(&self) {
        let mut left = image_update_automation("left", "fleet");
        left.finalizers_mut().push(finalizers::FLUX.to_owned());
        left.spec.suspend = true;
        self.stage.create(&left).await;
        self.stage.delete::<ImageUpdateAutomation>("left").await;
    }
}
