//! Pure: from the spec to what a pass works with.

use std::time::Duration;

use api::image::v1::{ImageRepository, ImageRepositorySpec, LocalObjectReference, Provider};
use image_ref::ImageName;
use registry_access::{Asker, FeatureGateDisabled, Resolver};

use crate::error::PassError;
use crate::{ScanError, image_name};

/// What a spec asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Valid {
    pub(crate) image: ImageName,
    /// Zero scans on every pass and wakes none.
    pub(crate) interval: Duration,
    /// Bounds credentials and scan together.
    pub(crate) timeout: Duration,
    /// The list in effect.
    pub(crate) exclusions: Vec<String>,
    pub(crate) asks_for: AccessSpec,
}

/// The fields that say how the registry is reached, and as whom: a change of one is a reason to scan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AccessSpec {
    secret: Option<LocalObjectReference>,
    proxy: Option<LocalObjectReference>,
    certificates: Option<LocalObjectReference>,
    service_account: Option<String>,
    provider: Provider,
    insecure: bool,
}

impl AccessSpec {
    pub(crate) fn of(spec: &ImageRepositorySpec) -> Self {
        Self {
            secret: spec.secret_ref.clone(),
            proxy: spec.proxy_secret_ref.clone(),
            certificates: spec.cert_secret_ref.clone(),
            service_account: spec.service_account_name.clone(),
            provider: spec.provider,
            insecure: spec.insecure,
        }
    }

    /// The names of the Secrets that the spec itself names.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let references = [&self.secret, &self.proxy, &self.certificates];
        references
            .into_iter()
            .flatten()
            .map(|reference| &*reference.name)
    }
}

/// Whether an ImageRepository can be scanned at all, in the order in which Flux looks.
pub(crate) fn repository(
    resolver: &Resolver,
    repository: &ImageRepository,
) -> Result<Valid, PassError> {
    let gate: Result<(), FeatureGateDisabled> =
        resolver.check_gate(repository, Asker::ImageRepository);
    gate.map_err(PassError::Gate)?;
    let spec = &repository.spec;
    let image = image_name(spec).map_err(|error: ScanError| PassError::Image(error))?;
    Ok(Valid {
        image,
        interval: spec.interval.to_std(),
        timeout: spec.timeout().to_std(),
        exclusions: spec.effective_exclusion_list(),
        asks_for: AccessSpec::of(spec),
    })
}
