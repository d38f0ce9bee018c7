//! A registry that is dead when everything starts.

use test_support::registry::{Effect, Endpoint};

use super::site::Site;

#[tokio::test]
async fn a_registry_that_comes_later_is_scanned_then() {
    let site = Site::start().await;
    site.registry.fail_always(Endpoint::Any, Effect::BreakOff);
    site.create_repository().await;
    site.create_policy().await;
    site.until_failed().await;
    site.registry.heal();
    site.until_scanned(&[]).await;
    site.until_chosen("1.14.99").await;
    let written = site.settle().await;
    assert_eq!(written.slices, site.slice_count().await);
}
