use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::routing::get;
use futures_util::future::join_all;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::held::Fresh;
use super::*;

/// A public key; whose does not matter.
const KEY: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

fn set(ids: &[&str]) -> Value {
    let key = |id: &&str| json!({ "kty": "OKP", "crv": "Ed25519", "kid": id, "x": KEY });
    json!({ "keys": ids.iter().map(key).collect::<Vec<_>>() })
}

/// A provider whose answers a test decides.
#[derive(Default)]
struct Provider {
    documents: Mutex<HashMap<&'static str, (StatusCode, &'static str, String)>>,
    asked: Mutex<Vec<String>>,
}

impl Provider {
    async fn start() -> (Arc<Self>, String) {
        drop(rustls::crypto::ring::default_provider().install_default());
        let provider = Arc::new(Self::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answering = Arc::clone(&provider);
        let router = Router::new().fallback(get(async move |uri: axum::http::Uri| {
            answering.asked.lock().push(uri.path().to_owned());
            let documents = answering.documents.lock();
            match documents.get(uri.path()) {
                Some((status, control, body)) => {
                    (*status, [("cache-control", *control)], body.clone()).into_response()
                }
                None => StatusCode::NOT_FOUND.into_response(),
            }
        }));
        drop(tokio::spawn(
            async move { axum::serve(listener, router).await },
        ));
        (provider, url)
    }

    fn says(&self, path: &'static str, document: &Value) {
        let answer = (StatusCode::OK, "public, max-age=600", document.to_string());
        self.documents.lock().insert(path, answer);
    }

    fn is_at(&self, issuer: &str, keys: &str) {
        let document = json!({
            "issuer": issuer, "jwks_uri": keys, "id_token_signing_alg_values_supported": ["ES256"],
        });
        self.says("/.well-known/openid-configuration", &document);
    }

    fn asked(&self) -> usize {
        self.asked.lock().len()
    }
}

#[tokio::test]
async fn keys_are_found_by_way_of_the_discovery_document_and_kept() {
    let (provider, url) = Provider::start().await;
    provider.is_at(&url, &format!("{url}/keys"));
    provider.says("/keys", &set(&["a"]));
    let ring = KeyRing::default();
    // However many ask at once.
    let asked = join_all((0..20).map(|_| ring.issuer(&url, Some("a")))).await;
    for keys in asked {
        let keys = keys.unwrap();
        assert!(keys.set.has(Some("a")));
        assert_eq!(keys.algorithms, ["ES256"]);
    }
    assert_eq!(provider.asked(), 2);
    // A token that is signed with another key: the keys are new enough that it is not theirs.
    assert!(
        !ring
            .issuer(&url, Some("b"))
            .await
            .unwrap()
            .set
            .has(Some("b"))
    );
    assert_eq!(provider.asked(), 2);
    assert_eq!(ring.clone().issuers.lock().len(), 1);
}

#[tokio::test]
async fn what_a_provider_does_wrong_is_named() {
    let (provider, url) = Provider::start().await;
    let says = async |issuer: &str| {
        // Nothing is kept from one to the next.
        let error = KeyRing::default().issuer(issuer, None).await.unwrap_err();
        error.to_string()
    };
    let discovery = format!("get {url}/.well-known/openid-configuration: ");
    assert_eq!(
        says(&url).await,
        format!("{discovery}the server answered 404 Not Found")
    );
    provider.says("/.well-known/openid-configuration", &json!("text"));
    assert!(says(&url).await.starts_with(&discovery));
    provider.is_at("https://else.where", "");
    assert_eq!(
        says(&url).await,
        format!(
            "issuer did not match the issuer returned by provider, expected \"{url}\" got \"https://else.where\""
        )
    );
    provider.is_at(&url, "file:///etc/passwd");
    assert_eq!(
        says(&url).await,
        "file:///etc/passwd: expected an http:// or https:// URL"
    );
    provider.is_at(&url, &format!("{url}/keys"));
    provider.says("/keys", &json!("x".repeat(1 << 20)));
    assert_eq!(
        says(&url).await,
        format!("get {url}/keys: the document has more than 1048576 bytes")
    );
    let gone = says("http://127.0.0.1:1").await;
    let start = "get http://127.0.0.1:1/.well-known/openid-configuration: ";
    assert!(gone.starts_with(start), "{gone}");
}

#[tokio::test]
async fn a_slash_at_the_end_of_an_issuer_is_part_of_its_name_only() {
    let (provider, url) = Provider::start().await;
    let issuer = format!("{url}/");
    provider.is_at(&issuer, &format!("{url}/keys"));
    provider.says("/keys", &set(&["a"]));
    assert!(KeyRing::default().issuer(&issuer, None).await.is_ok());
    assert!(KeyRing::default().issuer(&url, None).await.is_err());
}

/// How often keys with this lifetime are fetched when they are asked for `wanted` at these times, in seconds.
async fn fetches(
    result: Result<Option<u64>, FetchError>,
    wanted: Option<&str>,
    times: &[u64],
) -> usize {
    let (held, count) = (Held::default(), AtomicUsize::new(0));
    let mut now = 0;
    for time in times {
        tokio::time::advance(Duration::from_secs(time - now)).await;
        now = *time;
        let fetched = held.get(wanted, async || {
            count.fetch_add(1, Ordering::Relaxed);
            let lifetime = result.clone()?.map(Duration::from_secs);
            let set = serde_json::from_value(set(&["a"])).unwrap();
            let algorithms = Vec::new();
            let keys = Arc::new(IssuerKeys { set, algorithms });
            Ok(Fresh { keys, lifetime })
        });
        drop(fetched.await);
    }
    count.into_inner()
}

#[tokio::test(start_paused = true)]
async fn keys_count_for_as_long_as_their_server_says_within_bounds() {
    for (lifetime, times, expected) in [
        (Some(600), &[0, 599][..], 1),
        (Some(600), &[0, 600], 2),
        (Some(0), &[0, 59], 1),
        (Some(0), &[0, 60], 2),
        (None, &[0, 59], 1),
        (None, &[0, 60], 2),
        (Some(86_400), &[0, 3599], 1),
        (Some(86_400), &[0, 3600], 2),
    ] {
        let count = fetches(Ok(lifetime), Some("a"), times).await;
        assert_eq!(count, expected, "{lifetime:?} {times:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn keys_are_fetched_again_for_a_key_that_they_lack_but_not_for_every_hook() {
    assert_eq!(fetches(Ok(Some(600)), Some("b"), &[0, 1, 4]).await, 1);
    assert_eq!(fetches(Ok(Some(600)), Some("b"), &[0, 5, 9]).await, 2);
    assert_eq!(fetches(Ok(Some(600)), None, &[0, 5, 9]).await, 1);
    let url = "https://issuer".to_owned();
    let error = FetchError::Size { url };
    assert_eq!(fetches(Err(error.clone()), None, &[0, 4]).await, 1);
    assert_eq!(fetches(Err(error), None, &[0, 5]).await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_at_hand_is_not_waited_for() {
    let held = Held::default();
    let fetched = async || {
        let set = serde_json::from_value(set(&["a"])).unwrap();
        let algorithms = Vec::new();
        let keys = Arc::new(IssuerKeys { set, algorithms });
        let lifetime = Some(Duration::from_secs(600));
        Ok(Fresh { keys, lifetime })
    };
    held.get(Some("a"), fetched).await.unwrap();
    tokio::time::advance(Duration::from_secs(10)).await;
    let mut other = Box::pin(held.get(Some("b"), std::future::pending));
    assert!(futures_util::poll!(&mut other).is_pending());
    let mut known = Box::pin(held.get(Some("a"), std::future::pending));
    assert!(futures_util::poll!(&mut known).is_ready());
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_fails_takes_nothing_from_the_keys_at_hand() {
    let held = Held::default();
    let fetched = held.get(Some("a"), async || {
        let set = serde_json::from_value(set(&["a"])).unwrap();
        let algorithms = Vec::new();
        let keys = Arc::new(IssuerKeys { set, algorithms });
        let lifetime = Some(Duration::from_secs(600));
        Ok(Fresh { keys, lifetime })
    });
    assert!(fetched.await.unwrap().set.has(Some("a")));
    tokio::time::advance(Duration::from_secs(10)).await;
    let fails = async || {
        let url = "https://issuer".to_owned();
        Err(FetchError::Size { url })
    };
    assert!(held.get(Some("b"), fails).await.is_err());
    assert!(held.get(Some("a"), fails).await.is_ok());
    tokio::time::advance(Duration::from_secs(600)).await;
    assert!(held.get(Some("a"), fails).await.is_err());
}
