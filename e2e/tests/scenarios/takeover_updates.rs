//! ImageUpdateAutomations that Flux's image-automation-controller left behind, and the way back to it.

use api::image::v1::{ImagePolicy, ImageUpdateAutomation, ImageUpdateAutomationStatus};
use api::{Time, conditions, finalizers};
use e2e::objects::{image_policy, image_update_automation};
use e2e::stage::{Controller, SETTER, Stage, WRITER, ready_message};
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt as _;
use kube::api::Api;
use serde_json::{Value, json};
use test_support::cluster::eventually;
use test_support::git_http::GitHttp;
use test_support::git_repo::TempRepo;

use crate::takeover::{LEFT, LONG_AGO, Left, conditions_of};

const IMAGE: &str = "reg.example/app";
const UP_TO_DATE: &str = "repository up-to-date";
/// The commit that Flux pushed last, some time ago.
const PUSHED: &str = "1a7b0f4c5d6e7f8091a2b3c4d5e6f708192a3b4c";

#[tokio::test]
async fn what_flux_left_is_taken_over_and_given_back() {
    let stage = Stage::start().await;
    taken_over_and_given_back(&stage).await;
}

/// The same for the definitions of Repin and for those of Flux, whose conditions are a list without keys.
pub(crate) async fn taken_over_and_given_back(stage: &Stage) {
    let site = Site::start(stage).await;
    let mut untouched = Vec::new();
    for left in LEFT {
        let automation = site.leave(left).await;
        if left.right {
            untouched.push(automation);
        }
    }

    // What is up to date stays so: nothing is planned, and nothing that was right is written again.
    let controllers = site.controllers().await;
    for left in LEFT {
        let status = site.until_taken_over(left.name).await;
        assert_eq!(status.last_push_commit.as_deref(), Some(PUSHED));
        let time = status.last_push_time.map(|time| time.0.to_string());
        assert_eq!(time.as_deref(), Some(LONG_AGO));
    }
    for automation in untouched {
        let name = automation.name_any();
        let setter = &controllers[0];
        setter.until_passed("ImageUpdateAutomation", &name, 1).await;
        let now = site.automations().get(&name).await.unwrap();
        assert_eq!(
            now.resource_version(),
            automation.resource_version(),
            "{now:?}"
        );
    }
    assert_eq!(site.repository.count("main"), 1);
    site.moves_on("1.1.0", 2).await;
    stage.finish(controllers).await;

    // Back: Flux writes by merge patch, and nothing of ours stands in its way.
    for left in LEFT {
        let theirs = site.status(left);
        let automation: ImageUpdateAutomation = stage.patch_status(left.name, &theirs).await;
        let stored = serde_json::to_value(automation.status).unwrap();
        for (field, value) in theirs["status"].as_object().unwrap() {
            assert_eq!(&stored[field], value, "{field} of {}", left.name);
        }
    }

    // And once more; the finalizer that Flux left keeps nobody from going.
    let controllers = site.controllers().await;
    for left in LEFT {
        site.until_taken_over(left.name).await;
    }
    site.moves_on("1.2.0", 3).await;
    for left in LEFT {
        stage.delete::<ImageUpdateAutomation>(left.name).await;
    }
    stage.delete::<ImagePolicy>("app").await;
    stage.finish(controllers).await;
}

struct Site<'a> {
    stage: &'a Stage,
    repository: TempRepo,
    _git: GitHttp,
}

impl<'a> Site<'a> {
    /// A repository whose one image is the one that the policy has selected.
    async fn start(stage: &'a Stage) -> Self {
        let repository = TempRepo::named("fleet.git");
        let marker = format!("# {{\"$imagepolicy\": \"{}:app\"}}", stage.namespace());
        let file = format!("image: {IMAGE}:1.0.0 {marker}\n");
        repository.commit("main").file("app.yaml", file).done();
        let git = GitHttp::start(repository.root());
        let source = json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
            "metadata": {"name": "fleet"},
            "spec": {"interval": "1h", "url": git.url("fleet.git"), "ref": {"branch": "main"}},
        });
        stage.kubectl().apply(&source.to_string()).await;
        stage.create(&image_policy("app", "app", "1.x")).await;
        let site = Self {
            stage,
            repository,
            _git: git,
        };
        site.choose("1.0.0").await;
        site
    }

    async fn controllers(&self) -> [Controller; 2] {
        [
            self.stage.controller(SETTER, &[]).await,
            self.stage.controller(WRITER, &[]).await,
        ]
    }

    fn automations(&self) -> Api<ImageUpdateAutomation> {
        Api::namespaced(self.stage.client(), self.stage.namespace())
    }

    async fn choose(&self, tag: &str) {
        let status = json!({"status": {"latestRef": {"name": IMAGE, "tag": tag}}});
        self.stage.patch_status::<ImagePolicy>("app", &status).await;
    }

    async fn leave(&self, left: &Left) -> ImageUpdateAutomation {
        let mut automation = image_update_automation(left.name, "fleet");
        automation
            .finalizers_mut()
            .push(finalizers::FLUX.to_owned());
        self.stage.create(&automation).await;
        self.stage.patch_status(left.name, &self.status(left)).await
    }

    /// As Flux writes it after a pass a moment ago.
    fn status(&self, left: &Left) -> Value {
        let now = Time(
            Timestamp::now()
                .round(k8s_openapi::jiff::Unit::Second)
                .unwrap(),
        );
        json!({"status": {
            "conditions": conditions_of(left, UP_TO_DATE),
            "lastAutomationRunTime": now,
            "lastPushCommit": PUSHED,
            "lastPushTime": LONG_AGO,
            "observedGeneration": 1,
            "observedPolicies": {"app": {"name": IMAGE, "tag": self.tag()}},
            "observedSourceRevision": format!("main@sha1:{}", self.repository.rev_parse("main")),
        }})
    }

    /// The tag on the branch.
    fn tag(&self) -> String {
        let shown = self.repository.show_text("main", "app.yaml");
        let tag = shown.split([':', ' ']).nth(3);
        tag.unwrap().to_owned()
    }

    /// Waits until Ready alone is left and says that all is well; the status.
    async fn until_taken_over(&self, name: &str) -> ImageUpdateAutomationStatus {
        eventually(&format!("{name} to be taken over"), async || {
            let status = self.automations().get(name).await.ok()?.status?;
            let [ready] = status.conditions.as_slice() else {
                return None;
            };
            let well = ready.type_ == conditions::READY
                && ready.status == conditions::TRUE
                && ready_message(&status.conditions) == UP_TO_DATE;
            well.then_some(status)
        })
        .await
    }

    /// A new tag is one commit, whoever of the automations makes it, and all of them see it.
    async fn moves_on(&self, tag: &str, commits: usize) {
        self.choose(tag).await;
        for left in LEFT {
            eventually(
                &format!("{tag} in the status of {}", left.name),
                async || {
                    let status = self.until_taken_over(left.name).await;
                    let head = self.repository.rev_parse("main");
                    let seen = status.observed_policies.get("app")?.tag == tag
                        && status.observed_source_revision? == format!("main@sha1:{head}");
                    (seen && self.tag() == tag).then_some(())
                },
            )
            .await;
        }
        assert_eq!(self.repository.count("main"), commits);
    }
}
