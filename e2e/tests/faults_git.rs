//! manifest-setter and git-writer while everything around them fails: no update is lost, none is repeated, and no foreign change
//! is overwritten.
//!
//! `e2e::faults` has the two controllers, what breaks around them, and what is counted in the end.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "faults_git/api_server.rs"]
mod api_server;
#[path = "faults_git/branch.rs"]
mod branch;
#[path = "faults_git/credentials.rs"]
mod credentials;
#[path = "faults_git/crowd.rs"]
mod crowd;
#[path = "faults_git/disk.rs"]
mod disk;
#[path = "faults_git/forged.rs"]
mod forged;
#[path = "faults_git/instances.rs"]
mod instances;
#[path = "faults_git/killed.rs"]
mod killed;
#[path = "faults_git/large.rs"]
mod large;
#[path = "faults_git/random.rs"]
mod random;
#[path = "faults_git/servers.rs"]
mod servers;

use e2e::faults::{Site, Told};
use test_support::git_http::Hold;

/// Waits until the request has arrived, without keeping the test's other tasks from running.
async fn reached(hold: Hold) -> Hold {
    let waiting = tokio::task::spawn_blocking(move || {
        hold.wait_until_reached();
        hold
    });
    waiting.await.unwrap()
}

/// There is one commit with one update, told once.
async fn one_update(site: &Site) {
    let report = site.settle(Told::Once).await.is_right();
    assert_eq!((report.commits, report.updates), (1, 1));
    site.repo.fsck();
}
