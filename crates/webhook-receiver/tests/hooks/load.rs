//! Much at once, and an end in the midst of it.

use std::fs;

use futures_util::{StreamExt as _, stream};
use k8s_openapi::jiff::Timestamp;
use reqwest::Method;

use crate::setup::{Setup, time};

/// Resident memory of a process, in bytes.
fn resident(id: u32) -> usize {
    let pages = fs::read_to_string(format!("/proc/{id}/statm")).unwrap();
    let pages = pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap();
    pages * 4096
}

#[tokio::test]
async fn ten_thousand_requests_to_unknown_paths_cost_next_to_nothing() {
    let setup = Setup::start().await;
    let path = setup.receiver_of_app("any", "generic").await;
    setup.proxy.forget();
    let before = resident(setup.process.id());
    let statuses = stream::iter(0..10_000)
        .map(|number| {
            let setup = &setup;
            async move { setup.post(&format!("/hook/{number:064x}"), "{}").await }
        })
        .buffer_unordered(16);
    let others = statuses
        .filter(|status| std::future::ready(*status != 404))
        .count();
    assert_eq!(others.await, 0);
    let grown = resident(setup.process.id()).saturating_sub(before);
    assert!(grown < 4 << 20, "{grown} bytes");
    assert_eq!(setup.proxy.seen().len(), 0);
    assert_eq!(setup.post(&path, "{}").await, 200);
}

#[tokio::test]
async fn no_hook_that_was_taken_is_lost_when_the_process_ends() {
    let mut setup = Setup::start().await;
    let path = setup.receiver_of_app("any", "generic").await;
    let url = format!("http://127.0.0.1:{}{path}", setup.port);
    for kill in [false, true, false] {
        let (client, url) = (setup.client.clone(), url.clone());
        let sending = tokio::spawn(async move {
            let senders = (0..8).map(|_| async {
                let mut last = None;
                loop {
                    let began = Timestamp::now();
                    match client.request(Method::POST, &url).send().await {
                        Ok(answer) if answer.status() == 200 => last = Some(began),
                        // It is gone, or is about to be: nothing was promised.
                        _ => return last,
                    }
                }
            });
            futures_util::future::join_all(senders).await
        });
        // Some hooks are through, and some under way.
        setup.proxy.forget();
        let writes = test_support::api_proxy::Calls::writes("imagerepositories");
        setup.proxy.until_seen(&writes, 20).await;
        if kill {
            setup.process.kill9();
        } else {
            let status = setup.process.terminate().await;
            assert!(status.success(), "{status}\n{}", setup.process.output());
        }
        let last = sending.await.unwrap();
        let requested = time(&setup.requested("app").await.unwrap());
        for began in last.into_iter().flatten() {
            assert!(
                began <= requested,
                "asked for at {began}, written at {requested}"
            );
        }
        setup.process.restart();
        setup.process.ready().await;
    }
}
