use super::*;

/// A shell that serves nothing, and ends with 7 when it is asked to.
fn shell() -> ControllerProcess {
    let script = "echo started with $KUBECONFIG; trap 'exit 7' TERM; while :; do sleep 0.05; done";
    let mut process = ControllerProcess::prepare(
        Path::new("/bin/sh"),
        "user".to_owned(),
        "the kubeconfig",
        ControllerOptions::default(),
    );
    process.arguments = vec!["-c".to_owned(), script.to_owned()];
    process.spawn();
    process
}

async fn started(process: &ControllerProcess, times: usize) {
    eventually("the start", async || {
        (process.output().matches("started with /").count() == times).then_some(())
    })
    .await;
}

#[tokio::test]
async fn it_is_killed_started_again_and_asked_to_end() {
    let mut process = shell();
    started(&process, 1).await;
    let first = process.id();
    process.kill9();
    process.restart();
    started(&process, 2).await;
    assert_ne!(process.id(), first);
    assert_eq!(process.terminate().await.code(), Some(7));
    let folder = process.guard.folder().to_owned();
    assert!(folder.join("kubeconfig").exists());
    drop(process);
    assert!(!folder.exists());
}

#[tokio::test]
#[should_panic(expected = "signal: 9")]
async fn one_that_ends_never_gets_ready() {
    let mut process = shell();
    let id = i32::try_from(process.id()).unwrap();
    kill(Pid::from_raw(id), Signal::SIGKILL).unwrap();
    process.ready().await;
}
