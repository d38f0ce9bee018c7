//! A branch that moves, is forced back, goes, and is protected.

use e2e::faults::{PACK, PUSH, Site, Told};
use serde_json::json;

use super::{one_update, reached};

#[tokio::test]
async fn a_branch_that_moved_before_the_push() {
    let site = Site::start().await;
    let hold = site.git.hold("service=git-receive-pack");
    site.release(0).await;
    let hold = reached(hold).await;
    site.outside_commit("README.md", "moved\n");
    site.outside_commit("apps/app-0/notes.txt", "moved\n");
    hold.release();
    one_update(&site).await;
}

#[tokio::test]
async fn a_branch_that_moves_under_the_push() {
    let site = Site::start().await;
    let hold = site.git.hold(PACK);
    site.release(0).await;
    let hold = reached(hold).await;
    site.outside_commit("README.md", "moved\n");
    hold.release();
    one_update(&site).await;
}

#[tokio::test]
async fn the_file_itself_is_changed_under_the_push() {
    let site = Site::start().await;
    let hold = site.git.hold(PACK);
    site.release(0).await;
    let hold = reached(hold).await;
    // Somebody sets the value to what it is to be, and there is nothing left to do.
    site.outside_commit("apps/app-0/app.yaml", &site.content(0, "1.0.1"));
    hold.release();
    let report = site.settle(Told::Once).await.is_right();
    assert_eq!(report.commits, 0);
    // And back: that is set right.
    site.outside_commit("apps/app-0/app.yaml", &site.content(0, "1.0.0"));
    site.request().await;
    let report = site.settle(Told::Once).await.is_right();
    assert_eq!(report.commits, 1);
}

#[tokio::test]
async fn a_branch_that_is_forced_back_is_set_again() {
    let site = Site::start().await;
    let before = site.outside_commit("README.md", "one\n");
    site.release(0).await;
    site.settle(Told::Once).await.is_right();
    site.outside_commit("README.md", "two\n");
    site.force(&before);
    site.request().await;
    let report = site.settle(Told::OnceAtMost).await.is_right();
    assert_eq!(report.commits, 1);
}

#[tokio::test]
async fn a_branch_that_is_forced_back_under_the_push() {
    let site = Site::start().await;
    let before = site.outside_commit("README.md", "one\n");
    site.release(0).await;
    site.settle(Told::Once).await.is_right();
    let hold = site.git.hold(PACK);
    site.release(0).await;
    let hold = reached(hold).await;
    site.force(&before);
    hold.release();
    let report = site.settle(Told::OnceAtMost).await.is_right();
    assert_eq!(report.commits, 1, "the second one, on what is there");
}

#[tokio::test]
async fn a_branch_that_is_deleted_and_comes_back() {
    let site = Site::start().await;
    let hold = site.git.hold(PACK);
    site.release(0).await;
    let hold = reached(hold).await;
    let was = site.repo.rev_parse("main");
    site.repo.delete("refs/heads/main");
    hold.release();
    site.until_not_ready(0).await;
    site.repo.branch("main", &was);
    site.request().await;
    let report = site.settle(Told::Once).await.is_right();
    assert_eq!(report.commits, 1);
}

#[tokio::test]
async fn a_push_branch_that_is_deleted_is_made_again() {
    let site = Site::start().await;
    let push = json!({ "spec": { "git": { "push": { "branch": "updates" } } } });
    site.patch_automation(0, &push).await;
    for tag in ["1.0.1", "1.0.2"] {
        site.release(0).await;
        site.until_on("updates", 0, tag).await;
        site.until_at_rest().await;
        // Merged, and deleted by whoever merged it.
        let branch = site.repo.rev_parse("updates");
        site.repo.branch("main", &branch);
        site.repo.delete("refs/heads/updates");
        site.request().await;
    }
    let report = site.settle(Told::Once).await.is_right();
    assert_eq!((report.commits, report.updates), (2, 2));
}

#[tokio::test]
async fn what_a_protected_branch_has_refused_and_nobody_wants_any_more_is_never_pushed() {
    let site = Site::start().await;
    let words = "GH006: Protected branch update failed for refs/heads/main";
    let flag = site.refusing_hook(words);
    flag.raise();
    site.release(0).await;
    site.until_failing(0, words).await;
    site.take_back(0).await;
    site.until_ready(0).await;
    assert!(site.plans().await.is_empty());
    flag.lower();
    let report = site.settle(Told::Once).await.is_right();
    assert_eq!(report.commits, 0);
}

#[tokio::test]
async fn a_protected_branch_gets_the_commit_once_it_is_open() {
    let site = Site::start().await;
    let words = "GH006: Protected branch update failed for refs/heads/main";
    let flag = site.refusing_hook(words);
    flag.raise();
    site.release(0).await;
    site.until_failing(0, words).await;
    let pushes = || {
        let exchanges = site.git.exchanges().into_iter();
        exchanges.filter(|one| one.target.contains(PUSH)).count()
    };
    let before = pushes();
    test_support::cluster::eventually("another try", async || (pushes() > before).then_some(()))
        .await;
    site.outside_commit("README.md", "an administrator may\n");
    flag.lower();
    one_update(&site).await;
}
