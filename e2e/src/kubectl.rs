//! The real `kubectl`, as a user types it.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// `kubectl` for one cluster and one namespace.
#[derive(Clone, Debug)]
pub struct Kubectl {
    program: PathBuf,
    kubeconfig: PathBuf,
    namespace: String,
}

impl Kubectl {
    /// The program at `program`, with the credentials of `kubeconfig`, in `namespace`.
    pub fn new(program: &Path, kubeconfig: &Path, namespace: &str) -> Self {
        Self {
            program: program.to_owned(),
            kubeconfig: kubeconfig.to_owned(),
            namespace: namespace.to_owned(),
        }
    }

    /// The same in another namespace.
    #[must_use]
    pub fn within(&self, namespace: &str) -> Self {
        Self::new(&self.program, &self.kubeconfig, namespace)
    }

    /// What a command that has to succeed prints; panics with what it complains about otherwise.
    pub async fn run(&self, arguments: &[&str]) -> String {
        self.feed(arguments, "").await
    }

    /// `kubectl apply` of manifests.
    pub async fn apply(&self, manifests: &str) -> String {
        self.feed(&["apply", "-f", "-"], manifests).await
    }

    /// The same where it may fail: what it prints, or what it complains about.
    pub async fn try_apply(&self, manifests: &str) -> Result<String, String> {
        let output = self.output(&["apply", "-f", "-"], manifests).await;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// As [`Kubectl::run`], with `input` on the standard input.
    pub async fn feed(&self, arguments: &[&str], input: &str) -> String {
        let output = self.output(arguments, input).await;
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "kubectl {} failed: {complaint}",
            arguments.join(" ")
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What a command that has to fail complains about.
    pub async fn refused(&self, arguments: &[&str], input: &str) -> String {
        let output = self.output(arguments, input).await;
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(
            !output.status.success(),
            "kubectl {} succeeded: {printed}",
            arguments.join(" ")
        );
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    async fn output(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(&self.program)
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .args(["--namespace", &self.namespace])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("kubectl starts");
        let mut stdin = child.stdin.take().expect("the input is a pipe");
        // A kubectl that does not read its input has closed it already.
        stdin.write_all(input.as_bytes()).await.unwrap_or_default();
        drop(stdin);
        child.wait_with_output().await.expect("kubectl ends")
    }
}
