//! The guide from "Deploy a demo app" to "Revert image updates", its objects in `v1` form, through all four controllers: a
//! real registry, a real Git server, and `kubectl`.

mod commit_message;
mod custom_resources;
mod demo_app;
mod push_branch;
mod revert;
mod suspend;

use e2e::fleet::Fleet;
use serde_json::json;

use crate::guide::{POLICY, REPOSITORY};

/// The image of the guide.
pub(crate) const PODINFO: &str = "stefanprodan/podinfo";
/// The Deployment of podinfo 5.0.0 with the marker of the guide, and where the guide puts it.
pub(crate) const DEPLOYMENT: &str =
    include_str!("../../../xtask/demo/repository/podinfo-deployment.yaml");
pub(crate) const DEPLOYMENT_PATH: &str = "clusters/my-cluster/podinfo-deployment.yaml";

pub(crate) const AUTOMATION: &str = "
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageUpdateAutomation
metadata:
  name: flux-system
spec:
  sourceRef:
    kind: GitRepository
    name: flux-system
  git:
    checkout:
      ref:
        branch: main
    commit:
      author:
        email: fluxcdbot@users.noreply.github.com
        name: fluxcdbot
      messageTemplate: '{{range .Updated.Images}}{{println .}}{{end}}'
    push:
      branch: main
  interval: 1m0s
  update:
    path: ./clusters/my-cluster
    strategy: Setters
";

const AUTHOR: &str = "fluxcdbot <fluxcdbot@users.noreply.github.com>";

/// The fleet after "Configure image scanning": the marked Deployment of podinfo 5.0.0 is on `main`, the registry has these
/// tags, and the policy has selected one of them.
pub(crate) async fn scanned(tags: &[&str], selected: &str) -> (Fleet, String) {
    let fleet = Fleet::start().await;
    fleet.push(PODINFO, tags).await;
    let first = fleet.commit("main", &[(DEPLOYMENT_PATH, DEPLOYMENT)]);
    fleet.apply(REPOSITORY).await;
    fleet.apply(POLICY).await;
    fleet.until_selected("podinfo", selected).await;
    (fleet, first)
}

/// A new tag is there, and is looked for.
pub(crate) async fn release(fleet: &Fleet, tag: &str) {
    fleet.push(PODINFO, &[tag]).await;
    fleet.reconcile("imagerepository/podinfo").await;
    fleet.until_selected("podinfo", tag).await;
}

/// `flux create image policy podinfo --select-semver=RANGE`, once more.
async fn select(fleet: &Fleet, range: &str) {
    let patch = json!({"spec": {"policy": {"semver": {"range": range}}}});
    fleet.patch("imagepolicy/podinfo", &patch).await;
}

/// The Deployment with another tag, each other byte as it was.
fn deployment(fleet: &Fleet, tag: &str) -> String {
    let text = fleet.local(DEPLOYMENT);
    let image = |tag: &str| format!("{}:{tag} #", fleet.registry.image(PODINFO));
    let moved = text.replacen(&image("5.0.0"), &image(tag), 1);
    assert_eq!(moved == text, tag == "5.0.0");
    moved
}

/// One commit of the guide's author on top of `parent`, which moves the Deployment from one tag to another and nothing else.
pub(crate) fn is_an_update(fleet: &Fleet, commit: &str, parent: &str, (old, new): (&str, &str)) {
    let repository = &fleet.repository;
    assert_eq!(repository.log(&format!("{parent}..{commit}"), "%P"), parent);
    assert_eq!(repository.changed_paths(parent, commit), [DEPLOYMENT_PATH]);
    let shown = |commit| repository.show_text(commit, DEPLOYMENT_PATH);
    assert_eq!(shown(parent), deployment(fleet, old));
    assert_eq!(shown(commit), deployment(fleet, new));
    is_by_the_bot(fleet, commit);
    let message = format!("{}:{new}\n", fleet.registry.image(PODINFO));
    assert_eq!(repository.message(commit), message);
    repository.fsck();
}

fn is_by_the_bot(fleet: &Fleet, commit: &str) {
    let who = format!("{commit}^!");
    let (author, committer) = ("%an <%ae>", "%cn <%ce>");
    assert_eq!(fleet.repository.log(&who, author), AUTHOR);
    assert_eq!(fleet.repository.log(&who, committer), AUTHOR);
}

/// An Event tells of the push of a commit, with the whole message.
async fn push_is_told(fleet: &Fleet, commit: &str, (branch, message): (&str, &str)) {
    let short = &commit[..7];
    let text = format!("pushed commit '{short}' to branch '{branch}'\n{message}");
    let about = "ImageUpdateAutomation/flux-system";
    let event = ("Normal", "Succeeded", text.as_str());
    fleet.until_event(about, event).await;
}
