//! Credentials that are revoked and restored.

use e2e::faults::{Site, Told, Victim};

use super::{one_update, reached};

#[tokio::test]
async fn credentials_that_are_revoked_before_an_update() {
    let site = Site::start().await;
    site.revoke_credentials();
    site.release(0).await;
    site.until_failing(0, "").await;
    site.restore_credentials().await;
    one_update(&site).await;
}

#[tokio::test]
async fn credentials_that_are_revoked_within_a_push_tell_no_secret() {
    let mut site = Site::start().await;
    let hold = site.git.hold(e2e::faults::PACK);
    site.release(0).await;
    let hold = reached(hold).await;
    site.revoke_credentials();
    hold.release();
    site.until_failing(0, "failed to push to remote").await;
    site.restore_credentials().await;
    one_update(&site).await;
    for victim in [Victim::Setter, Victim::Writer] {
        let output = site.process(victim).output();
        assert!(!output.contains("p4ssword"), "{output}");
    }
    for plan in site.plans().await {
        let plan = serde_json::to_string(&plan).unwrap();
        assert!(!plan.contains("p4ssword"), "{plan}");
    }
}

#[tokio::test]
async fn a_secret_that_goes_and_comes_back() {
    let site = Site::start().await;
    site.delete_credentials().await;
    site.release(0).await;
    site.until_failing(0, "").await;
    site.restore_credentials().await;
    let report = site.settle(Told::Once).await.is_right();
    assert_eq!(report.commits, 1);
}
