//! Whether the feature gate lets an ImageRepository have the identity of a ServiceAccount.

use api::image::v1::{ImageRepositorySpec, Provider};
use cloud_identity::{Asker, FeatureGateDisabled};

/// The ServiceAccount that an ImageRepository names; an empty name is none.
pub(crate) fn account_of(spec: &ImageRepositorySpec) -> Option<&str> {
    let name = spec.service_account_name.as_deref();
    name.filter(|name| !name.is_empty())
}

/// Whether an ImageRepository may be used as far as the gate goes. `object_level_identity` is the gate's state.
pub(crate) fn check(
    object_level_identity: bool,
    spec: &ImageRepositorySpec,
    asker: Asker,
) -> Result<(), FeatureGateDisabled> {
    let wants = spec.provider != Provider::Generic && account_of(spec).is_some();
    if wants && !object_level_identity {
        return Err(FeatureGateDisabled(asker));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(provider: Provider, account: Option<&str>, gate: bool, asker: Asker) -> Option<String> {
        let spec = ImageRepositorySpec {
            provider,
            service_account_name: account.map(str::to_owned),
            ..ImageRepositorySpec::default()
        };
        let error = check(gate, &spec, asker).err()?;
        Some(error.to_string())
    }

    #[test]
    fn a_service_account_with_a_provider_needs_the_gate() {
        let own = "to use spec.serviceAccountName for provider authentication please enable the ObjectLevelWorkloadIdentity feature gate in the controller";
        let other = "to use spec.serviceAccountName in the ImageRepository for provider authentication please enable the ObjectLevelWorkloadIdentity feature gate in the controller";
        let of = |asker| text(Provider::Aws, Some("robot"), false, asker);
        assert_eq!(of(Asker::ImageRepository).as_deref(), Some(own));
        assert_eq!(of(Asker::ImagePolicy).as_deref(), Some(other));
        for (provider, account, gate) in [
            (Provider::Aws, Some("robot"), true),
            (Provider::Aws, None, false),
            (Provider::Aws, Some(""), false),
            (Provider::Generic, Some("robot"), false),
        ] {
            let found = text(provider, account, gate, Asker::ImageRepository);
            assert_eq!(found, None, "{provider:?} {account:?} {gate}");
        }
    }
}
