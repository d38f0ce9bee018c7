//! Objects that Flux's image-reflector-controller left behind, and the way back to it.

use api::image::v1::{ImagePolicy, ImageRepository};
use api::{conditions, finalizers};
use e2e::objects::{image_policy, image_repository};
use e2e::stage::{EVALUATOR, SCANNER, Stage};
use kube::ResourceExt as _;
use serde_json::{Value, json};
use test_support::registry::Registry;

/// When Flux looked at the objects last.
pub(crate) const LONG_AGO: &str = "2026-01-01T00:00:00Z";

#[tokio::test]
async fn what_flux_left_is_taken_over_and_given_back() {
    let stage = Stage::start().await;
    taken_over_and_given_back(&stage).await;
}

/// The same for the definitions of Repin and for those of Flux, whose conditions are a list without keys.
pub(crate) async fn taken_over_and_given_back(stage: &Stage) {
    let registry = Registry::start().await;
    registry.set_tags("app", ["1.0.0", "2.0.0"]);
    let image = registry.image("app");
    let mut untouched = Vec::new();
    for left in LEFT {
        let policy = leave(stage, left, &image).await;
        if left.right {
            untouched.push(policy);
        }
    }

    let scanner = stage.controller(SCANNER, &[]).await;
    let evaluator = stage.controller(EVALUATOR, &[]).await;
    for left in LEFT {
        stage.until_scanned(left.name, 2).await;
        stage.until_selected(left.name, "2.0.0").await;
        only_ready_stays(stage, left).await;
    }
    // Whoever selects from the list that was scanned anew comes after those that did before.
    stage
        .create(&image_policy("late", LEFT[0].name, "1.x"))
        .await;
    stage.until_selected("late", "1.0.0").await;
    for policy in untouched {
        let now = stage.policies().get(&policy.name_any()).await.unwrap();
        assert_eq!(now.resource_version(), policy.resource_version(), "{now:?}");
    }
    stage.finish([scanner, evaluator]).await;

    // Back: Flux writes by merge patch, and nothing of ours stands in its way.
    let left = &LEFT[1];
    let theirs = repository_status(left, &image);
    let repository: ImageRepository = stage.patch_status(left.name, &theirs).await;
    let stored = serde_json::to_value(repository.status).unwrap();
    assert_eq!(stored["conditions"], theirs["status"]["conditions"]);
    assert_eq!(stored["lastScanResult"], theirs["status"]["lastScanResult"]);
    let theirs = policy_status(left, &image);
    let policy: ImagePolicy = stage.patch_status(left.name, &theirs).await;
    let stored = serde_json::to_value(policy.status).unwrap();
    assert_eq!(stored["conditions"], theirs["status"]["conditions"]);

    // And once more; the finalizer that Flux left keeps nobody from going.
    let scanner = stage.controller(SCANNER, &[]).await;
    let evaluator = stage.controller(EVALUATOR, &[]).await;
    stage.until_scanned(left.name, 2).await;
    stage.until_selected(left.name, "2.0.0").await;
    only_ready_stays(stage, left).await;
    for left in LEFT {
        the_list_goes_with_its_repository(stage, left.name).await;
        stage.delete_both(left.name).await;
    }
    stage.finish([scanner, evaluator]).await;
}

/// The garbage collector does it, some time after: it looks for new kinds every half minute only.
async fn the_list_goes_with_its_repository(stage: &Stage, name: &str) {
    let repository = stage.repositories().get(name).await.unwrap();
    let slices = stage.slices(name).await;
    assert_eq!(slices.len(), 1);
    for slice in slices {
        let owners = slice.metadata.owner_references.unwrap();
        assert_eq!(owners.len(), 1);
        assert_eq!(Some(&owners[0].uid), repository.metadata.uid.as_ref());
    }
}

/// How Flux left an object.
#[derive(Clone, Copy)]
pub(crate) struct Left {
    pub(crate) name: &'static str,
    /// Conditions beside Ready, and what Ready says.
    beside: Option<(&'static str, &'static str)>,
    ready: &'static str,
    /// Whether the status of the policy, or of the automation, is what we would write.
    pub(crate) right: bool,
}

pub(crate) const LEFT: &[Left] = &[
    Left {
        name: "done",
        beside: None,
        ready: conditions::TRUE,
        right: true,
    },
    Left {
        name: "working",
        beside: Some((conditions::RECONCILING, "Progressing")),
        ready: conditions::TRUE,
        right: false,
    },
    Left {
        name: "retrying",
        beside: Some((conditions::RECONCILING, "ProgressingWithRetry")),
        ready: conditions::FALSE,
        right: false,
    },
    Left {
        name: "stalled",
        beside: Some((conditions::STALLED, "ImageURLInvalid")),
        ready: conditions::FALSE,
        right: false,
    },
];

async fn leave(stage: &Stage, left: &Left, image: &str) -> ImagePolicy {
    let mut repository = image_repository(left.name, image);
    let mut policy = image_policy(left.name, left.name, ">=1.0.0");
    repository
        .finalizers_mut()
        .push(finalizers::FLUX.to_owned());
    policy.finalizers_mut().push(finalizers::FLUX.to_owned());
    stage.create(&repository).await;
    stage.create(&policy).await;
    let status = repository_status(left, image);
    stage
        .patch_status::<ImageRepository>(left.name, &status)
        .await;
    stage
        .patch_status(left.name, &policy_status(left, image))
        .await
}

fn repository_status(left: &Left, image: &str) -> Value {
    json!({"status": {
        "canonicalImageName": image,
        "conditions": conditions_of(left, "successful scan: found 2 tags with checksum 580584407"),
        "lastScanResult": {
            "latestTags": ["2.0.0", "1.0.0"],
            "revision": "580584407",
            "scanTime": LONG_AGO,
            "tagCount": 2,
        },
        "observedExclusionList": ["^.*\\.sig$"],
        "observedGeneration": 1,
    }})
}

fn policy_status(left: &Left, image: &str) -> Value {
    let message = format!("Latest image tag for {image} resolved to 2.0.0");
    json!({"status": {
        "conditions": conditions_of(left, &message),
        "latestRef": {"name": image, "tag": "2.0.0"},
        "observedGeneration": 1,
    }})
}

pub(crate) fn conditions_of(left: &Left, message: &str) -> Value {
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "observedGeneration": 1,
            "lastTransitionTime": LONG_AGO,
        })
    };
    let ready = match left.ready {
        conditions::TRUE => condition(conditions::READY, conditions::TRUE, "Succeeded", message),
        status => condition(conditions::READY, status, "Failure", "something went wrong"),
    };
    let beside = left.beside.map(|(kind, reason)| {
        condition(kind, conditions::TRUE, reason, "reconciliation in progress")
    });
    beside.into_iter().chain([ready]).collect()
}

async fn only_ready_stays(stage: &Stage, left: &Left) {
    let repository = stage.repositories().get(left.name).await.unwrap();
    let policy = stage.policies().get(left.name).await.unwrap();
    let types = |conditions: &[api::Condition]| -> Vec<String> {
        conditions
            .iter()
            .map(|condition| condition.type_.clone())
            .collect()
    };
    assert_eq!(
        types(&repository.status.unwrap().conditions),
        ["Ready"],
        "{}",
        left.name
    );
    assert_eq!(
        types(&policy.status.unwrap().conditions),
        ["Ready"],
        "{}",
        left.name
    );
}
