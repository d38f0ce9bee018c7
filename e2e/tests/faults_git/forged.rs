//! Plans that somebody else makes, edits or deletes: refused at the door, or by git-writer where somebody got around that.

use api::repin::v1alpha1::{ImageUpdatePlan, Phase, diff};
use e2e::faults::{PACK, Site, Told, Victim};
use kube::ResourceExt as _;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::json;
use test_support::api_proxy::{Calls, Point};
use test_support::cluster::{Scope, eventually};

use super::reached;

/// The field of a plan that is forged, and how.
type Forgery = (&'static str, fn(&mut ImageUpdatePlan));

/// The plan of an update that has been pushed, to copy.
async fn genuine(site: &Site) -> ImageUpdatePlan {
    site.release(0).await;
    site.settle(Told::Once).await.is_right();
    site.plans().await.pop().unwrap()
}

/// Another plan of the same automation.
fn copy(
    of: &ImageUpdatePlan,
    name: &str,
    forge: impl FnOnce(&mut ImageUpdatePlan),
) -> ImageUpdatePlan {
    let mut plan = ImageUpdatePlan::new(name, of.spec.clone());
    plan.metadata
        .owner_references
        .clone_from(&of.metadata.owner_references);
    plan.metadata.labels.clone_from(&of.metadata.labels);
    plan.spec.sequence = of.spec.sequence + 1;
    forge(&mut plan);
    plan.spec.diff = diff(&plan.spec.files);
    plan
}

#[tokio::test]
async fn who_has_no_right_to_make_or_change_plans_is_refused_at_the_door() {
    let site = Site::start().await;
    site.namespace.admission(Scope::Namespace).await;
    let hold = site.git.hold(PACK);
    site.release(0).await;
    let hold = reached(hold).await;
    let plan = site.plans().await.pop().unwrap();
    let api: Api<ImageUpdatePlan> = site.namespace.api();
    let denied = |answer: kube::Result<ImageUpdatePlan>| match answer {
        Err(kube::Error::Api(status)) => assert!((400..500).contains(&status.code), "{status:?}"),
        other => unreachable!("not refused: {other:?}"),
    };
    denied(
        api.create(&PostParams::default(), &copy(&plan, "forged", |_| ()))
            .await,
    );
    for patch in [
        json!({ "spec": { "message": "something else" } }),
        json!({ "spec": { "push": { "branch": "prod" } } }),
        json!({ "spec": { "approval": "Required" } }),
        json!({ "metadata": { "labels": null } }),
        json!({ "metadata": { "ownerReferences": null } }),
    ] {
        let (name, params) = (plan.name_any(), PatchParams::default());
        denied(api.patch(&name, &params, &Patch::Merge(&patch)).await);
    }
    let pushed = json!({ "status": { "commit": plan.spec.push.base } });
    let (name, params) = (plan.name_any(), PatchParams::default());
    denied(
        api.patch_status(&name, &params, &Patch::Merge(&pushed))
            .await,
    );
    hold.release();
    let report = site.settle(Told::Once).await.is_right();
    assert_eq!(report.commits, 1);
}

#[tokio::test]
async fn who_got_around_that_is_refused_by_git_writer() {
    let mut site = Site::start().await;
    let plan = genuine(&site).await;
    // It would take back what it has no use for.
    site.kill(Victim::Setter);
    site.outside_commit("secret/app.yaml", &site.content(0, "1.0.0"));
    site.repo.branch("prod", "main");
    let before = site.repo.references();
    let api: Api<ImageUpdatePlan> = site.namespace.api();
    let forgeries: [Forgery; 4] = [
        ("spec.push.branch", |plan| {
            "prod".clone_into(&mut plan.spec.push.branch);
        }),
        ("spec.push.refspec", |plan| {
            plan.spec.push.refspec = Some("refs/heads/main:refs/heads/prod".to_owned());
        }),
        ("spec.author.email", |plan| {
            "boss@example.com".clone_into(&mut plan.spec.author.email);
        }),
        ("spec.files[0].path", |plan| {
            "secret/app.yaml".clone_into(&mut plan.spec.files[0].path);
        }),
    ];
    for (number, (field, forge)) in forgeries.into_iter().enumerate() {
        let forged = copy(&plan, &format!("forged-{number}"), forge);
        api.create(&PostParams::default(), &forged).await.unwrap();
        let ended = eventually("the forged plan to fail", async || {
            let plan = api.get(&forged.name_any()).await.ok()?;
            (plan.phase() == Phase::Failed).then_some(plan)
        })
        .await;
        let status = serde_json::to_string(&ended.status).unwrap();
        assert!(status.contains(field), "{status}");
        assert_eq!(site.repo.references(), before, "{field}");
    }
    site.restart(Victim::Setter);
    site.release(0).await;
    let report = site.settle(Told::Once).await.is_right();
    assert_eq!(report.commits, 2);
}

/// The same bytes again: they are no longer there.
#[tokio::test]
async fn a_plan_that_somebody_repeats_changes_nothing() {
    let mut site = Site::start().await;
    let plan = genuine(&site).await;
    site.kill(Victim::Setter);
    // With the same words it could be the same commit, byte for byte, which has landed.
    let repeated = copy(&plan, "repeated", |plan| {
        "again".clone_into(&mut plan.spec.message);
    });
    let api: Api<ImageUpdatePlan> = site.namespace.api();
    api.create(&PostParams::default(), &repeated).await.unwrap();
    let ended = eventually("the repeated plan to end", async || {
        let plan = api.get("repeated").await.ok()?;
        plan.is_ended().then_some(plan)
    })
    .await;
    assert_ne!(ended.phase(), Phase::Pushed);
    site.restart(Victim::Setter);
    site.release(0).await;
    let report = site.settle(Told::Once).await.is_right();
    assert_eq!((report.commits, report.updates), (2, 2));
}

#[tokio::test]
async fn a_plan_that_somebody_deletes_is_made_again() {
    let site = Site::start().await;
    let flag = site.refusing_hook("not now");
    flag.raise();
    site.release(0).await;
    site.until_failing(0, "not now").await;
    let plan = site.plans().await.pop().unwrap();
    site.delete_plan(&plan.name_any()).await;
    let plans = eventually("another plan", async || {
        let plans = site.plans().await;
        plans
            .iter()
            .any(|other| other.uid() != plan.uid())
            .then_some(plans)
    })
    .await;
    assert_eq!(plans.len(), 1);
    flag.lower();
    super::one_update(&site).await;
}

#[tokio::test]
async fn a_plan_that_somebody_deletes_while_it_is_pushed() {
    let site = Site::start().await;
    let calls = Calls::status_writes("imageupdateplans");
    let hold = site.proxy.hold(calls, Point::Before).after(1);
    site.release(0).await;
    hold.reached().await;
    let plan = site.plans().await.pop().unwrap();
    site.delete_plan(&plan.name_any()).await;
    drop(hold);
    let report = site.settle(Told::OnceAtMost).await.is_right();
    assert_eq!((report.commits, report.updates), (1, 1));
}
