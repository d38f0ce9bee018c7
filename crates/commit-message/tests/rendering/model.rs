//! The model all tests render: three policies, three files, four changes.

use std::collections::BTreeMap;

use chrono::{TimeZone as _, Utc};
use commit_message::{Change, Image, Model, NamespacedName, ObjectId, Surroundings};

pub(crate) fn surroundings() -> Surroundings {
    Surroundings {
        now: Utc
            .with_ymd_and_hms(2026, 11, 22, 10, 30, 0)
            .single()
            .expect("the time exists"),
        seed: 42,
    }
}

fn object(api_version: &str, kind: &str, name: &str, namespace: &str) -> ObjectId {
    ObjectId {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        namespace: namespace.to_owned(),
    }
}

fn change(old_value: &str, new_value: &str, setter: &str) -> Change {
    Change {
        old_value: old_value.to_owned(),
        new_value: new_value.to_owned(),
        setter: setter.to_owned(),
    }
}

fn image(reference: &str, registry: &str, repository: &str, policy: &str) -> Image {
    let (_, identifier) = reference.rsplit_once(':').expect("the reference has a tag");
    Image {
        reference: reference.to_owned(),
        registry: registry.to_owned(),
        repository: repository.to_owned(),
        name: format!("{registry}/{repository}:{identifier}"),
        identifier: identifier.to_owned(),
        policy: NamespacedName {
            namespace: "flux-system".to_owned(),
            name: policy.to_owned(),
        },
    }
}

pub(crate) fn model() -> Model {
    let deployment = object("apps/v1", "Deployment", "podinfo", "default");
    let cron_job = object("batch/v1", "CronJob", "backup", "ops");
    let release = object("helm.toolkit.fluxcd.io/v2", "HelmRelease", "redis", "");
    let podinfo = "ghcr.io/stefanprodan/podinfo:5.0.3";
    let podinfo_changes = vec![
        change(
            "ghcr.io/stefanprodan/podinfo:5.0.0",
            podinfo,
            "flux-system:podinfo",
        ),
        change(
            "ghcr.io/stefanprodan/podinfo-init:5.0.0",
            podinfo,
            "flux-system:podinfo",
        ),
    ];
    let alpine_change = change("alpine:3.18", "alpine:3.20.1", "flux-system:alpine");
    let redis_change = change("", "7.2.4", "flux-system:redis:tag");
    let files = [
        (
            "apps/podinfo.yaml",
            vec![(deployment.clone(), podinfo_changes)],
        ),
        (
            "apps/cron.yaml",
            vec![(cron_job, vec![alpine_change.clone()])],
        ),
        (
            "infra/redis.yaml",
            vec![
                (release, vec![redis_change]),
                (deployment, vec![alpine_change]),
            ],
        ),
    ];
    let values = [("cluster", "prod-eu"), ("ticket", "OPS-123"), ("empty", "")];
    Model {
        automation: NamespacedName {
            namespace: "flux-system".to_owned(),
            name: "apps".to_owned(),
        },
        files: files
            .into_iter()
            .map(|(name, objects)| (name.to_owned(), BTreeMap::from_iter(objects)))
            .collect(),
        images: vec![
            image(podinfo, "ghcr.io", "stefanprodan/podinfo", "podinfo"),
            image(
                "alpine:3.20.1",
                "index.docker.io",
                "library/alpine",
                "alpine",
            ),
            image("redis:7.2.4", "index.docker.io", "library/redis", "redis"),
            image(
                "unused:1.0.0",
                "index.docker.io",
                "library/unused",
                "unused",
            ),
        ],
        values: values
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
    }
}
