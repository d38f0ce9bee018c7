//! What the tests have in common.

use api::image::v1::{ImageRepository, ImageRepositorySpec, LocalObjectReference, Provider};
use image_ref::ImageName;
use registry_access::{Environment, IdentityError, LazyAccess, Resolver, Settings};
use registry_client::{Access, Credentials};
use secrecy::ExposeSecret as _;
use test_support::cloud::Cloud;

use crate::memory::{Memory, NAMESPACE};

/// What stands in everything that must never turn up in a text.
pub(crate) const SECRETS: [&str; 4] = ["s3cret", "-password-", "eyJ", "hunter2"];

pub(crate) fn repository(
    image: &str,
    change: impl FnOnce(&mut ImageRepositorySpec),
) -> ImageRepository {
    let mut spec = ImageRepositorySpec {
        image: image.to_owned(),
        interval: api::Duration::from_secs(60),
        ..ImageRepositorySpec::default()
    };
    change(&mut spec);
    let mut repository = ImageRepository::new("app", spec);
    repository.metadata.namespace = Some(NAMESPACE.to_owned());
    repository
}

pub(crate) fn of_cloud(provider: Provider, image: &str) -> ImageRepository {
    repository(image, |spec| spec.provider = provider)
}

pub(crate) fn with_account(mut repository: ImageRepository, account: &str) -> ImageRepository {
    repository.spec.service_account_name = Some(account.to_owned());
    repository
}

pub(crate) fn reference(name: &str) -> LocalObjectReference {
    LocalObjectReference {
        name: name.to_owned(),
    }
}

/// A resolver in the environment of `cloud` and with `variables`.
pub(crate) fn resolver(cloud: &Cloud, variables: &[(&str, &str)]) -> Resolver {
    let own = variables
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()));
    let environment: Environment = cloud.variables().into_iter().chain(own).collect();
    build(|settings| settings.environment = environment)
}

/// A resolver with the gate open, and nothing in its environment.
pub(crate) fn build(change: impl FnOnce(&mut Settings)) -> Resolver {
    test_support::tls::install_provider();
    let mut settings = Settings {
        object_level_identity: true,
        environment: Environment::default(),
        ..Settings::default()
    };
    change(&mut settings);
    Resolver::new(settings).expect("the settings agree")
}

pub(crate) async fn lazy(
    resolver: &Resolver,
    objects: &Memory,
    repository: &ImageRepository,
) -> LazyAccess {
    let image = ImageName::parse(&repository.spec.image).unwrap();
    let made = resolver.resolve(objects, repository, &image).await;
    made.expect("nothing of the cloud is needed for that")
        .access
}

/// The access of a repository, complete.
pub(crate) async fn access(
    resolver: &Resolver,
    objects: &Memory,
    repository: &ImageRepository,
) -> Result<Access, IdentityError> {
    lazy(resolver, objects, repository).await.get().await
}

/// User and password of the access of a repository, as `user:password`.
pub(crate) async fn pair(
    resolver: &Resolver,
    objects: &Memory,
    repository: &ImageRepository,
) -> String {
    let access = access(resolver, objects, repository).await;
    user_and_password(&access.expect("the cloud gives credentials").credentials)
}

pub(crate) fn user_and_password(credentials: &Credentials) -> String {
    match credentials {
        Credentials::Basic { username, password } => {
            format!("{username}:{}", password.expose_secret())
        }
        other => format!("{other:?}"),
    }
}

/// The error of a repository; it says all of `parts` and holds no secret.
pub(crate) async fn failure(
    resolver: &Resolver,
    objects: &Memory,
    repository: &ImageRepository,
    parts: &[&str],
) -> IdentityError {
    let error = access(resolver, objects, repository).await.unwrap_err();
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "{text:?} lacks {part:?}");
    }
    let both = format!("{text} {error:?}");
    for secret in SECRETS {
        assert!(!both.contains(secret), "{both}");
    }
    error
}
