//! Redirects to other hosts: what was meant for one is not sent to the next.

use registry_client::{Access, Class, Credentials, Proxy};
use test_support::proxy::{Protocol, Proxy as Server};
use test_support::registry::{Auth, Effect, Endpoint, Registry};

use crate::setup::{access_as, assert_says, basic, client, image, registry};

/// A registry whose token server sends its clients elsewhere, that place, and the proxy that knows it.
async fn led_astray(code: u16) -> (Registry, Registry, Server) {
    let (registry, elsewhere) = (registry().await, Registry::start().await);
    registry.set_auth(Auth::token("robot", "s3cret"));
    let location = [("location", "http://elsewhere.test/token")];
    let effect = Effect::status_with(code, &location);
    registry.fail_always(Endpoint::Token, effect);
    let proxy = Server::start(Protocol::Http).await;
    proxy.map("elsewhere.test:80", elsewhere.addr);
    (registry, elsewhere, proxy)
}

fn through(proxy: &Server, credentials: Credentials) -> Access {
    Access {
        proxy: Some(Proxy::new(&proxy.url()).expect("the test names a valid proxy")),
        ..access_as(credentials)
    }
}

#[tokio::test]
async fn a_refresh_token_is_not_sent_to_another_host() {
    for code in [307, 308] {
        let (registry, elsewhere, proxy) = led_astray(code).await;
        let image = image(&registry, "app");
        let access = through(&proxy, Credentials::IdentityToken("refresh-t0ken".into()));
        let error = client().list_tags(&image, &access).await.unwrap_err();
        assert_says(&error, &image, &["takes credentials to another host"]);
        assert_eq!(error.class(), Class::Terminal);
        assert_eq!(elsewhere.count(Endpoint::Any), 0);
    }
}

#[tokio::test]
async fn a_password_is_not_sent_to_another_host() {
    for code in [302, 307, 308] {
        let (registry, elsewhere, proxy) = led_astray(code).await;
        let image = image(&registry, "app");
        let access = through(&proxy, basic("s3cret"));
        let error = client().list_tags(&image, &access).await.unwrap_err();
        assert_says(&error, &image, &["/token"]);
        let requests = elsewhere.requests();
        assert!(!requests.is_empty());
        assert!(
            requests
                .iter()
                .all(|request| request.header("authorization").is_empty())
        );
    }
}

#[tokio::test]
async fn a_refresh_token_follows_its_own_host() {
    let registry = registry().await;
    registry.set_auth(Auth::token("robot", "s3cret"));
    let location = [("location", "/token?moved")];
    registry.fail(Endpoint::Token, 1, Effect::status_with(307, &location));
    let access = access_as(Credentials::IdentityToken("refresh-t0ken".into()));
    let error = client().list_tags(&image(&registry, "app"), &access).await;
    let token = |request: &&test_support::registry::Request| request.endpoint == Endpoint::Token;
    let requests = registry.requests();
    let posted: Vec<_> = requests
        .iter()
        .filter(token)
        .map(|request| request.method.as_str())
        .collect();
    assert_eq!(posted, ["POST", "POST"], "{error:?}");
}

#[tokio::test]
async fn what_another_host_says_is_not_told() {
    let inside = r#"{"message": "of-the-inside", "of-the-inside": 1}"#;
    let refused = Effect::Status {
        code: 403,
        headers: Vec::new(),
        body: inside.to_owned(),
    };
    for (effect, part) in [
        (Effect::Json(inside.to_owned()), "from another host"),
        (refused, "403 Forbidden"),
    ] {
        let (registry, elsewhere) = (registry().await, Registry::start().await);
        let location = Effect::Redirect("http://elsewhere.test/v2/app/tags/list".to_owned());
        registry.fail_always(Endpoint::Tags, location);
        elsewhere.fail_always(Endpoint::Any, effect);
        let proxy = Server::start(Protocol::Http).await;
        proxy.map("elsewhere.test:80", elsewhere.addr);
        let image = image(&registry, "app");
        let access = through(&proxy, Credentials::Anonymous);
        let error = client().list_tags(&image, &access).await.unwrap_err();
        assert_says(&error, &image, &[part]);
        let both = format!("{error} {error:?}");
        assert!(!both.contains("of-the-inside"), "{both}");
    }
}
