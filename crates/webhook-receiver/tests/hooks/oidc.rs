//! `generic-oidc`: tokens of a provider in the place of a Secret.

use axum::Router;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use k8s_openapi::jiff::Timestamp;
use reqwest::Method;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::setup::Setup;

/// A provider that signs what it is asked to.
struct Provider {
    url: String,
    key: Ed25519KeyPair,
}

impl Provider {
    async fn start() -> Self {
        let key = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let x = URL_SAFE_NO_PAD.encode(key.public_key().as_ref());
        let keys = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "one", "x": x }] });
        let document = json!({
            "issuer": url,
            "jwks_uri": format!("{url}/keys"),
            "id_token_signing_alg_values_supported": ["EdDSA"],
        });
        let router = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(async move || document.to_string()),
            )
            .route("/keys", get(async move || keys.to_string()));
        drop(tokio::spawn(
            async move { axum::serve(listener, router).await },
        ));
        Self { url, key }
    }

    /// A token with these claims, and those that every token needs.
    fn token(&self, claims: &Value) -> String {
        let mut all = json!({
            "iss": self.url,
            "aud": "notification-controller",
            "exp": Timestamp::now().as_second() + 600,
        });
        let members = all.as_object_mut().unwrap();
        members.extend(claims.as_object().unwrap().clone());
        let header = json!({ "alg": "EdDSA", "kid": "one" }).to_string();
        let [header, claims] = [header, all.to_string()].map(|text| URL_SAFE_NO_PAD.encode(text));
        let signed = format!("{header}.{claims}");
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(signed.as_bytes()).as_ref());
        format!("Bearer {signed}.{signature}")
    }
}

#[tokio::test]
async fn only_the_tokens_that_the_receiver_asks_for_are_taken() {
    let (setup, provider) = (Setup::start().await, Provider::start().await);
    setup.apply_repositories(&["app"]).await;
    let spec = json!({
        "oidcProviders": [{
            "issuerURL": provider.url,
            "variables": [{ "name": "org", "expression": "claims.repository.split('/')[0]" }],
            "validations": [{ "expression": "vars.org == 'org'", "message": "not ours" }],
        }],
        "resources": [{ "kind": "ImageRepository", "name": "app", "filter": "claims.ref == 'main'" }],
    });
    let path = setup.receiver("oidc", "generic-oidc", spec).await;
    let send = async |authorization: &str| {
        let headers = [("authorization", authorization)];
        let answer = setup.send(Method::POST, &path, &headers, "{}").await;
        answer.status().as_u16()
    };
    let ours = json!({ "repository": "org/app", "ref": "main" });
    let with = |name: &str, value: Value| {
        let mut claims = ours.clone();
        claims[name] = value;
        provider.token(&claims)
    };
    let expired = Timestamp::now().as_second() - 1;
    let right = provider.token(&ours);
    let (signed, _) = right.rsplit_once('.').unwrap();
    for (authorization, expected) in [
        (right.clone(), (200, vec!["app"])),
        (with("ref", "other".into()), (200, vec![])),
        (with("repository", "other/app".into()), (400, vec![])),
        (with("repository", 7.into()), (400, vec![])),
        (with("aud", "somebody".into()), (400, vec![])),
        (with("exp", expired.into()), (400, vec![])),
        (with("iss", "https://other.example".into()), (400, vec![])),
        (
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode([0; 64])),
            (400, vec![]),
        ),
        (String::new(), (400, vec![])),
    ] {
        let done = setup.asked(&["app"], send(&authorization)).await;
        assert_eq!(done, expected, "{authorization}");
    }
}
