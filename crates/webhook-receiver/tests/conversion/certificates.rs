//! Certificates: shared, renewed, damaged, lost.

use std::time::{Duration, SystemTime};

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, ObjectMeta, Patch, PatchParams, PostParams};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;
use test_support::cluster::eventually;
use test_support::process::free_port;
use tokio_util::sync::CancellationToken;

use crate::site::{SECRET, Site, automation, object};

const KIND: &str = "ImageUpdateAutomation";
const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn replicas_that_start_at_once_agree_and_renew_what_ends_soon() {
    let site = Site::start().await;
    let (first, second) = (site.port(), free_port());
    let (mut one, mut two) = tokio::join!(site.starting(first, &[]), site.starting(second, &[]));
    tokio::join!(one.ready(), two.ready());
    site.until_converted().await;
    both_show(
        &site,
        [first, second],
        &site.stored("tls.crt").await.unwrap(),
    )
    .await;

    let new = site.image(KIND, "v1");
    let made = object(&automation("a", "v1"));
    new.create(&PostParams::default(), &made).await.unwrap();
    let done = CancellationToken::new();
    let reading = reads_never_fail(&site, &done);
    let renewing = async {
        let (data, old) = ends_in(20 * DAY);
        let patch = json!({ "data": data });
        let params = PatchParams::default();
        site.secrets()
            .patch(SECRET, &params, &Patch::Merge(&patch))
            .await
            .unwrap();
        let renewed = eventually("the end of the renewal", async || {
            let certificate = site.stored("tls.crt").await?;
            let ended = site.stored("next-ca.crt").await.is_none()
                && site.stored("retired-ca.crt").await.is_none();
            (certificate != old && ended).then_some(certificate)
        })
        .await;
        both_show(&site, [first, second], &renewed).await;
        site.until_trusted(&site.stored("ca.crt").await.unwrap())
            .await;
        done.cancel();
    };
    tokio::join!(reading, renewing);
    for replica in [&mut one, &mut two] {
        assert!(replica.terminate().await.success());
    }
}

/// Reads in an older version until all is done.
async fn reads_never_fail(site: &Site, done: &CancellationToken) {
    let old = site.image(KIND, "v1alpha1");
    while !done.is_cancelled() {
        old.get("a").await.unwrap();
        tokio::task::yield_now().await;
    }
}

async fn both_show(site: &Site, ports: [u16; 2], pem: &str) {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    for port in ports {
        eventually("the same certificate", async || {
            (site.shown(port).await.as_deref() == Some(&*der)).then_some(())
        })
        .await;
    }
}

/// What the Secret would hold with a certificate that ends in a while, and that certificate.
fn ends_in(left: Duration) -> (serde_json::Value, String) {
    let now = SystemTime::now();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    params.not_before = (now - 70 * DAY).into();
    params.not_after = (now + left).into();
    let certificate = params.signed_by(&key, &issuer).unwrap().pem();
    let bytes = |text: &str| json!(ByteString(text.as_bytes().to_vec()));
    let data = json!({
        "ca.crt": bytes(&authority),
        "tls.crt": bytes(&certificate),
        "tls.key": bytes(&key.serialize_pem()),
    });
    (data, certificate)
}

#[tokio::test]
async fn a_secret_that_is_damaged_is_made_good() {
    survives(async |site| {
        let damage = json!({ "data": { "tls.key": json!(ByteString(b"nonsense".to_vec())) } });
        let params = PatchParams::default();
        let harm = Patch::Merge(&damage);
        site.secrets().patch(SECRET, &params, &harm).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_secret_that_is_deleted_is_made_again() {
    survives(async |site| {
        let params = DeleteParams::default();
        drop(site.secrets().delete(SECRET, &params).await.unwrap());
    })
    .await;
}

/// Conversions go on while the Secret is harmed, until another certificate is served.
async fn survives(harm: impl AsyncFnOnce(&Site)) {
    let site = Site::start().await;
    let _replica = site.replica().await;
    site.until_converted().await;
    let new = site.image(KIND, "v1");
    let made = object(&automation("a", "v1"));
    new.create(&PostParams::default(), &made).await.unwrap();
    let done = CancellationToken::new();
    let reading = reads_never_fail(&site, &done);
    let harming = async {
        let known = site.stored("tls.crt").await.unwrap();
        harm(&site).await;
        until_other(&site, &known).await;
        site.until_trusted(&site.stored("ca.crt").await.unwrap())
            .await;
        done.cancel();
    };
    tokio::join!(reading, harming);
}

/// Waits until a certificate other than this one is served, and nobody knows the other one any more.
async fn until_other(site: &Site, known: &str) {
    let der = CertificateDer::from_pem_slice(known.as_bytes()).unwrap();
    eventually("another certificate", async || {
        let stored = site.stored("tls.crt").await?;
        let settled = site.stored("retired-ca.crt").await.is_none()
            && site.stored("next-ca.crt").await.is_none();
        let shown = site.shown(site.port()).await?;
        (settled && stored != known && shown != *der).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_start_with_a_damaged_secret_makes_a_new_one() {
    let site = Site::start().await;
    let secret = Secret {
        metadata: ObjectMeta {
            name: Some(SECRET.to_owned()),
            labels: Some([("kept".to_owned(), "yes".to_owned())].into()),
            ..ObjectMeta::default()
        },
        data: Some([("tls.crt".to_owned(), ByteString(b"nonsense".to_vec()))].into()),
        ..Secret::default()
    };
    site.secrets()
        .create(&PostParams::default(), &secret)
        .await
        .unwrap();
    let _replica = site.replica().await;
    site.until_converted().await;
    let stored = site.secrets().get(SECRET).await.unwrap();
    assert_eq!(stored.metadata.labels.unwrap()["kept"], "yes");
}
