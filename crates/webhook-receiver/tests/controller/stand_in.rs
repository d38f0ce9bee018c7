//! A stand-in for Flux's notification-controller: it reconciles Receivers as that does, as far as one can see.

use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;

use api::annotations::RECONCILE_REQUESTED;
use api::finalizers::FLUX;
use api::notification::v1::Receiver;
use api::{Time, conditions};
use futures_util::StreamExt as _;
use hook_payload::{Token, hook_path};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Patch, PatchParams};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, ResourceExt as _};
use serde_json::{Value, json};
use test_support::cluster::TestNamespace;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Its interval: the one of Flux is ten minutes.
const INTERVAL: Duration = Duration::from_millis(300);

/// Runs until it is dropped.
pub(crate) struct StandIn {
    passes: watch::Receiver<usize>,
    task: JoinHandle<()>,
}

impl StandIn {
    pub(crate) fn start(namespace: &TestNamespace) -> Self {
        let (count, passes) = watch::channel(0);
        let (receivers, secrets) = (namespace.api(), namespace.api());
        let task = tokio::spawn(async move { run(&receivers, &secrets, &count).await });
        Self { passes, task }
    }

    /// Waits until it has looked at Receivers so many times more.
    pub(crate) async fn looks(&mut self, times: usize) {
        let until = *self.passes.borrow() + times;
        self.passes
            .wait_for(|passes| *passes >= until)
            .await
            .unwrap();
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Looks at each Receiver when its generation or its request changes, and after the interval.
async fn run(receivers: &Api<Receiver>, secrets: &Api<Secret>, passes: &watch::Sender<usize>) {
    let changes = watcher(receivers.clone(), watcher::Config::default()).applied_objects();
    let mut changes = pin!(changes);
    let mut interval = tokio::time::interval(INTERVAL);
    let mut seen: HashMap<String, (Option<i64>, Option<String>)> = HashMap::new();
    loop {
        let due = tokio::select! {
            Some(Ok(receiver)) = changes.next() => {
                let news = (receiver.metadata.generation, request(&receiver));
                let before = seen.insert(receiver.name_any(), news.clone());
                Vec::from_iter((before != Some(news)).then(|| receiver.name_any()))
            }
            _ = interval.tick() => seen.keys().cloned().collect(),
        };
        for name in due {
            if let Some(receiver) = receivers.get_opt(&name).await.unwrap() {
                pass(receivers, secrets, receiver).await;
                passes.send_modify(|passes| *passes += 1);
            }
        }
    }
}

fn request(receiver: &Receiver) -> Option<String> {
    receiver.annotations().get(RECONCILE_REQUESTED).cloned()
}

async fn pass(receivers: &Api<Receiver>, secrets: &Api<Secret>, receiver: Receiver) {
    let params = PatchParams {
        field_manager: Some("notification-controller".to_owned()),
        ..PatchParams::default()
    };
    let name = receiver.name_any();
    if !receiver.finalizers().iter().any(|one| one == FLUX) {
        let finalizer = Patch::Merge(json!({ "metadata": { "finalizers": [FLUX] } }));
        drop(receivers.patch(&name, &params, &finalizer).await.unwrap());
    }
    let secret = receiver.spec.secret_ref.clone().unwrap();
    let token = secrets.get(&secret.name).await.unwrap().data.unwrap()["token"].clone();
    let token = Token::new(token.0).unwrap();
    let path = hook_path(Some(&token), &name, &receiver.namespace().unwrap());
    let wanted = status(&receiver, &path);
    let before = serde_json::to_value(&receiver.status).unwrap();
    if before != wanted {
        let wanted = Patch::Merge(json!({ "status": wanted }));
        let written = receivers.patch_status(&name, &params, &wanted);
        drop(written.await.unwrap());
    }
}

/// The status of a Receiver that is Ready.
fn status(receiver: &Receiver, path: &str) -> Value {
    let message = format!("Receiver initialized for path: {path}");
    let before = receiver.status.clone().unwrap_or_default().conditions;
    let before = before.iter().find(|one| one.type_ == conditions::READY);
    let since = before.filter(|before| before.message == message);
    let since = since.map_or_else(
        || Time(Timestamp::from_second(Timestamp::now().as_second()).unwrap()),
        |before| before.last_transition_time.clone(),
    );
    let mut status = json!({
        "observedGeneration": receiver.metadata.generation,
        "webhookPath": path,
        "conditions": [{
            "type": "Ready", "status": "True", "reason": "Succeeded", "message": message,
            "observedGeneration": receiver.metadata.generation, "lastTransitionTime": since,
        }],
    });
    if let Some(requested) = request(receiver) {
        status["lastHandledReconcileAt"] = json!(requested);
    }
    status
}
