//! The objects of the scenarios, short to write.

mod plan;

use api::image::v1::{
    ImagePolicy, ImagePolicyChoice, ImagePolicySpec, ImageRepository, ImageRepositoryReference,
    ImageRepositorySpec, SemverPolicy,
};
use api::{Duration, labels};
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use kube::api::ObjectMeta;
use serde_json::json;

pub use self::plan::{BASE, image_update_automation, image_update_plan};

/// An ImageRepository that is scanned on request only: its interval is a day.
pub fn image_repository(name: &str, image: &str) -> ImageRepository {
    let spec = ImageRepositorySpec {
        image: image.to_owned(),
        interval: Duration::from_secs(86_400),
        ..ImageRepositorySpec::default()
    };
    ImageRepository::new(name, spec)
}

/// An ImagePolicy that selects the highest version in `range` out of the ImageRepository `repository`.
pub fn image_policy(name: &str, repository: &str, range: &str) -> ImagePolicy {
    let spec = ImagePolicySpec {
        image_repository_ref: ImageRepositoryReference {
            name: repository.to_owned(),
            namespace: None,
        },
        policy: ImagePolicyChoice {
            semver: Some(SemverPolicy {
                range: range.to_owned(),
            }),
            ..ImagePolicyChoice::default()
        },
        ..ImagePolicySpec::default()
    };
    ImagePolicy::new(name, spec)
}

/// A Secret with registry credentials for `host`, as `kubectl create secret docker-registry` makes it, whose changes
/// count at once.
pub fn docker_secret(name: &str, host: &str, username: &str, password: &str) -> Secret {
    let entry = json!({"username": username, "password": password});
    let config = json!({"auths": {host: entry}}).to_string();
    Secret {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            labels: Some([(labels::WATCH.to_owned(), labels::WATCH_ENABLED.to_owned())].into()),
            ..ObjectMeta::default()
        },
        type_: Some("kubernetes.io/dockerconfigjson".to_owned()),
        string_data: Some([(".dockerconfigjson".to_owned(), config)].into()),
        ..Secret::default()
    }
}

/// A ServiceAccount without anything.
pub fn service_account(name: &str) -> ServiceAccount {
    ServiceAccount {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        },
        ..ServiceAccount::default()
    }
}
