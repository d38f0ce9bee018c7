//! Kubeconfigs: how a user reaches an API server.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use crate::tls;

/// The text of a kubeconfig: `server` (`https://HOST:PORT`) with a certificate signed by `ca_pem`, the user of `token`, the
/// namespace `default`.
pub(super) fn kubeconfig(server: &str, ca_pem: &str, token: &str) -> String {
    let ca = BASE64_STANDARD.encode(ca_pem);
    format!(
        "apiVersion: v1
kind: Config
clusters:
- name: control-plane
  cluster:
    server: {server}
    certificate-authority-data: {ca}
users:
- name: user
  user:
    token: {token}
contexts:
- name: control-plane
  context:
    cluster: control-plane
    user: user
    namespace: default
current-context: control-plane
"
    )
}

/// The text of a kubeconfig for another user of the same cluster, who may go through `server` instead of directly.
pub(crate) fn for_user(kubeconfig: &Kubeconfig, token: &str, server: Option<&str>) -> String {
    let mut kubeconfig = kubeconfig.clone();
    for user in &mut kubeconfig.auth_infos {
        user.auth_info = Some(AuthInfo {
            token: Some(token.to_owned().into()),
            ..AuthInfo::default()
        });
    }
    let clusters = kubeconfig.clusters.iter_mut();
    if let Some(server) = server {
        for cluster in clusters.filter_map(|named| named.cluster.as_mut()) {
            cluster.server = Some(server.to_owned());
        }
    }
    serde_json::to_string(&kubeconfig).expect("a kubeconfig has nothing that JSON has not")
}

/// What a kubeconfig's current context says, for clients.
pub(crate) async fn config(kubeconfig: Kubeconfig) -> Result<Config, String> {
    Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .map_err(|error| format!("the kubeconfig names no usable cluster: {error}"))
}

/// A client; it belongs to the tokio runtime it is made in.
pub(crate) fn client(config: Config) -> Result<Client, String> {
    tls::install_provider();
    Client::try_from(config).map_err(|error| format!("no client can be made: {error}"))
}

/// A client for the text of a kubeconfig.
pub(crate) async fn client_of(kubeconfig: &str) -> Result<Client, String> {
    let parsed = Kubeconfig::from_yaml(kubeconfig)
        .map_err(|error| format!("the kubeconfig is not one: {error}"))?;
    client(config(parsed).await?)
}
