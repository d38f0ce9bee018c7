//! A namespace, the controller, Receivers and who sends hooks to them.

use api::annotations::RECONCILE_REQUESTED;
use api::image::v1::ImageRepository;
use api::notification::v1::Receiver;
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use test_support::api_proxy::ApiProxy;
use test_support::cluster::{
    Cluster, ControllerOptions, ControllerProcess, TestNamespace, eventually,
};
use test_support::process::free_port;
use test_support::tls::install_provider;

/// The token of every Receiver here.
pub(crate) const TOKEN: &str = "a-token-that-nobody-may-see";

pub(crate) struct Setup {
    pub(crate) namespace: TestNamespace,
    pub(crate) proxy: ApiProxy,
    pub(crate) process: ControllerProcess,
    pub(crate) client: Client,
    pub(crate) port: u16,
}

impl Setup {
    pub(crate) async fn start() -> Self {
        Self::with_args(&[]).await
    }

    /// With the Secret `token` in the namespace, and the process ready.
    pub(crate) async fn with_args(args: &[&str]) -> Self {
        install_provider();
        let cluster = Cluster::shared().await;
        let namespace = cluster.namespace().await;
        let proxy = ApiProxy::in_front_of(&cluster).await;
        let port = free_port();
        let mut all = vec![
            format!("--receiverAddr=127.0.0.1:{port}"),
            "--conversion=false".to_owned(),
        ];
        all.extend(args.iter().map(|&arg| arg.to_owned()));
        let options = ControllerOptions {
            args: all,
            api_server: Some(proxy.url()),
            ..ControllerOptions::default()
        };
        let name = namespace.name();
        let mut process =
            ControllerProcess::start(&cluster, name, "webhook-receiver", options).await;
        process.ready().await;
        let setup = Self {
            namespace,
            proxy,
            process,
            client: Client::new(),
            port,
        };
        setup.apply_token("token", TOKEN).await;
        setup
    }

    /// Makes this the token of a Secret, whose changes count at once.
    pub(crate) async fn apply_token(&self, name: &str, token: &str) {
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": { "name": name, "labels": { "reconcile.fluxcd.io/watch": "Enabled" } },
            "stringData": { "token": token },
        });
        self.namespace.apply(&secret.to_string()).await;
    }

    /// Applies an ImageRepository that nobody scans.
    pub(crate) async fn apply_repository(&self, name: &str, image: &str, labels: Value) {
        let repository = json!({
            "apiVersion": "image.toolkit.fluxcd.io/v1",
            "kind": "ImageRepository",
            "metadata": { "name": name, "labels": labels },
            "spec": { "image": image, "interval": "1h" },
        });
        self.namespace.apply(&repository.to_string()).await;
    }

    pub(crate) async fn apply_repositories(&self, names: &[&str]) {
        for name in names {
            let image = format!("reg.example/{name}");
            self.apply_repository(name, &image, json!({ "app": name }))
                .await;
        }
    }

    /// Applies a Receiver of the Secret `token` and waits for its path.
    pub(crate) async fn receiver(&self, name: &str, sender: &str, spec: Value) -> String {
        let mut whole = json!({ "type": sender });
        if sender != "generic-oidc" {
            whole["secretRef"] = json!({ "name": "token" });
        }
        let members = whole.as_object_mut().unwrap();
        members.extend(spec.as_object().unwrap().clone());
        let receiver = json!({
            "apiVersion": "notification.toolkit.fluxcd.io/v1",
            "kind": "Receiver",
            "metadata": { "name": name },
            "spec": whole,
        });
        let applied = self.namespace.apply(&receiver.to_string()).await;
        self.served(name, applied[0].metadata.generation.unwrap())
            .await
    }

    /// Applies the ImageRepository `app` and a Receiver of it, and waits for its path.
    pub(crate) async fn receiver_of_app(&self, name: &str, sender: &str) -> String {
        self.apply_repositories(&["app"]).await;
        let resources = json!({ "resources": [{ "kind": "ImageRepository", "name": "app" }] });
        self.receiver(name, sender, resources).await
    }

    /// The path of a Receiver, once this generation of it is Ready and the process serves it.
    pub(crate) async fn served(&self, name: &str, generation: i64) -> String {
        let api = self.namespace.api::<Receiver>();
        let path = eventually("the path of the Receiver", async || {
            let status = api.get(name).await.unwrap().status?;
            let observed = status.observed_generation == Some(generation);
            status.webhook_path.filter(|_| observed)
        })
        .await;
        self.known(path).await
    }

    /// The path of a Receiver once it is not `path` any more, and the process serves it.
    pub(crate) async fn another_path(&self, name: &str, path: &str) -> String {
        let api = self.namespace.api::<Receiver>();
        let new = eventually("another path of the Receiver", async || {
            let new = api.get(name).await.unwrap().status?.webhook_path?;
            (new != path).then_some(new)
        })
        .await;
        self.known(new).await
    }

    async fn known(&self, path: String) -> String {
        eventually("the Receiver is served", async || {
            // This may be a hook: what it does is done when this returns.
            let answer = self.send(Method::POST, &path, &[], "").await;
            (answer.status() != StatusCode::NOT_FOUND).then_some(())
        })
        .await;
        path
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let mut request = self.client.request(method, url).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    /// What is answered to a JSON body, whose answer has none.
    pub(crate) async fn post(&self, path: &str, body: &str) -> u16 {
        let json = [("content-type", "application/json")];
        let answer = self.send(Method::POST, path, &json, body).await;
        let status = answer.status().as_u16();
        assert_eq!(answer.text().await.unwrap(), "");
        status
    }

    /// When an ImageRepository was last asked to reconcile, as it is written there.
    pub(crate) async fn requested(&self, name: &str) -> Option<String> {
        let api = self.namespace.api::<ImageRepository>();
        let repository = api.get(name).await.unwrap();
        repository.annotations().get(RECONCILE_REQUESTED).cloned()
    }

    /// Which of these ImageRepositories `hook` asks to reconcile.
    pub(crate) async fn asked<'a>(
        &self,
        names: &[&'a str],
        hook: impl Future<Output = u16>,
    ) -> (u16, Vec<&'a str>) {
        let mut before = Vec::new();
        for name in names {
            before.push(self.requested(name).await);
        }
        let status = hook.await;
        let mut asked = Vec::new();
        for (name, before) in names.iter().zip(before) {
            if self.requested(name).await != before {
                asked.push(*name);
            }
        }
        (status, asked)
    }

    /// Lets the process do in another namespace what it may do in its own.
    pub(crate) async fn grant(&self, namespace: &str) {
        let name = self.namespace.name();
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": { "name": name, "namespace": namespace },
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": format!("{name}-webhook-receiver"),
            },
            "subjects": [{ "kind": "ServiceAccount", "name": "webhook-receiver", "namespace": name }],
        });
        self.namespace.apply(&binding.to_string()).await;
    }

    /// Merges this into a Receiver; its generation afterwards.
    pub(crate) async fn patch_receiver(&self, name: &str, patch: Value) -> i64 {
        let api = self.namespace.api::<Receiver>();
        let (params, patch) = (PatchParams::default(), Patch::Merge(patch));
        let patched = api.patch(name, &params, &patch).await;
        patched.unwrap().metadata.generation.unwrap()
    }
}

/// The time in a value of the annotation.
pub(crate) fn time(requested: &str) -> Timestamp {
    let (time, rest) = requested.split_once(" +0000 UTC m=+").unwrap();
    assert!(rest.contains('.'), "{requested}");
    time.replacen(' ', "T", 1)
        .parse::<k8s_openapi::jiff::civil::DateTime>()
        .unwrap()
        .to_zoned(k8s_openapi::jiff::tz::TimeZone::UTC)
        .unwrap()
        .timestamp()
}
