//! Which GitRepository an automation means.

use api::image::v1::ImageUpdateAutomation;
use kube::ResourceExt as _;

use crate::error::AccessError;
use crate::target::TargetError;

/// Namespace and name of the GitRepository of an automation. `no_cross_namespace` is `--no-cross-namespace-refs`: one of
/// another namespace is refused then. An automation without `spec.git` is refused, too, as in Flux before anything is read.
pub fn source_of(
    automation: &ImageUpdateAutomation,
    no_cross_namespace: bool,
) -> Result<(String, String), AccessError> {
    if automation.spec.git.is_none() {
        return Err(AccessError::Target(TargetError::NoGit));
    }
    let reference = &automation.spec.source_ref;
    let own = automation.namespace().unwrap_or_default();
    let namespace = reference.namespace.clone().unwrap_or_else(|| own.clone());
    if no_cross_namespace && namespace != own {
        return Err(AccessError::CrossNamespace {
            namespace,
            name: reference.name.clone(),
        });
    }
    Ok((namespace, reference.name.clone()))
}
