//! The API server dies and comes back, while the controllers rest and while they write.

use test_support::api_proxy::{Calls, Point};
use test_support::control_plane::ControlPlane;

use super::site::{ONE_TAG, Site};

#[tokio::test]
async fn an_api_server_that_restarts_finds_everybody_at_work() {
    let mut control_plane = ControlPlane::start().await;
    let site = Site::start_on(control_plane.cluster()).await;
    let site = site.with_objects().await;

    control_plane.stop_api_server();
    control_plane.start_api_server().await;
    site.push_new_tag().await;
    site.until_right().await;
    assert_eq!(site.settle().await, ONE_TAG);
    assert_eq!(site.scans(), 1);

    // In the middle of a scan: the slice never arrives.
    site.remove_new_tag();
    site.forget();
    let hold = site
        .proxy
        .hold(Calls::writes("imagetagslices"), Point::Before);
    site.request_scan("removed").await;
    hold.reached().await;
    control_plane.stop_api_server();
    drop(hold);
    control_plane.start_api_server().await;
    site.until_scanned(&[]).await;
    site.until_chosen("1.14.99").await;
    let written = site.settle().await;
    assert_eq!((written.slices, written.policy), (1, 1));
    // That the write failed may be told in between.
    assert!(written.repository <= 2, "{written:?}");
}
