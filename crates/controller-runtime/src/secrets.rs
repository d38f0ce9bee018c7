//! The Secrets whose changes count at once: those with the label of `--watch-configs-label-selector`.

use std::collections::HashMap;

use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use kube::core::PartialObjectMeta;
use kube::runtime::watcher::Event;

use crate::args::Gate;
use crate::error::RuntimeError;
use crate::runtime::Runtime;
use crate::watch::watch_all;

/// Watches the metadata of the labelled Secrets until the process is to end, and tells `changed` the namespace and the name
/// of each that appears, changes or goes. With the gate `DisableConfigWatchers` none is watched.
pub async fn watch_secrets(
    runtime: &Runtime,
    mut changed: impl FnMut(&str, &str),
) -> Result<(), RuntimeError> {
    if runtime.args.enabled(Gate::DisableConfigWatchers) {
        runtime.shutdown.cancelled().await;
        return Ok(());
    }
    let mut secrets = Secrets::default();
    let config = runtime.scope.watch_secrets();
    watch_all(
        runtime,
        config,
        |event: Event<PartialObjectMeta<Secret>>| {
            for (namespace, name) in secrets.take_in(&event) {
                changed(&namespace, &name);
            }
        },
    )
    .await
}

/// The versions of the Secrets that are watched: what a new listing tells is news only where it differs.
#[derive(Debug, Default)]
struct Secrets {
    versions: HashMap<Name, Option<String>>,
    /// What the listing under way has not named yet.
    unseen: HashMap<Name, Option<String>>,
}

/// Namespace and name.
type Name = (String, String);

impl Secrets {
    /// Takes in what the watch says; the Secrets that have changed.
    fn take_in(&mut self, event: &Event<PartialObjectMeta<Secret>>) -> Vec<Name> {
        match event {
            Event::Init => {
                self.unseen = self.versions.clone();
                Vec::new()
            }
            Event::InitApply(secret) | Event::Apply(secret) => {
                let name = full_name(secret);
                self.unseen.remove(&name);
                let version = secret.resource_version();
                let before = self.versions.insert(name.clone(), version.clone());
                if before == Some(version) {
                    Vec::new()
                } else {
                    vec![name]
                }
            }
            Event::Delete(secret) => {
                let name = full_name(secret);
                self.versions.remove(&name);
                vec![name]
            }
            Event::InitDone => {
                let gone: Vec<Name> = self.unseen.drain().map(|(name, _)| name).collect();
                self.versions.retain(|name, _| !gone.contains(name));
                gone
            }
        }
    }
}

fn full_name(secret: &PartialObjectMeta<Secret>) -> Name {
    (secret.namespace().unwrap_or_default(), secret.name_any())
}

#[cfg(test)]
mod tests;
