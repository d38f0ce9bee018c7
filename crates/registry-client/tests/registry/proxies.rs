//! Forward proxies of the caller.

use std::time::Duration;

use image_ref::ImageName;
use registry_client::{Access, Class, Proxy};
use test_support::proxy::{Protocol, Proxy as Server};
use test_support::registry::{Endpoint, Registry};
use test_support::tls::Authority;

use crate::setup::{SECRETS, access, assert_says, build, client, image, registry, tags};

fn through(server: &Server, access: Access) -> Access {
    Access {
        proxy: Some(Proxy::new(&server.url()).expect("the test names a valid proxy")),
        ..access
    }
}

fn through_as(server: &Server, password: &str) -> Access {
    let access = through(server, access());
    let proxy = access
        .proxy
        .map(|proxy| proxy.with_user("robot", password.into()));
    Access { proxy, ..access }
}

/// A registry with TLS under a name that only proxies know, and how to trust it.
async fn hidden() -> (Registry, ImageName, Access, Authority) {
    let authority = Authority::new();
    let identity = authority.server(&["registry.hidden", "127.0.0.1"]);
    let registry = Registry::start_tls(&identity).await;
    registry.set_tags("app", ["1.0.0", "2.0.0"]);
    let image = ImageName::parse("registry.hidden/app").expect("a valid name");
    let access = Access {
        ca_bundle: Some(authority.ca_pem().as_bytes().to_vec()),
        ..access()
    };
    (registry, image, access, authority)
}

#[tokio::test]
async fn a_plain_registry_is_reached_through_a_proxy_even_on_this_machine() {
    let registry = registry().await;
    let image = image(&registry, "app");
    for protocol in [Protocol::Http, Protocol::Socks5] {
        let server = Server::start(protocol).await;
        let access = through(&server, access());
        assert_eq!(tags(&client(), &image, &access).await, ["1.0.0", "2.0.0"]);
        assert!(server.targets().contains(&registry.host()));
    }
}

#[tokio::test]
async fn the_proxy_knows_the_names() {
    let (registry, image, access, authority) = hidden().await;
    let identity = Box::new(authority.server(&["127.0.0.1"]));
    for protocol in [Protocol::Http, Protocol::Https(identity), Protocol::Socks5] {
        let server = Server::start(protocol).await;
        server.map("registry.hidden:443", registry.addr);
        let access = through(&server, access.clone());
        assert_eq!(tags(&client(), &image, &access).await, ["1.0.0", "2.0.0"]);
        assert_eq!(server.targets()[0], "registry.hidden:443");
    }
}

#[tokio::test]
async fn a_proxy_may_ask_for_a_password() {
    let registry = registry().await;
    let image = image(&registry, "app");
    for (protocol, text) in [
        (
            Protocol::Http,
            "407 Proxy Authentication Required; the proxy refuses",
        ),
        (Protocol::Socks5, "http"),
    ] {
        let server = Server::start(protocol).await;
        server.require("robot", "s3cret");
        let client = client();
        let right = through_as(&server, "s3cret");
        assert_eq!(tags(&client, &image, &right).await.len(), 2);
        let requests = registry.count(Endpoint::Any);
        // Nothing is shared with somebody who does not have the password.
        for wrong in [
            through_as(&server, "wrong-s3cret"),
            through(&server, access()),
        ] {
            let error = client.list_tags(&image, &wrong).await.unwrap_err();
            assert_says(&error, &image, &[text]);
            assert_ne!(right.list_key(&image), wrong.list_key(&image));
        }
        assert_eq!(registry.count(Endpoint::Any), requests);
    }
}

#[tokio::test]
async fn a_tunnel_may_ask_for_a_password() {
    let (registry, image, access, authority) = hidden().await;
    let identity = Box::new(authority.server(&["127.0.0.1"]));
    for protocol in [Protocol::Http, Protocol::Https(identity), Protocol::Socks5] {
        let server = Server::start(protocol).await;
        server.map("registry.hidden:443", registry.addr);
        server.require("robot", "s3cret");
        let trusting = |of_proxy: Access| Access {
            ca_bundle: access.ca_bundle.clone(),
            ..of_proxy
        };
        let right = trusting(through_as(&server, "s3cret"));
        assert_eq!(tags(&client(), &image, &right).await.len(), 2);
        let wrong = trusting(through_as(&server, "wrong-s3cret"));
        let error = client().list_tags(&image, &wrong).await.unwrap_err();
        assert_says(&error, &image, &["GET https://registry.hidden/v2/"]);
    }
}

#[tokio::test]
async fn timeouts_hold_through_a_silent_proxy() {
    let (_registry, image, access, authority) = hidden().await;
    let identity = Box::new(authority.server(&["127.0.0.1"]));
    for protocol in [Protocol::Http, Protocol::Https(identity), Protocol::Socks5] {
        let server = Server::start(protocol).await;
        server.fall_silent();
        let access = Access {
            timeout: Duration::from_millis(200),
            ..through(&server, access.clone())
        };
        let error = client().list_tags(&image, &access).await.unwrap_err();
        assert_says(&error, &image, &["no result within 200ms"]);
        assert_eq!(error.class(), Class::Transient);
    }
}

#[tokio::test]
async fn a_connection_that_does_not_come_up_is_given_up() {
    let (_registry, image, access, _authority) = hidden().await;
    let server = Server::start(Protocol::Http).await;
    server.fall_silent();
    let client = build(registry_client::Options {
        connect_timeout: Duration::from_millis(200),
        retry_delays: Vec::new(),
        ..registry_client::Options::default()
    });
    let access = through(&server, access);
    let error = client.list_tags(&image, &access).await.unwrap_err();
    assert_says(&error, &image, &["no answer in time"]);
}

#[tokio::test]
async fn a_proxy_that_is_gone_is_an_error_without_its_password() {
    let image = ImageName::parse("registry.hidden/app").expect("a valid name");
    let port = test_support::process::free_port();
    for scheme in ["http", "https", "socks5"] {
        let address = format!("{scheme}://robot:s3cret@127.0.0.1:{port}");
        let access = Access {
            proxy: Some(Proxy::new(&address).unwrap()),
            ..access()
        };
        let error = client().list_tags(&image, &access).await.unwrap_err();
        assert_says(&error, &image, &["GET https://registry.hidden/v2/"]);
        let text = format!("{access:?}");
        assert!(
            SECRETS.iter().all(|secret| !text.contains(secret)),
            "{text}"
        );
    }
}
