//! What the guide's updates need: a registry, a Git server with the repository of the cluster, and the controllers, each under
//! its own ServiceAccount and with the admission policies in effect.

use std::path::Path;

use api::annotations::RECONCILE_REQUESTED;
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::cluster::eventually;
use test_support::docker_registry::{DockerRegistry, Setup};
use test_support::git_repo::{TempRepo, git_command};
use test_support::nginx_git::NginxGit;

use crate::kubectl::Kubectl;
use crate::stage::{Controller, EVALUATOR, RECEIVER, SCANNER, SETTER, Stage, WRITER};

/// The repository that `flux bootstrap` makes, below the root of the Git server.
const REPOSITORY: &str = "flux-image-updates.git";
/// Who reads and writes it: the token of the guide is a password of Git.
const USERNAME: &str = "flux";
const PASSWORD: &str = "git-s3cret";
/// The namespace of the guide's objects, and the registries of its images.
const GUIDE_NAMESPACE: &str = "flux-system:";
const GUIDE_REGISTRIES: [&str; 2] = ["ghcr.io/", "docker.io/"];

/// A registry, a Git server, and the controllers at work.
#[derive(Debug)]
pub struct Fleet {
    // They go before what they talk to.
    controllers: Vec<Controller>,
    /// Where they work.
    pub stage: Stage,
    /// Its images are those of the manifests.
    pub registry: DockerRegistry,
    /// The repository behind the Git server.
    pub repository: TempRepo,
    server: NginxGit,
}

impl Fleet {
    /// Starts the four controllers that lead from the registry to the commit, with a Secret and a GitRepository `flux-system` as
    /// `flux bootstrap` makes them.
    pub async fn start() -> Self {
        Box::pin(Self::on(Stage::start().await, &[])).await
    }

    /// The same with all five, in the namespace of the guide and on a control plane of its own: older versions are converted
    /// there, for everybody.
    pub async fn with_webhooks() -> Self {
        let mut fleet = Box::pin(Self::on(Stage::of_the_guide().await, &[])).await;
        let receiver = fleet.stage.controller(RECEIVER, &[]).await;
        fleet.controllers.push(receiver);
        fleet
    }

    /// The same on a stage that is there, with flags for all controllers.
    pub async fn on(stage: Stage, flags: &[&str]) -> Self {
        stage.admission().await;
        let repository = TempRepo::named(REPOSITORY);
        let server = NginxGit::builder(repository.root())
            .basic(USERNAME, PASSWORD)
            .start();
        let fleet = Self {
            controllers: vec![
                stage.controller(SCANNER, flags).await,
                stage.controller(EVALUATOR, flags).await,
                stage.controller(SETTER, flags).await,
                stage.controller(WRITER, flags).await,
            ],
            registry: DockerRegistry::start(&Setup::default()).await,
            stage,
            repository,
            server,
        };
        fleet.apply(&credentials()).await;
        fleet.apply(&fleet.source()).await;
        fleet
    }

    fn source(&self) -> String {
        json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "GitRepository",
            "metadata": {"name": "flux-system"},
            "spec": {
                "interval": "1m0s",
                "ref": {"branch": "main"},
                "secretRef": {"name": "flux-system"},
                "url": self.server.url(REPOSITORY),
            },
        })
        .to_string()
    }

    /// `kubectl` in the namespace of the guide's objects.
    pub fn kubectl(&self) -> Kubectl {
        self.stage.kubectl()
    }

    /// A text of the guide with the registry and the namespace of this fleet in the place of the guide's.
    pub fn local(&self, text: &str) -> String {
        let registry = format!("{}/", self.registry.host());
        let namespace = format!("{}:", self.stage.namespace());
        let text = text.replace(GUIDE_NAMESPACE, &namespace);
        GUIDE_REGISTRIES
            .iter()
            .fold(text, |text, public| text.replace(public, &registry))
    }

    /// `kubectl apply` of a text of the guide.
    pub async fn apply(&self, manifests: &str) {
        self.kubectl().apply(&self.local(manifests)).await;
    }

    /// The same soon after a definition has changed, which the API server takes in a moment later.
    pub async fn apply_soon(&self, manifests: &str) {
        let (kubectl, manifests) = (self.kubectl(), self.local(manifests));
        eventually("the definitions as they are now", async || {
            kubectl.try_apply(&manifests).await.ok()
        })
        .await;
    }

    /// The controller of this name, which runs.
    pub fn controller(&self, name: &str) -> &Controller {
        let mut controllers = self.controllers.iter();
        let found = controllers.find(|controller| controller.name() == name);
        found.unwrap_or_else(|| unreachable!("{name} does not run"))
    }

    /// `kubectl patch --type=merge`.
    pub async fn patch(&self, object: &str, patch: &Value) {
        let patch = patch.to_string();
        let words = ["patch", object, "--type=merge", "-p", &patch];
        self.kubectl().run(&words).await;
    }

    /// Commits files of the guide to a branch, as somebody else would. Returns the commit.
    pub fn commit(&self, branch: &str, files: &[(&str, &str)]) -> String {
        let files = files.iter().map(|(path, text)| (*path, self.local(text)));
        self.repository.commit(branch).files(files).done()
    }

    /// Pushes tags of an image to the registry.
    pub async fn push(&self, image: &str, tags: &[&str]) {
        for tag in tags {
            self.registry.push(image, tag).await;
        }
    }

    /// `flux reconcile` of an object: asks, and waits for the end of the pass.
    pub async fn reconcile(&self, object: &str) {
        let before = self.get(object).await["status"]["lastHandledReconcileAt"].clone();
        let before = before.as_str().and_then(|value| value.parse::<u64>().ok());
        let value = before.map_or(1, |value| value + 1).to_string();
        let annotation = format!("{RECONCILE_REQUESTED}={value}");
        let handled = format!("--for=jsonpath={{.status.lastHandledReconcileAt}}={value}");
        let kubectl = self.kubectl();
        kubectl
            .run(&["annotate", "--overwrite", object, &annotation])
            .await;
        kubectl
            .run(&["wait", &handled, "--timeout=60s", object])
            .await;
    }

    /// Waits until a policy has selected a tag.
    pub async fn until_selected(&self, policy: &str, tag: &str) {
        let selected = format!("--for=jsonpath={{.status.latestRef.tag}}={tag}");
        let policy = format!("imagepolicy/{policy}");
        self.kubectl()
            .run(&["wait", &selected, "--timeout=60s", &policy])
            .await;
    }

    /// Waits until a branch has another head than this one, and returns it.
    pub async fn until_moved(&self, branch: &str, from: Option<&str>) -> String {
        eventually(&format!("a commit on {branch}"), async || {
            let head = self.head(branch);
            head.filter(|head| Some(head.as_str()) != from)
        })
        .await
    }

    /// The head of a branch, if there is one.
    pub fn head(&self, branch: &str) -> Option<String> {
        self.repository.find(&format!("refs/heads/{branch}"))
    }

    /// Waits until the automation tells of the push of a commit, and that nothing is left to do.
    pub async fn until_told(&self, commit: &str) -> Value {
        eventually(&format!("the push of {commit} in the status"), async || {
            let automation = self.get("imageupdateautomation/flux-system").await;
            let told = automation["status"]["lastPushCommit"] == commit && is_ready(&automation);
            told.then_some(automation)
        })
        .await
    }

    /// An object as `kubectl get -o json` prints it.
    pub async fn get(&self, object: &str) -> Value {
        let printed = self.kubectl().run(&["get", object, "-o", "json"]).await;
        serde_json::from_str(&printed).expect("kubectl prints JSON")
    }

    /// All plans, in their order.
    pub async fn plans(&self) -> Vec<Value> {
        let words = [
            "get",
            "imageupdateplans",
            "--sort-by=.spec.sequence",
            "-o",
            "json",
        ];
        let printed = self.kubectl().run(&words).await;
        let list: Value = serde_json::from_str(&printed).expect("kubectl prints JSON");
        list["items"].as_array().cloned().unwrap_or_default()
    }

    /// Waits for an Event about an object (`ImageUpdateAutomation/flux-system`) with this type, reason and message.
    pub async fn until_event(&self, object: &str, (type_, reason, message): (&str, &str, &str)) {
        eventually(
            &format!("{type_} {reason} of {object}: {message}"),
            async || {
                let printed = self.kubectl().run(&["get", "events", "-o", "json"]).await;
                let list: Value = serde_json::from_str(&printed).expect("kubectl prints JSON");
                let told = list["items"].as_array()?.iter().any(|event| {
                    let about = &event["involvedObject"];
                    let about = format!(
                        "{}/{}",
                        about["kind"].as_str().unwrap_or_default(),
                        about["name"].as_str().unwrap_or_default()
                    );
                    about == object
                        && event["type"] == type_
                        && event["reason"] == reason
                        && event["message"] == message
                });
                told.then_some(())
            },
        )
        .await;
    }

    /// A clone of a branch, as a user has it.
    pub fn checkout(&self, branch: &str) -> TempDir {
        let directory = TempDir::new().expect("the temporary directory is writable");
        let url = self.server.url(REPOSITORY);
        let url = url.replacen("://", &format!("://{USERNAME}:{PASSWORD}@"), 1);
        let words = ["clone", "--quiet", "--branch", branch, &url, "."];
        git(directory.path(), &words);
        directory
    }

    /// Ends all controllers, and fails when one of them ended badly or was refused anything.
    pub async fn finish(self) {
        for controller in &self.controllers {
            let log = controller.log();
            assert!(!log.contains(PASSWORD), "{}: {log}", controller.name());
        }
        self.stage.finish(self.controllers).await;
    }
}

fn credentials() -> String {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "flux-system"},
        "stringData": {"username": USERNAME, "password": PASSWORD},
    })
    .to_string()
}

/// `git` in a clone.
pub fn git(directory: &Path, arguments: &[&str]) {
    let output = git_command(directory).args(arguments).output();
    let output = output.expect("git is installed");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {complaint}");
}

/// Ready for the newest spec, and at nothing else.
fn is_ready(object: &Value) -> bool {
    let conditions = object["status"]["conditions"].as_array();
    let generation = &object["metadata"]["generation"];
    conditions.is_some_and(|conditions| {
        conditions.len() == 1
            && conditions[0]["type"] == "Ready"
            && conditions[0]["status"] == "True"
            && conditions[0]["observedGeneration"] == *generation
    })
}
