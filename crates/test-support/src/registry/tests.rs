use super::*;

/// The head and body of the answer to a bare request.
async fn get(registry: &Registry, target: &str, headers: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(registry.addr).await.unwrap();
    let request =
        format!("GET {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn computed_tags_come_in_pages_until_the_end() {
    let registry = Registry::start().await;
    let first = get(&registry, "/v2/app/r1-250/tags/list?n=200", "").await;
    assert!(first.contains(r#"link: </v2/app/r1-250/tags/list?n=200&last=1.1.99>; rel="next""#));
    let second = get(&registry, "/v2/app/r1-250/tags/list?n=200&last=1.1.99", "").await;
    assert!(!second.contains("link:"));
    assert!(
        second.contains(r#"{"name":"app/r1-250","tags":["1.2.0","1.2.1","1.2.10","#),
        "{second}"
    );
    assert_eq!(second.matches("\"1.").count(), 50);
}

#[tokio::test]
async fn a_push_moves_the_digest_of_its_tag_only() {
    let registry = Registry::start().await;
    registry.set_tags("app", ["1.0.0", "2.0.0"]);
    let (moved, kept) = (
        registry.digest("app", "1.0.0"),
        registry.digest("app", "2.0.0"),
    );
    assert_ne!(registry.push_tag("app", "1.0.0"), moved);
    assert_eq!(registry.digest("app", "2.0.0"), kept);
    let answer = get(&registry, "/v2/app/manifests/1.0.0", "").await;
    assert!(answer.contains(&registry.digest("app", "1.0.0")));
    assert!(
        get(&registry, "/v2/app/manifests/3.0.0", "")
            .await
            .contains("404 Not Found")
    );
    assert!(
        get(&registry, "/v2/other/tags/list", "")
            .await
            .contains("NAME_UNKNOWN")
    );
}

#[tokio::test]
async fn a_token_opens_its_own_repository_only() {
    let registry = Registry::start().await;
    registry.set_tags("app", ["1.0.0"]);
    registry.set_tags("other", ["1.0.0"]);
    registry.set_auth(Auth::anonymous_token());
    let refused = get(&registry, "/v2/app/tags/list", "").await;
    assert!(refused.contains("401 Unauthorized"));
    assert!(refused.contains("scope=\"repository:app:pull\""));
    let answer = get(&registry, "/token?scope=repository:app:pull", "").await;
    assert!(answer.contains("\"token\":\"bearer-secret-1\""));
    let with = "Authorization: Bearer bearer-secret-1\r\n";
    assert!(
        get(&registry, "/v2/app/tags/list", with)
            .await
            .contains("1.0.0")
    );
    assert!(
        get(&registry, "/v2/other/tags/list", with)
            .await
            .contains("401")
    );
}

#[tokio::test]
async fn held_requests_are_open_at_once() {
    let registry = Arc::new(Registry::start().await);
    let hold = registry.hold(Endpoint::Ping);
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let registry = Arc::clone(&registry);
            tokio::spawn(async move { get(&registry, "/v2/", "").await })
        })
        .collect();
    registry.until_held(3).await;
    assert_eq!(registry.peak(), 3);
    drop(hold);
    for answer in waiting {
        assert!(answer.await.unwrap().contains("200 OK"));
    }
    assert_eq!(registry.count(Endpoint::Ping), 3);
}

#[tokio::test]
async fn a_fault_is_used_up() {
    let registry = Registry::start().await;
    registry.fail(
        Endpoint::Any,
        1,
        Effect::status_with(429, &[("retry-after", "1")]),
    );
    assert!(get(&registry, "/v2/", "").await.contains("retry-after: 1"));
    assert!(get(&registry, "/v2/", "").await.contains("200 OK"));
}
