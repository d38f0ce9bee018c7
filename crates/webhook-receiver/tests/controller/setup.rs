//! A namespace with the Secret `token`, and the controller.

use api::Condition;
use api::annotations::RECONCILE_REQUESTED;
use api::conditions::{READY, STALLED};
use api::notification::v1::{Receiver, ReceiverStatus};
use hook_payload::{Token, hook_path};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::events::v1::Event;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use reqwest::Client;
use serde_json::{Value, json};
use test_support::api_proxy::{ApiProxy, Calls};
use test_support::cluster::{
    Cluster, ControllerOptions, ControllerProcess, TestNamespace, eventually,
};
use test_support::process::free_port;
use test_support::tls::install_provider;

/// The token of the Secret at first.
pub(crate) const TOKEN: &str = "first";

pub(crate) struct Setup {
    pub(crate) namespace: TestNamespace,
    pub(crate) proxy: ApiProxy,
    pub(crate) controller: ControllerProcess,
    port: u16,
}

/// Status, reason and message of a condition.
pub(crate) type Said<'a> = (&'a str, &'a str, &'a str);

impl Setup {
    pub(crate) async fn start() -> Self {
        Self::with_args(&[]).await
    }

    pub(crate) async fn with_args(args: &[&str]) -> Self {
        install_provider();
        let cluster = Cluster::shared().await;
        let namespace = cluster.namespace().await;
        let proxy = ApiProxy::in_front_of(&cluster).await;
        let (mut controller, port) = start(&namespace, &proxy, args).await;
        controller.ready().await;
        let setup = Self {
            namespace,
            proxy,
            controller,
            port,
        };
        setup.apply_token("token", TOKEN).await;
        setup
    }

    /// Makes this the token of a Secret whose changes count at once.
    pub(crate) async fn apply_token(&self, name: &str, token: &str) {
        let labels = json!({ "reconcile.fluxcd.io/watch": "Enabled" });
        self.apply_secret(name, &labels, &json!({ "token": token }))
            .await;
    }

    pub(crate) async fn apply_secret(&self, name: &str, labels: &Value, data: &Value) {
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": { "name": name, "labels": labels },
            "stringData": data,
        });
        self.namespace.apply(&secret.to_string()).await;
    }

    pub(crate) async fn delete_token(&self) {
        let secrets = self.namespace.api::<Secret>();
        let params = DeleteParams::default();
        drop(secrets.delete("token", &params).await.unwrap());
    }

    /// Applies the Receiver `app`, of type generic and with the Secret `token` where `spec` says nothing else.
    pub(crate) async fn apply(&self, spec: Value) {
        let mut whole = json!({
            "type": "generic",
            "secretRef": { "name": "token" },
            "resources": [{ "kind": "ImageRepository", "name": "app" }],
        });
        let members = whole.as_object_mut().unwrap();
        let Value::Object(given) = spec else {
            unreachable!("a spec is an object");
        };
        members.extend(given);
        members.retain(|_, value| !value.is_null());
        let receiver = json!({
            "apiVersion": "notification.toolkit.fluxcd.io/v1",
            "kind": "Receiver",
            "metadata": { "name": "app" },
            "spec": whole,
        });
        self.namespace.apply(&receiver.to_string()).await;
    }

    pub(crate) async fn receiver(&self) -> Receiver {
        self.namespace.api().get("app").await.unwrap()
    }

    pub(crate) async fn patch(&self, patch: &Value) -> Receiver {
        let api = self.namespace.api::<Receiver>();
        let params = PatchParams::default();
        api.patch("app", &params, &Patch::Merge(patch))
            .await
            .unwrap()
    }

    /// Asks for a reconciliation and waits until it was answered with a pass.
    pub(crate) async fn reconcile(&self, value: &str) -> Receiver {
        let annotations = json!({ RECONCILE_REQUESTED: value });
        self.patch(&json!({ "metadata": { "annotations": annotations } }))
            .await;
        self.until("the request is answered", |receiver| {
            status(receiver).last_handled_reconcile_at.as_deref() == Some(value)
        })
        .await
    }

    /// Waits until `app` is as `condition` says.
    pub(crate) async fn until(
        &self,
        what: &str,
        condition: impl Fn(&Receiver) -> bool,
    ) -> Receiver {
        eventually(what, async || {
            Some(self.receiver().await).filter(|receiver| condition(receiver))
        })
        .await
    }

    /// Waits until Ready of `app` says this of its newest generation.
    pub(crate) async fn says(&self, (status, reason, message): Said<'_>) -> Receiver {
        let what = format!("Ready is {status}, {reason}: {message}");
        self.until(&what, |receiver| {
            let ready = condition(receiver, READY);
            said(ready) == Some((status, reason, message))
                && ready.unwrap().observed_generation == receiver.metadata.generation
        })
        .await
    }

    /// Waits until `app` is Ready at the path of this token.
    pub(crate) async fn takes(&self, token: &str) -> Receiver {
        let path = self.path(token);
        let text = format!("Receiver initialized for path: {path}");
        let receiver = self.says(("True", "Succeeded", &text)).await;
        assert_eq!(status(&receiver).webhook_path, Some(path));
        assert_eq!(
            status(&receiver).observed_generation,
            receiver.metadata.generation
        );
        assert_eq!(status(&receiver).conditions.len(), 1, "Ready alone");
        receiver
    }

    /// Waits until `app` is Stalled and says this.
    pub(crate) async fn stalls(&self, reason: &str, message: &str) -> Receiver {
        let receiver = self.says(("False", reason, message)).await;
        let stalled = condition(&receiver, STALLED);
        assert_eq!(said(stalled), Some(("True", reason, message)));
        assert_eq!(status(&receiver).conditions.len(), 2, "and not Reconciling");
        assert_eq!(
            status(&receiver).observed_generation,
            receiver.metadata.generation
        );
        receiver
    }

    /// The path of `app` with this token.
    pub(crate) fn path(&self, token: &str) -> String {
        let token = Token::new(token).unwrap();
        hook_path(Some(&token), "app", self.namespace.name())
    }

    /// What the server of hooks answers at this path.
    pub(crate) async fn hook(&self, path: &str) -> u16 {
        hook(self.port, path).await
    }

    /// Waits until hooks at this path are answered so: the watch tells each replica a moment after the status is written.
    pub(crate) async fn answers(&self, path: &str, code: u16) {
        let what = format!("{path} is answered with {code}");
        eventually(&what, async || {
            (self.hook(path).await == code).then_some(())
        })
        .await;
    }

    /// Waits for an Event about `app`: type, reason and text.
    pub(crate) async fn tells(&self, event: Said<'_>) {
        let what = format!("the Event {event:?}");
        eventually(&what, async || {
            let events = self.events().await;
            events.iter().any(|one| told(one) == event).then_some(())
        })
        .await;
    }

    /// All Events of the namespace.
    pub(crate) async fn events(&self) -> Vec<Event> {
        let events = self.namespace.api::<Event>();
        events.list(&ListParams::default()).await.unwrap().items
    }

    /// How often the status of a Receiver was written.
    pub(crate) fn status_writes(&self) -> usize {
        self.proxy.count(&Calls::status_writes("receivers"))
    }
}

/// Another process of the controller in the namespace, and the port of its hooks. It may not be ready yet.
pub(crate) async fn start(
    namespace: &TestNamespace,
    proxy: &ApiProxy,
    args: &[&str],
) -> (ControllerProcess, u16) {
    let port = free_port();
    let mut all = vec![
        format!("--receiverAddr=127.0.0.1:{port}"),
        "--conversion=false".to_owned(),
        "--min-retry-delay=200ms".to_owned(),
        "--max-retry-delay=1s".to_owned(),
    ];
    all.extend(args.iter().map(|&arg| arg.to_owned()));
    let options = ControllerOptions {
        args: all,
        api_server: Some(proxy.url()),
        ..ControllerOptions::default()
    };
    let (cluster, name) = (namespace.cluster(), namespace.name());
    let controller = ControllerProcess::start(cluster, name, "webhook-receiver", options).await;
    (controller, port)
}

/// What the server of hooks at this port answers.
pub(crate) async fn hook(port: u16, path: &str) -> u16 {
    let url = format!("http://127.0.0.1:{port}{path}");
    let answer = Client::new().post(url).send().await.unwrap();
    answer.status().as_u16()
}

pub(crate) fn status(receiver: &Receiver) -> ReceiverStatus {
    receiver.status.clone().unwrap_or_default()
}

pub(crate) fn condition<'a>(receiver: &'a Receiver, of: &str) -> Option<&'a Condition> {
    let conditions = &receiver.status.as_ref()?.conditions;
    conditions.iter().find(|condition| condition.type_ == of)
}

pub(crate) fn said(condition: Option<&Condition>) -> Option<Said<'_>> {
    let condition = condition?;
    Some((&condition.status, &condition.reason, &condition.message))
}

pub(crate) fn told(event: &Event) -> Said<'_> {
    (
        event.type_.as_deref().unwrap_or_default(),
        event.reason.as_deref().unwrap_or_default(),
        event.note.as_deref().unwrap_or_default(),
    )
}
