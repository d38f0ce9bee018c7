use super::super::tests::{Again, REPORT, await_report, report_to};
use super::*;
use crate::process::{START_TIMEOUT, wait_until};

/// What this very test does in the processes it starts: joins, and stays until it is killed.
async fn join_and_stay(report: &Path) {
    let place = Place {
        home: report.parent().unwrap().join("home"),
        grace_seconds: 1,
    };
    let (_hold, kubeconfig) = place.join().await.unwrap();
    let kubeconfig = kubeconfig.to_string_lossy().into_owned();
    let text = std::fs::read_to_string(&kubeconfig).unwrap();
    report_to(report, &format!("{kubeconfig}\n{text}"));
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn the_shared_one_is_joined_by_all_and_ends_after_the_last() {
    if let Some(report) = std::env::var_os(REPORT) {
        return join_and_stay(Path::new(&report)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let reports = ["one", "two"].map(|name| folder.path().join(name));
    let test =
        "control_plane::standing::tests::the_shared_one_is_joined_by_all_and_ends_after_the_last";
    let mut users = reports.each_ref().map(|report| Again::start(test, report));
    let [one, two] = reports.each_ref().map(|report| await_report(report));
    assert_eq!(one, two);

    users[0].kill9();
    let path = one.lines().next().map(PathBuf::from).unwrap();
    assert!(!wait_until(Duration::from_secs(2), || !path.exists()));
    assert!(answers(&path).await);
    users[1].kill9();
    let home = path.parent().unwrap();
    assert!(wait_until(START_TIMEOUT, || !home.exists()));
}
