//! Many automations and outside committers on one branch at once.

use e2e::faults::{Shape, Site, Told};

/// How many automations, and how many commits each outsider makes.
const AUTOMATIONS: usize = 8;
const COMMITS: usize = 12;

#[tokio::test]
async fn eight_automations_and_two_outsiders_on_one_branch() {
    let site = Site::of(Shape {
        automations: AUTOMATIONS,
        setter_flags: &["--batch-window=50ms"],
        ..Shape::default()
    })
    .await;
    let outsiders = ["one", "two"].map(|name| {
        let outsider = site.outsider();
        tokio::task::spawn_blocking(move || {
            for number in 0..COMMITS {
                let folder = number % AUTOMATIONS;
                let path = format!("apps/app-{folder}/{name}.txt");
                outsider.commit(&path, &format!("{number}\n"));
            }
        })
    });
    for _ in 0..3 {
        for number in 0..AUTOMATIONS {
            site.release(number).await;
        }
    }
    for outsider in outsiders {
        outsider.await.unwrap();
    }
    let report = site.settle(Told::Once).await.is_right();
    assert!(report.commits >= AUTOMATIONS, "{report:?}");
    site.repo.fsck();
}
