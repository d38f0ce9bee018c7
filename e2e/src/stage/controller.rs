//! A controller's process, and everything it asks the API server for.

use std::collections::BTreeMap;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::Value;
use test_support::api_proxy::{ApiProxy, Calls};
use test_support::cluster::{
    Cluster, ControllerOptions, ControllerProcess, Scope, TestNamespace, eventually,
};
use test_support::process::free_port;

use super::{RECEIVER, SETTER, WRITER};

/// The series that counts the passes over an object, up to its labels.
const PASSES: &str = "gotk_reconcile_duration_seconds_count{";
/// What the API server says of a request that no role allows; of a namespace that is on its way out it says else.
const FORBIDDEN: &str = "is forbidden: User ";

/// A controller under the roles of `deploy/base`. What it writes is counted on its way to the API server.
pub struct Controller {
    name: &'static str,
    process: ControllerProcess,
    proxy: ApiProxy,
    health: Client,
    /// Where webhooks go, where it takes some.
    hooks: Option<Client>,
}

impl std::fmt::Debug for Controller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Controller")
            .field("process", &self.process)
            .finish_non_exhaustive()
    }
}

impl Controller {
    pub(super) async fn start(
        namespace: &TestNamespace,
        name: &'static str,
        scope: Scope,
        flags: &[&str],
    ) -> Self {
        let cluster = namespace.cluster();
        let proxy = ApiProxy::start(&config(cluster).await).await;
        let health = format!("127.0.0.1:{}", free_port());
        let mut args: Vec<_> = flags.iter().map(|&flag| flag.to_owned()).collect();
        args.push(format!("--health-addr={health}"));
        if matches!(name, SETTER | WRITER) {
            // In the folder of its process, which goes with it.
            args.push("--cache-dir=cache".to_owned());
        }
        let hooks = (name == RECEIVER).then(|| format!("127.0.0.1:{}", free_port()));
        if let Some(hooks) = &hooks {
            args.push(format!("--receiverAddr={hooks}"));
            if !flags.iter().any(|flag| flag.starts_with("--conversion")) {
                args.extend(conversion(scope));
            }
        }
        let options = ControllerOptions {
            scope,
            args,
            environment: environment(),
            api_server: Some(proxy.url()),
        };
        let process = ControllerProcess::start(cluster, namespace.name(), name, options).await;
        // Whoever waits for a lease asks for it first.
        proxy.until_seen(&Calls::all(), 1).await;
        Self {
            name,
            process,
            proxy,
            health: plain(&format!("http://{health}")),
            hooks: hooks.map(|hooks| plain(&format!("http://{hooks}"))),
        }
    }

    /// Posts a webhook to webhook-receiver; an error where it is refused.
    pub async fn post(&self, path: &str, body: &Value) -> kube::Result<()> {
        let request = http::Request::post(path)
            .header("content-type", "application/json")
            .body(body.to_string().into_bytes());
        let hooks = self
            .hooks
            .as_ref()
            .expect("webhook-receiver takes webhooks");
        let answer = hooks.request_text(request.expect("the path is one")).await;
        answer.map(drop)
    }

    pub(super) async fn ready(&self) {
        let what = format!("readiness of {}", self.name);
        eventually(&what, async || self.readyz().await.ok()).await;
    }

    /// The text of `/readyz`; an error while the controller is not ready.
    pub async fn readyz(&self) -> kube::Result<String> {
        let request = http::Request::get("/readyz").body(Vec::new());
        self.health
            .request_text(request.expect("the path is one"))
            .await
    }

    pub(super) async fn finish(mut self) {
        let status = self.process.terminate().await;
        assert!(status.success(), "{} ended with {status}", self.name);
        let log = self.log();
        let refused = log.lines().find(|line| line.contains(FORBIDDEN));
        assert_eq!(refused, None, "{} lacks a right", self.name);
    }

    /// Its name, that of its directory in `deploy/base`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The user that the API server knows it as.
    pub fn user(&self) -> &str {
        self.process.user()
    }

    /// What it printed so far, in all its lives.
    pub fn log(&self) -> String {
        self.process.output()
    }

    /// The text of its metrics.
    pub async fn metrics(&self) -> String {
        self.process.metrics().await
    }

    /// Kills it at once.
    pub fn kill9(&mut self) {
        self.process.kill9();
    }

    /// Kills it and starts it again; what it wrote before is forgotten.
    pub async fn restart(&mut self) {
        self.process.kill9();
        self.proxy.forget();
        self.process.restart();
        self.ready().await;
    }

    /// What it wrote so far, without Leases and Events: verb, plural, name and subresource, without the namespace.
    pub fn writes(&self) -> Vec<String> {
        let writes = self.proxy.writes();
        let calls = writes.iter().map(|seen| &seen.call);
        calls
            .map(|call| {
                let place: Vec<_> = [&call.resource, &call.name, &call.subresource]
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .map(String::as_str)
                    .collect();
                format!("{:?} {}", call.verb, place.join("/"))
            })
            .collect()
    }

    /// Counts what it writes from now on.
    pub fn forget_writes(&self) {
        self.proxy.forget();
    }

    /// How many passes over each object of a kind it has ended in its present life, by the object's name.
    pub async fn passes(&self, kind: &str) -> BTreeMap<String, u64> {
        passes(&self.metrics().await, kind)
    }

    /// Waits until it has ended this many passes over an object.
    pub async fn until_passed(&self, kind: &str, name: &str, count: u64) {
        eventually(&format!("pass {count} over {kind} {name}"), async || {
            let passes = self.passes(kind).await;
            (passes.get(name) >= Some(&count)).then_some(())
        })
        .await;
    }

    /// Waits until no metric tells of the objects of a namespace any more.
    pub async fn until_forgotten(&self, namespace: &str) {
        let label = format!("namespace=\"{namespace}\"");
        eventually(&format!("no series of {namespace}"), async || {
            (!self.metrics().await.contains(&label)).then_some(())
        })
        .await;
    }
}

/// Definitions belong to no namespace: who sees one namespace alone leaves them as they are.
fn conversion(scope: Scope) -> Vec<String> {
    match scope {
        Scope::Namespace => vec!["--conversion=false".to_owned()],
        Scope::All => {
            let address = format!("127.0.0.1:{}", free_port());
            let url = format!("--conversion-url=https://{address}");
            vec![format!("--conversion-addr={address}"), url]
        }
    }
}

/// Requests for cloud identities lead nowhere, and at once.
fn environment() -> Vec<(String, String)> {
    let nowhere = "http://127.0.0.1:1";
    let names = [
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_STS",
        "AWS_ENDPOINT_URL_ECR",
    ];
    names
        .into_iter()
        .map(|name| (name.to_owned(), nowhere.to_owned()))
        .collect()
}

/// A client that shows no credentials.
fn plain(url: &str) -> Client {
    let config = Config::new(url.parse().expect("the address is one"));
    Client::try_from(config).expect("plain HTTP needs nothing")
}

async fn config(cluster: &Cluster) -> Config {
    let kubeconfig = Kubeconfig::read_from(cluster.kubeconfig());
    let kubeconfig = kubeconfig.expect("the cluster has a kubeconfig");
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    config.expect("the kubeconfig names a cluster")
}

fn passes(metrics: &str, kind: &str) -> BTreeMap<String, u64> {
    let series = metrics
        .lines()
        .filter_map(|line| line.strip_prefix(PASSES)?.split_once("} "));
    let of_kind = series.filter(|(labels, _)| label(labels, "kind") == Some(kind));
    of_kind
        .filter_map(|(labels, count)| {
            Some((
                label(labels, "name")?.to_owned(),
                count.trim().parse().ok()?,
            ))
        })
        .collect()
}

/// The value of a label in `a="b",c="d"`.
fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = labels.split(',').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(key, _)| *key == name)?;
    Some(value.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_are_counted_by_name() {
        let metrics = "\
# TYPE gotk_reconcile_duration_seconds histogram
gotk_reconcile_duration_seconds_sum{kind=\"ImagePolicy\",name=\"a\",namespace=\"n\"} 0.1
gotk_reconcile_duration_seconds_count{kind=\"ImagePolicy\",name=\"a\",namespace=\"n\"} 3
gotk_reconcile_duration_seconds_count{kind=\"ImageRepository\",name=\"b\",namespace=\"n\"} 4
";
        assert_eq!(passes(metrics, "ImagePolicy"), [("a".to_owned(), 3)].into());
    }
}
