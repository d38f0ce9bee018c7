//! Specs that no retry helps.

use api::conditions::{RECONCILING, STALLED};
use serde_json::json;

use crate::setup::{Setup, condition, message};

#[tokio::test]
async fn an_image_that_is_none_stalls() {
    let setup = Setup::start().await;
    for (image, text) in [
        (
            "https://ghcr.io/a/b",
            "image 'https://ghcr.io/a/b' should not include URL scheme; remove 'https://'",
        ),
        (
            "ghcr.io/a/b:v1",
            "image 'ghcr.io/a/b:v1' should not include a tag; remove ':v1'",
        ),
    ] {
        setup
            .apply_named("app", image, &json!({ "interval": "1h" }))
            .await;
        let what = format!("{image} stalls");
        let repository = setup.until(&what, |repository| {
            condition(repository, STALLED).is_some_and(|stalled| stalled.message == text)
        });
        let repository = repository.await;
        let stalled = condition(&repository, STALLED).unwrap();
        assert_eq!(stalled.reason, "ImageURLInvalid");
        assert!(condition(&repository, RECONCILING).is_none());
        let status = repository.status.as_ref().unwrap();
        assert_eq!(status.observed_generation, repository.metadata.generation);
    }
}

#[tokio::test]
async fn an_identity_of_its_own_needs_the_gate() {
    let setup = Setup::start().await;
    let spec = json!({ "interval": "1h", "provider": "aws", "serviceAccountName": "me" });
    setup.apply(&spec).await;
    let repository = setup.not_ready("FeatureGateDisabled").await;
    let expected = "to use spec.serviceAccountName for provider authentication please enable the \
                    ObjectLevelWorkloadIdentity feature gate in the controller";
    assert_eq!(message(&repository), expected);
    assert!(condition(&repository, STALLED).is_some());
}
