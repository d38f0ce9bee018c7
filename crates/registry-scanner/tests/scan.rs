//! A scan against a registry.

use api::image::v1::ImageRepositorySpec;
use registry_client::{Access, Client, Options};
use registry_scanner::{Scan, ScanError, scan};
use test_support::registry::{Effect, Endpoint, Registry};

async fn registry(tags: &[&str]) -> Registry {
    test_support::tls::install_provider();
    let registry = Registry::start().await;
    registry.set_tags("team/app", tags.iter().copied());
    registry
}

async fn run(registry: &Registry, exclusion_list: &[&str]) -> Result<Scan, ScanError> {
    let spec = ImageRepositorySpec {
        image: registry.image("team/app"),
        exclusion_list: exclusion_list
            .iter()
            .map(|&pattern| pattern.to_owned())
            .collect(),
        ..ImageRepositorySpec::default()
    };
    let options = Options {
        retry_delays: Vec::new(),
        ..Options::default()
    };
    let client = Client::new(options).expect("a provider is installed");
    scan(&client, &spec, &Access::default()).await
}

#[tokio::test]
async fn a_scan_counts_what_it_keeps_and_what_it_excludes() {
    let registry = registry(&["v0.0.1", "v0.0.2", "sha256-1.sig", "latest"]).await;
    let scan = run(&registry, &[]).await.unwrap();
    assert_eq!(
        scan.tags.iter().collect::<Vec<_>>(),
        ["latest", "v0.0.1", "v0.0.2"]
    );
    assert_eq!(scan.excluded, 1);
    assert_eq!(scan.latest_tags(), ["v0.0.2", "v0.0.1", "latest"]);
    // printf 'v0.0.2\nv0.0.1\nlatest\n' | sha256sum
    let revision = "sha256:6c47cd0061dcca36c1e3f6412637a393dffa2664955aed4b10671aff73555070";
    assert_eq!(
        scan.message(),
        format!("successful scan: found 3 tags with checksum {revision}")
    );
}

#[tokio::test]
async fn equal_lists_have_equal_revisions_and_others_have_not() {
    let registry = registry(&["1", "2"]).await;
    let first = run(&registry, &[]).await.unwrap();
    assert_eq!(run(&registry, &[]).await.unwrap().revision, first.revision);
    assert_ne!(
        run(&registry, &["1"]).await.unwrap().revision,
        first.revision
    );
    registry.push_tag("team/app", "3");
    assert_ne!(run(&registry, &[]).await.unwrap().revision, first.revision);
}

#[tokio::test]
async fn a_repository_without_tags_is_a_success() {
    let registry = registry(&[]).await;
    assert_eq!(run(&registry, &[]).await.unwrap().tags.len(), 0);
}

#[tokio::test]
async fn a_page_that_fails_fails_the_scan() {
    let registry = registry(&["1", "2", "3"]).await;
    registry.set_page_size(1);
    assert_eq!(run(&registry, &[]).await.unwrap().tags.len(), 3);
    registry.fail_always(Endpoint::Tags, Effect::BreakOff);
    assert!(matches!(
        run(&registry, &[]).await,
        Err(ScanError::ListTags(_))
    ));
}

#[tokio::test]
async fn a_wrong_image_or_pattern_asks_nobody() {
    let registry = registry(&["1"]).await;
    assert!(matches!(
        run(&registry, &["("]).await,
        Err(ScanError::CompileExclusion { .. })
    ));
    let spec = ImageRepositorySpec {
        image: format!("http://{}", registry.image("team/app")),
        ..ImageRepositorySpec::default()
    };
    let error = scan(
        &Client::new(Options::default()).unwrap(),
        &spec,
        &Access::default(),
    )
    .await
    .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("should not include URL scheme; remove 'http://'"),
        "{error}"
    );
    assert_eq!(registry.count(Endpoint::Any), 0);
}
