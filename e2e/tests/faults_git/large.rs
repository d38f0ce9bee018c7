//! A repository of 20,000 files, one of them of 50 MB.

use e2e::faults::{Shape, Site, Told, Victim};
use test_support::api_proxy::{Calls, Point};

#[tokio::test]
async fn twenty_thousand_files_and_one_of_fifty_megabytes() {
    let mut site = Site::of(Shape {
        automations: 2,
        files: 20_000,
        large_file: 50 << 20,
        ..Shape::default()
    })
    .await;
    site.release(0).await;
    site.settle(Told::Once).await.is_right();
    let hold = site
        .proxy
        .hold(Calls::status_writes("imageupdateplans"), Point::After);
    site.release(0).await;
    site.release(1).await;
    hold.reached().await;
    site.kill(Victim::Writer);
    site.kill(Victim::Setter);
    hold.abandoned().await;
    drop(hold);
    site.restart(Victim::Setter);
    site.restart(Victim::Writer);
    let report = site.settle(Told::Once).await.is_right();
    assert_eq!((report.commits, report.updates), (3, 3));
    // What nobody sets is not fetched.
    let fetched = site.git.totals().down;
    assert!(fetched < 40 << 20, "{fetched} bytes");
}
