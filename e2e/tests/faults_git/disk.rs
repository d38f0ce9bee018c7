//! A disk that is full, a cache that refuses what is written, and one that is deleted under a running process.

use std::fs;

use e2e::faults::{Shape, Site, Told, Victim};
use serde_json::json;

const BOTH: [Victim; 2] = [Victim::Setter, Victim::Writer];

#[tokio::test]
async fn a_cache_that_is_deleted_is_filled_again() {
    let site = Site::start().await;
    for round in 1..=4 {
        for victim in BOTH {
            site.delete_cache(victim);
        }
        // The writer has the pack in its hands, and reads the branch anew for the next plan.
        site.outside_commit("README.md", &format!("{round}\n"));
        site.release(0).await;
        let report = site.settle(Told::Once).await.is_right();
        assert_eq!(report.commits, round);
    }
}

/// A file stands where the folder was: nobody, not even root, can write into it.
#[tokio::test]
async fn a_cache_that_refuses_what_is_written() {
    let site = Site::start().await;
    for victim in BOTH {
        site.delete_cache(victim);
        fs::write(site.cache(victim), "in the way").unwrap();
    }
    site.outside_commit("README.md", "another head\n");
    site.request().await;
    site.release(0).await;
    site.until_not_ready(0).await;
    for victim in BOTH {
        fs::remove_file(site.cache(victim)).unwrap();
    }
    site.request().await;
    let report = site.settle(Told::Once).await.is_right();
    assert_eq!((report.commits, report.updates), (1, 1));
}

/// Where this may not mount a file system of its own, the test above stands in for it.
#[tokio::test]
async fn a_disk_that_is_full() {
    let site = Site::of(Shape {
        files: 50,
        ..Shape::default()
    })
    .await;
    for victim in BOTH {
        site.delete_cache(victim);
    }
    let Some(disks) = site.small_disks(&BOTH) else {
        eprintln!("no file system can be mounted here");
        return;
    };
    disks.fill();
    site.outside_commit("README.md", "another head\n");
    site.request().await;
    site.release(0).await;
    site.until_failing(0, "No space left on device").await;
    disks.empty();
    site.patch_source(&json!({ "timeout": "21s" })).await;
    site.request().await;
    let report = site.settle(Told::Once).await.is_right();
    assert_eq!((report.commits, report.updates), (1, 1));
}
