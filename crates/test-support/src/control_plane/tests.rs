use std::process::{Command, Stdio};

use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret};
use kube::Api;
use kube::api::ListParams;

use super::*;
use crate::cluster::eventually;
use crate::process::START_TIMEOUT;
use crate::process::wait_until;

/// Says to a test that runs itself again where it reports.
pub(super) const REPORT: &str = "TEST_SUPPORT_REPORT";

const READER: &str = "
apiVersion: v1
kind: ServiceAccount
metadata: { name: reader }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { colour: blue }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reader }
rules: [{ apiGroups: [''], resources: [configmaps], verbs: [get] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: reader }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader }
subjects: [{ kind: ServiceAccount, name: reader }]
";

#[tokio::test]
async fn roles_are_enforced_requests_recorded_and_namespaces_end() {
    let plane = ControlPlane::start_with(Options {
        audit: Audit::Metadata,
    })
    .await;
    let namespace = plane.cluster().namespace().await;
    let name = namespace.name().to_owned();
    let reader = READER.replace(
        "name: reader }]",
        &format!("name: reader, namespace: {name} }}]"),
    );
    namespace.apply(&reader).await;

    let client = plane.cluster().client_for(&name, "reader").await;
    let settings: Api<ConfigMap> = Api::namespaced(client.clone(), &name);
    // Roles take a moment to reach the authorizer.
    let settings = eventually("the role", async || settings.get("settings").await.ok()).await;
    assert_eq!(settings.data.unwrap()["colour"], "blue");
    let secrets: Api<Secret> = Api::namespaced(client, &name);
    let refused = secrets.list(&ListParams::default()).await.unwrap_err();
    assert!(matches!(refused, kube::Error::Api(status) if status.is_forbidden()));

    let user = format!("system:serviceaccount:{name}:reader");
    let audit = plane.audit().into_iter();
    let asked: Vec<_> = audit.filter(|entry| entry.user == user).collect();
    let (last, before) = asked.split_last().unwrap();
    let refused = AuditEntry {
        user,
        verb: "list".to_owned(),
        group: String::new(),
        resource: "secrets".to_owned(),
        subresource: String::new(),
        name: String::new(),
        namespace: name.clone(),
        code: 403,
    };
    assert_eq!(*last, refused);
    assert_eq!(before.last().map(|entry| entry.code), Some(200));

    let namespaces: Api<Namespace> = Api::all(plane.client());
    drop(namespace);
    eventually("the end of the namespace", async || {
        namespaces
            .get_opt(&name)
            .await
            .unwrap()
            .is_none()
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn two_at_once_do_not_meet_and_data_outlives_the_api_server() {
    let (mut one, other) = tokio::join!(ControlPlane::start(), ControlPlane::start());
    one.cluster()
        .apply("{ apiVersion: v1, kind: ConfigMap, metadata: { name: kept } }")
        .await;
    let kept: Api<ConfigMap> = Api::namespaced(one.client(), "default");
    let missing: Api<ConfigMap> = Api::namespaced(other.client(), "default");
    assert!(missing.get_opt("kept").await.unwrap().is_none());

    one.stop_api_server();
    assert!(kept.get("kept").await.is_err());
    assert!(missing.get_opt("kept").await.unwrap().is_none());
    one.start_api_server().await;
    kept.get("kept").await.unwrap();
}

/// The owner is this very test, run once more in another process.
#[tokio::test]
async fn nothing_is_left_of_a_killed_owner() {
    if let Some(report) = std::env::var_os(REPORT) {
        let plane = ControlPlane::start().await;
        report_to(
            Path::new(&report),
            &plane.instance.folder().to_string_lossy(),
        );
        return std::future::pending().await;
    }
    let report = tempfile::tempdir().unwrap();
    let report = report.path().join("report");
    let test = "control_plane::tests::nothing_is_left_of_a_killed_owner";
    let mut owner = Again::start(test, &report);
    let folder = PathBuf::from(await_report(&report));
    let residents = residents(&folder);
    assert_eq!(
        residents.len(),
        3,
        "etcd, API server and controller manager"
    );
    owner.kill9();
    let gone = || !folder.exists() && !residents.iter().any(|process| process.exists());
    assert!(wait_until(START_TIMEOUT, gone));
}

/// This executable, running one of its tests in another process; killed when this value is dropped, or when this process is.
pub(super) struct Again(Guard);

impl Again {
    /// Starts `test` and tells it where to report.
    pub(super) fn start(test: &str, report: &Path) -> Self {
        let guard = Guard::for_this_process("again").unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test]).env(REPORT, report);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        guard.adopt(&mut command);
        drop(command.spawn().unwrap());
        Self(guard)
    }

    /// Kills it at once.
    pub(super) fn kill9(&mut self) {
        self.0.kill();
    }
}

/// Writes a report, whole or not at all.
pub(super) fn report_to(report: &Path, text: &str) {
    let draft = report.with_extension("draft");
    std::fs::write(&draft, text).unwrap();
    std::fs::rename(draft, report).unwrap();
}

pub(super) fn await_report(report: &Path) -> String {
    assert!(wait_until(4 * START_TIMEOUT, || report.exists()));
    std::fs::read_to_string(report).unwrap()
}

/// The folders below `/proc` of the processes that run in `folder`.
fn residents(folder: &Path) -> Vec<PathBuf> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .map(|process| process.path())
        .filter(|process| std::fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == folder))
        .collect()
}
