//! Lists that end well.

use registry_client::{Access, Client};
use test_support::registry::{Auth, Effect, Endpoint, Links, Registry};
use test_support::tls::Authority;
use tokio::time::Instant;

use crate::setup::{access, assert_says, client, image, registry, tags};

#[tokio::test]
async fn pages_are_followed_to_the_end_whatever_their_links_look_like() {
    for links in [Links::Relative, Links::Absolute] {
        let registry = Registry::start().await;
        registry.set_page_size(100);
        registry.set_links(links);
        let image = image(&registry, "app/r7-1050");
        let tags = client().list_tags(&image, &access()).await.unwrap();
        assert_eq!(tags.len(), 1050);
        assert!(tags.contains("1.10.49"));
        assert_eq!(registry.count(Endpoint::Tags), 11);
        assert!(registry.requests()[1].query.contains("n=1000"));
    }
}

#[tokio::test]
async fn the_registry_is_pinged_once_for_all_lists() {
    let registry = Registry::start().await;
    let client = client();
    for repository in ["app/r1-10", "app/r2-10", "app/r3-10"] {
        assert_eq!(
            tags(&client, &image(&registry, repository), &access())
                .await
                .len(),
            10
        );
    }
    assert_eq!(registry.count(Endpoint::Ping), 1);
    assert_eq!(registry.count(Endpoint::Any), 4);
}

#[tokio::test]
async fn tags_are_sorted_and_listed_once() {
    let registry = registry().await;
    let page = r#"{"name":"app","tags":["b","a","b","10","9"]}"#;
    registry.fail(Endpoint::Tags, 1, Effect::Json(page.to_owned()));
    let found = tags(&client(), &image(&registry, "app"), &access()).await;
    assert_eq!(found, ["10", "9", "a", "b"]);
}

#[tokio::test]
async fn an_empty_repository_is_an_empty_list() {
    let registry = registry().await;
    let client = client();
    for page in [
        r#"{"name":"app","tags":null}"#,
        r#"{"name":"app","tags":[]}"#,
    ] {
        registry.fail(Endpoint::Tags, 1, Effect::Json(page.to_owned()));
        assert!(
            tags(&client, &image(&registry, "app"), &access())
                .await
                .is_empty()
        );
    }
}

#[tokio::test]
async fn the_client_says_who_it_is() {
    let registry = registry().await;
    tags(&client(), &image(&registry, "app"), &access()).await;
    for request in registry.requests() {
        assert!(request.header("user-agent").starts_with("repin/"));
    }
}

#[tokio::test]
async fn a_ca_of_the_caller_is_trusted_beside_the_system() {
    let authority = Authority::new();
    let registry = Registry::start_tls(&authority.server(&["127.0.0.1"])).await;
    let image = image(&registry, "app-3");
    let trusting = Access {
        ca_bundle: Some(authority.ca_pem().as_bytes().to_vec()),
        ..access()
    };
    let client = client();
    assert_eq!(tags(&client, &image, &trusting).await.len(), 3);
    // What one caller trusts is not trusted for another.
    let error = client.list_tags(&image, &access()).await.unwrap_err();
    assert_says(&error, &image, &["TLS failure", "certificate"]);
}

#[tokio::test]
async fn callers_who_want_the_same_share_one_request() {
    let registry = registry().await;
    let (client, image) = (client(), image(&registry, "app"));
    let hold = registry.hold(Endpoint::Tags);
    let callers: Vec<_> = (0..20)
        .map(|_| {
            let (client, image) = (client.clone(), image.clone());
            tokio::spawn(async move { client.list_tags(&image, &access()).await })
        })
        .collect();
    registry.until_held(1).await;
    drop(hold);
    for caller in callers {
        assert_eq!(caller.await.unwrap().unwrap().len(), 2);
    }
    assert_eq!(registry.count(Endpoint::Tags), 1);
}

#[tokio::test]
async fn a_list_that_began_too_early_is_not_shared() {
    let registry = registry().await;
    let (client, image) = (client(), image(&registry, "app"));
    let hold = registry.hold(Endpoint::Tags);
    let list = |since: Option<Instant>| {
        let (client, image) = (client.clone(), image.clone());
        tokio::spawn(async move {
            let access = access();
            match since {
                None => client.list_tags(&image, &access).await,
                Some(since) => client.list_tags_since(since, &image, &access).await,
            }
        })
    };
    let early = list(None);
    registry.until_held(1).await;
    let now = Some(Instant::now());
    let late = list(now);
    registry.until_held(2).await;
    let (same, any) = (list(now), list(None));
    tokio::task::yield_now().await;
    drop(hold);
    for caller in [early, late, same, any] {
        assert_eq!(caller.await.unwrap().unwrap().len(), 2);
    }
    assert_eq!(registry.count(Endpoint::Tags), 2);
}

#[tokio::test]
async fn callers_with_other_credentials_do_not_share_a_request() {
    let registry = registry().await;
    registry.set_auth(Auth::basic("robot", "s3cret"));
    let (client, image) = (client(), image(&registry, "app"));
    let hold = registry.hold(Endpoint::Tags);
    let list = |client: Client, password: &'static str| {
        let image = image.clone();
        let access = crate::setup::access_as(crate::setup::basic(password));
        tokio::spawn(async move { client.list_tags(&image, &access).await })
    };
    let (right, wrong) = (list(client.clone(), "s3cret"), list(client, "wrong"));
    registry.until_held(2).await;
    drop(hold);
    assert_eq!(right.await.unwrap().unwrap().len(), 2);
    assert!(wrong.await.unwrap().is_err());
}

#[tokio::test]
async fn a_caller_who_leaves_does_not_take_the_others_along() {
    let registry = registry().await;
    let (client, image) = (client(), image(&registry, "app"));
    let hold = registry.hold(Endpoint::Tags);
    let list = || {
        let (client, image) = (client.clone(), image.clone());
        tokio::spawn(async move { client.list_tags(&image, &access()).await })
    };
    let leader = list();
    registry.until_held(1).await;
    let follower = list();
    tokio::task::yield_now().await;
    leader.abort();
    assert!(leader.await.unwrap_err().is_cancelled());
    drop(hold);
    assert_eq!(follower.await.unwrap().unwrap().len(), 2);
    assert_eq!(registry.count(Endpoint::Tags), 1);
}

#[tokio::test]
async fn a_shared_failure_is_everybodys_failure() {
    let registry = registry().await;
    let (client, image) = (client(), image(&registry, "app"));
    registry.fail(Endpoint::Tags, 1, Effect::status(404));
    let hold = registry.hold(Endpoint::Tags);
    let (one, two) = (access(), access());
    let lists = async {
        tokio::join!(
            client.list_tags(&image, &one),
            client.list_tags(&image, &two)
        )
    };
    let release = async {
        registry.until_held(1).await;
        drop(hold);
    };
    let ((first, second), ()) = tokio::join!(lists, release);
    assert_says(&first.unwrap_err(), &image, &["404 Not Found"]);
    assert_says(&second.unwrap_err(), &image, &["404 Not Found"]);
    assert_eq!(registry.count(Endpoint::Tags), 1);
}

#[tokio::test]
async fn a_timeout_longer_than_any_clock_is_no_trouble() {
    let registry = registry().await;
    let access = Access {
        timeout: std::time::Duration::MAX,
        ..access()
    };
    assert_eq!(
        tags(&client(), &image(&registry, "app"), &access)
            .await
            .len(),
        2
    );
}
