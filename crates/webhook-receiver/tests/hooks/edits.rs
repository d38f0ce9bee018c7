//! Receivers change while hooks arrive.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::setup::Setup;

#[tokio::test]
async fn hooks_are_taken_while_their_receiver_changes() {
    let setup = Setup::start().await;
    setup.apply_repositories(&["app", "other"]).await;
    let to = |name: &str| json!([{ "kind": "ImageRepository", "name": name }]);
    let path = setup
        .receiver("any", "generic", json!({ "resources": to("app") }))
        .await;
    let done = AtomicBool::new(false);
    let sending = async {
        let mut statuses = Vec::new();
        while !done.load(Ordering::Relaxed) {
            statuses.push(setup.post(&path, "{}").await);
        }
        statuses
    };
    let editing = async {
        for number in 0..20 {
            let target = if number % 2 == 0 { "other" } else { "app" };
            let spec = json!({ "interval": format!("{}m", number + 1), "resources": to(target) });
            let generation = setup.patch_receiver("any", json!({ "spec": spec })).await;
            setup.served("any", generation).await;
        }
        done.store(true, Ordering::Relaxed);
    };
    let (statuses, ()) = tokio::join!(sending, editing);
    assert!(!statuses.is_empty());
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    let (status, asked) = setup
        .asked(&["app", "other"], setup.post(&path, "{}"))
        .await;
    assert_eq!((status, asked), (200, vec!["app"]));
}
