//! Hooks for one object share its writes.

use futures_util::future::join_all;
use futures_util::poll;
use serde_json::json;
use test_support::api_proxy::{Calls, Effect, Point};

use crate::setup::Setup;

#[tokio::test]
async fn who_comes_while_an_object_is_written_waits_for_the_next_write() {
    let setup = Setup::start().await;
    let path = setup.receiver_of_app("any", "generic").await;
    setup.proxy.forget();
    let writes = Calls::writes("imagerepositories");

    let hold = setup.proxy.hold(writes.clone(), Point::After);
    let mut first = Box::pin(setup.post(&path, "{}"));
    tokio::select! {
        () = hold.reached() => {}
        status = &mut first => unreachable!("{status} before the write was answered"),
    }
    // All of them have read the Secret, and none has written: the first write is not theirs.
    let mut later = Box::pin(join_all((0..50).map(|_| setup.post(&path, "{}"))));
    let secrets = Calls::to("secrets");
    tokio::select! {
        () = setup.proxy.until_seen(&secrets, 2) => {}
        statuses = &mut later => unreachable!("{statuses:?} before a write"),
    }
    assert!(poll!(&mut later).is_pending());
    assert_eq!(setup.proxy.count(&writes), 1);
    drop(hold);
    assert_eq!(first.await, 200);
    assert_eq!(later.await, vec![200; 50]);
    let (written, read) = (setup.proxy.count(&writes), setup.proxy.count(&secrets));
    assert!((2..25).contains(&written), "{written} writes");
    assert!((2..25).contains(&read), "{read} reads");
}

#[tokio::test]
async fn a_write_that_fails_fails_all_that_share_it_and_no_other() {
    let setup = Setup::start().await;
    setup.apply_repositories(&["app", "other"]).await;
    let both = json!({ "resources": [
        { "kind": "ImageRepository", "name": "app" },
        { "kind": "ImageRepository", "name": "other" },
    ]});
    let path = setup.receiver("any", "generic", both).await;
    let writes = Calls::writes("imagerepositories").named("app");
    setup.proxy.fail(writes, 1, Effect::Status(403));
    let (status, asked) = setup
        .asked(&["app", "other"], setup.post(&path, "{}"))
        .await;
    assert_eq!((status, asked.as_slice()), (500, &["other"][..]));
    let (status, asked) = setup
        .asked(&["app", "other"], setup.post(&path, "{}"))
        .await;
    assert_eq!((status, asked.as_slice()), (200, &["app", "other"][..]));
}
