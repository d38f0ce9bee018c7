//! Challenges, tokens and what they are kept for.

use std::time::Duration;

use registry_client::{Class, Credentials, Keyring};
use test_support::registry::{Auth, Effect, Endpoint, Registry, TokenAuth};

use crate::setup::{access, access_as, assert_says, basic, client, image, registry, tags};

/// Token authentication with settings of its own.
fn token_auth(change: impl FnOnce(&mut TokenAuth)) -> Auth {
    let Auth::Token(mut auth) = Auth::token("robot", "s3cret") else {
        unreachable!("Auth::token makes a token authentication");
    };
    change(&mut auth);
    Auth::Token(auth)
}

#[tokio::test]
async fn basic_credentials_open_a_private_repository() {
    let registry = registry().await;
    registry.set_auth(Auth::basic("robot", "s3cret"));
    let mut keyring = Keyring::new();
    let entry = r#"{"username": "robot", "password": "s3cret"}"#;
    let config = format!(r#"{{"auths": {{"{}": {entry}}}}}"#, registry.host());
    keyring.add_docker_config_json(config.as_bytes()).unwrap();
    let image = image(&registry, "app");
    let access = access_as(keyring.find(&image));
    assert_eq!(tags(&client(), &image, &access).await, ["1.0.0", "2.0.0"]);
}

#[tokio::test]
async fn basic_credentials_are_sent_where_the_ping_needs_none() {
    let registry = registry().await;
    tags(
        &client(),
        &image(&registry, "app"),
        &access_as(basic("s3cret")),
    )
    .await;
    let requests = registry.requests();
    assert_eq!(requests[0].header("authorization"), "");
    assert!(requests[1].header("authorization").starts_with("Basic "));
}

#[tokio::test]
async fn wrong_credentials_are_an_authentication_error() {
    let registry = registry().await;
    let image = image(&registry, "app");
    for auth in [
        Auth::basic("robot", "s3cret"),
        Auth::token("robot", "s3cret"),
    ] {
        registry.set_auth(auth);
        let access = access_as(basic("wrong-s3cret"));
        let error = client().list_tags(&image, &access).await.unwrap_err();
        assert_says(
            &error,
            &image,
            &[
                "401 Unauthorized",
                "UNAUTHORIZED",
                "refuses the credentials",
            ],
        );
        assert_eq!(error.class(), Class::Authentication);
        // Neither password nor token is tried twice.
        let sent = registry
            .requests()
            .into_iter()
            .filter(|request| !request.header("authorization").is_empty());
        assert_eq!(sent.count(), 1);
        registry.forget_requests();
    }
}

#[tokio::test]
async fn no_credentials_for_a_private_repository_is_an_authentication_error() {
    let registry = registry().await;
    let image = image(&registry, "app");
    for auth in [
        Auth::basic("robot", "s3cret"),
        Auth::token("robot", "s3cret"),
    ] {
        registry.set_auth(auth);
        let error = client().list_tags(&image, &access()).await.unwrap_err();
        assert_says(&error, &image, &["401 Unauthorized", "give credentials"]);
        assert_eq!(error.class(), Class::Authentication);
    }
}

#[tokio::test]
async fn anonymous_callers_get_a_token_where_the_server_gives_them_one() {
    let registry = registry().await;
    registry.set_auth(Auth::anonymous_token());
    let image = image(&registry, "app");
    assert_eq!(tags(&client(), &image, &access()).await.len(), 2);
    let requests = registry.requests();
    let token = requests
        .iter()
        .find(|request| request.endpoint == Endpoint::Token)
        .unwrap();
    assert_eq!(token.header("authorization"), "");
    assert_eq!(
        token.query,
        "service=test-registry&scope=repository%3Aapp%3Apull"
    );
}

#[tokio::test]
async fn a_token_is_kept_for_its_repository_and_its_caller() {
    let registry = registry().await;
    registry.set_tags("other", ["1.0.0"]);
    registry.set_auth(token_auth(|auth| auth.anonymous = true));
    let client = client();
    let (app, other) = (image(&registry, "app"), image(&registry, "other"));
    for _ in 0..3 {
        tags(&client, &app, &access()).await;
    }
    assert_eq!(registry.count(Endpoint::Token), 1);
    tags(&client, &app, &access_as(basic("s3cret"))).await;
    assert_eq!(registry.count(Endpoint::Token), 2);
    tags(&client, &other, &access()).await;
    assert_eq!(registry.count(Endpoint::Token), 3);
    client
        .resolve_digest(&other, "1.0.0", &access())
        .await
        .unwrap();
    assert_eq!(registry.count(Endpoint::Token), 3);
}

#[tokio::test]
async fn a_token_that_has_ended_is_fetched_anew() {
    let registry = registry().await;
    registry.set_auth(token_auth(|auth| auth.lifetime = Duration::ZERO));
    let (client, image) = (client(), image(&registry, "app"));
    // Ended before it is used: once more, then the refusal stands.
    let error = client
        .list_tags(&image, &access_as(basic("s3cret")))
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Authentication);
    assert_eq!(registry.count(Endpoint::Token), 2);
    registry.set_auth(Auth::token("robot", "s3cret"));
    assert_eq!(
        tags(&client, &image, &access_as(basic("s3cret")))
            .await
            .len(),
        2
    );
}

#[tokio::test]
async fn a_token_that_was_revoked_is_replaced_in_the_same_call() {
    let registry = registry().await;
    registry.set_auth(Auth::token("robot", "s3cret"));
    let (client, image, access) = (
        client(),
        image(&registry, "app"),
        access_as(basic("s3cret")),
    );
    tags(&client, &image, &access).await;
    registry.revoke_tokens();
    assert_eq!(tags(&client, &image, &access).await.len(), 2);
    assert_eq!(registry.count(Endpoint::Token), 2);
}

#[tokio::test]
async fn a_registry_that_begins_to_ask_for_credentials_gets_them() {
    let registry = registry().await;
    let (client, image, access) = (
        client(),
        image(&registry, "app"),
        access_as(basic("s3cret")),
    );
    tags(&client, &image, &access).await;
    registry.set_auth(Auth::token("robot", "s3cret"));
    assert_eq!(tags(&client, &image, &access).await.len(), 2);
    registry.set_auth(Auth::basic("robot", "s3cret"));
    assert_eq!(tags(&client, &image, &access).await.len(), 2);
    // The refusals said what is wanted, so nobody had to ask.
    assert_eq!(registry.count(Endpoint::Ping), 1);
}

#[tokio::test]
async fn an_identity_token_is_exchanged_by_post() {
    let registry = registry().await;
    registry.set_auth(token_auth(|auth| {
        auth.identity_token = Some("refresh-t0ken".to_owned());
    }));
    let (client, image) = (client(), image(&registry, "app"));
    let access = access_as(Credentials::IdentityToken("refresh-t0ken".into()));
    assert_eq!(tags(&client, &image, &access).await.len(), 2);
    let wrong = access_as(Credentials::IdentityToken("wrong-refresh-t0ken".into()));
    let error = client.list_tags(&image, &wrong).await.unwrap_err();
    assert_says(
        &error,
        &image,
        &[
            "POST",
            "/token: 401 Unauthorized",
            "refuses the credentials",
        ],
    );
}

#[tokio::test]
async fn a_registry_token_is_sent_as_it_is() {
    let registry = registry().await;
    let access = access_as(Credentials::RegistryToken("bearer-secret-x".into()));
    tags(&client(), &image(&registry, "app"), &access).await;
    assert_eq!(
        registry.requests()[1].header("authorization"),
        "Bearer bearer-secret-x"
    );
    assert_eq!(registry.count(Endpoint::Token), 0);
}

#[tokio::test]
async fn a_registry_token_with_a_line_break_is_not_sent_as_nobody() {
    let registry = registry().await;
    let image = image(&registry, "app");
    let access = access_as(Credentials::RegistryToken("bearer-secret\n".into()));
    let error = client().list_tags(&image, &access).await.unwrap_err();
    assert_says(&error, &image, &["line break", "give it again"]);
    assert_eq!(error.class(), Class::Authentication);
    assert_eq!(registry.count(Endpoint::Tags), 0);
}

#[tokio::test]
async fn realms_that_must_not_get_credentials_get_none() {
    let elsewhere = Registry::start().await;
    let registry = registry().await;
    let image = image(&registry, "app");
    let inside = format!("{}/token?key=s3cret", elsewhere.base_url());
    for (realm, rule) in [
        (inside.as_str(), "must not be a private"),
        ("ftp://auth.example/token", "must be an https URL"),
        (
            "http://robot:s3cret@auth.example/token",
            "must not hold user info",
        ),
        ("/token", "is not a URL"),
    ] {
        registry.set_auth(token_auth(|auth| auth.realm = Some(realm.to_owned())));
        let error = client()
            .list_tags(&image, &access_as(basic("s3cret")))
            .await
            .unwrap_err();
        assert_says(&error, &image, &["token server", rule]);
        assert_eq!(error.class(), Class::Terminal);
    }
    assert_eq!(elsewhere.count(Endpoint::Any), 0);
}

#[tokio::test]
async fn redirects_into_the_private_network_are_refused() {
    let elsewhere = registry().await;
    let registry = registry().await;
    let image = image(&registry, "app");
    let target = format!("{}/v2/app/tags/list?token=s3cret", elsewhere.base_url());
    registry.fail_always(Endpoint::Tags, Effect::Redirect(target));
    let error = client()
        .list_tags(&image, &access_as(basic("s3cret")))
        .await
        .unwrap_err();
    assert_says(
        &error,
        &image,
        &[
            "SSRF protection",
            "private/link-local host \"127.0.0.1\" denied",
        ],
    );
    assert_eq!(elsewhere.count(Endpoint::Any), 0);
}

#[tokio::test]
async fn redirects_on_the_registry_itself_are_followed_with_credentials() {
    let registry = registry().await;
    registry.set_auth(Auth::basic("robot", "s3cret"));
    registry.fail(
        Endpoint::Tags,
        1,
        Effect::Redirect("/v2/app/tags/list?moved".to_owned()),
    );
    let found = tags(
        &client(),
        &image(&registry, "app"),
        &access_as(basic("s3cret")),
    )
    .await;
    assert_eq!(found.len(), 2);
}

#[tokio::test]
async fn a_challenge_of_an_unknown_kind_is_named() {
    let registry = registry().await;
    let image = image(&registry, "app");
    let headers = [("www-authenticate", "Negotiate, Digest realm=\"x\"")];
    registry.fail_always(Endpoint::Ping, Effect::status_with(401, &headers));
    let error = client().list_tags(&image, &access()).await.unwrap_err();
    assert_says(
        &error,
        &image,
        &["Negotiate, Digest", "expected Basic or Bearer"],
    );
    assert_eq!(error.class(), Class::Authentication);
}

#[tokio::test]
async fn a_token_answer_without_a_token_is_an_error_without_its_text() {
    let registry = registry().await;
    registry.set_auth(Auth::token("robot", "s3cret"));
    let image = image(&registry, "app");
    let odd = Effect::Json(r#"{"jwt": "bearer-secret"}"#.to_owned());
    registry.fail_always(Endpoint::Token, odd);
    let error = client()
        .list_tags(&image, &access_as(basic("s3cret")))
        .await
        .unwrap_err();
    assert_says(
        &error,
        &image,
        &["expected a token as JSON", "24 bytes of application/json"],
    );
}

#[tokio::test]
async fn a_secret_that_comes_back_in_an_answer_is_blotted_out() {
    let registry = registry().await;
    let image = image(&registry, "app");
    let body =
        r#"{"errors":[{"code":"DENIED","message":"no s3cret and no cm9ib3Q6czNjcmV0 here"}]}"#;
    let echo = Effect::Status {
        code: 403,
        headers: Vec::new(),
        body: body.to_owned(),
    };
    registry.fail_always(Endpoint::Tags, echo);
    let error = client()
        .list_tags(&image, &access_as(basic("s3cret")))
        .await
        .unwrap_err();
    assert_says(&error, &image, &["DENIED: no *** and no *** here"]);
}
