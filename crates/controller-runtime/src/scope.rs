//! Which objects a controller looks at.

use k8s_openapi::NamespaceResourceScope;
use kube::runtime::watcher;
use kube::{Api, Client};
use sha2::{Digest as _, Sha256};

use crate::args::Args;

/// The part of the cluster that this process looks at: all namespaces or one, all objects or those with certain labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    namespace: Option<String>,
    selector: Option<String>,
    secrets: Option<String>,
}

impl Scope {
    /// The scope that the flags describe.
    pub fn new(args: &Args) -> Self {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Self {
            namespace: some(&args.runtime_namespace).filter(|_| !args.watch_all_namespaces),
            selector: some(&args.watch_label_selector),
            secrets: some(&args.watch_configs_label_selector),
        }
    }

    /// The one namespace that is looked at; none for all of them.
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// The label selector of the objects that this process reconciles.
    pub fn selector(&self) -> Option<&str> {
        self.selector.as_deref()
    }

    /// The label selector of the Secrets that are watched.
    pub fn secrets_selector(&self) -> Option<&str> {
        self.secrets.as_deref()
    }

    /// Everything of a kind that lies in the scope's namespaces.
    pub fn api<K>(&self, client: &Client) -> Api<K>
    where
        K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        match &self.namespace {
            Some(namespace) => Api::namespaced(client.clone(), namespace),
            None => Api::all(client.clone()),
        }
    }

    /// What to watch of the kinds that this process reconciles.
    pub fn watch(&self) -> watcher::Config {
        selected(self.selector.as_deref())
    }

    /// What to watch of Secrets, by their metadata alone.
    pub fn watch_secrets(&self) -> watcher::Config {
        selected(self.secrets.as_deref())
    }

    /// What tells the Lease of this scope from those of others: the first eight hex digits of the selector's SHA-256.
    pub(crate) fn suffix(&self) -> Option<String> {
        let digest = Sha256::digest(self.selector.as_ref()?.as_bytes());
        let [a, b, c, d, ..] = digest[..] else {
            return None;
        };
        Some(format!("{:08x}", u32::from_be_bytes([a, b, c, d])))
    }
}

fn selected(selector: Option<&str>) -> watcher::Config {
    let config = watcher::Config::default();
    match selector {
        Some(selector) => config.labels(selector),
        None => config,
    }
}
