//! Flags that keep a Deployment written for Flux starting.

use clap::ArgAction::Set;

use super::{ArgsError, flag};

/// What Flux's controllers take, or took once, and these controllers have no use for.
///
/// The flags of Flux's tag database are accepted by each controller, because one controller of Flux did the work of two
/// of these; each that is given is warned about at start.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct LegacyArgs {
    /// Folder of Flux's tag database.
    #[arg(long, hide = true)]
    storage_path: Option<String>,
    /// Size of a file of Flux's tag database.
    #[arg(long, hide = true)]
    storage_value_log_file_size: Option<i64>,
    /// Size from which Flux compresses a tag file.
    #[arg(long, hide = true)]
    storage_compression_threshold: Option<i64>,
    /// Minutes between two cleanings of Flux's tag database.
    #[arg(long, hide = true)]
    gc_interval: Option<u16>,
    /// Removed by Flux.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, action = Set,
        default_missing_value = "true", value_parser = flag::parse)]
    aws_autologin_for_ecr: Option<bool>,
    /// Removed by Flux.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, action = Set,
        default_missing_value = "true", value_parser = flag::parse)]
    gcp_autologin_for_gcr: Option<bool>,
    /// Removed by Flux.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, action = Set,
        default_missing_value = "true", value_parser = flag::parse)]
    azure_autologin_for_acr: Option<bool>,
}

impl LegacyArgs {
    /// Refuses what would silently work without credentials.
    pub(super) fn check(&self) -> Result<(), ArgsError> {
        let removed = [
            (self.aws_autologin_for_ecr, "aws-autologin-for-ecr", "aws"),
            (self.gcp_autologin_for_gcr, "gcp-autologin-for-gcr", "gcp"),
            (
                self.azure_autologin_for_acr,
                "azure-autologin-for-acr",
                "azure",
            ),
        ];
        match removed.into_iter().find(|(given, ..)| given.is_some()) {
            Some((_, flag, provider)) => Err(ArgsError::Autologin { flag, provider }),
            None => Ok(()),
        }
    }

    /// One sentence for each flag that was given and has no effect.
    pub(super) fn without_effect(&self) -> impl Iterator<Item = String> {
        [
            (self.storage_path.is_some(), "storage-path"),
            (
                self.storage_value_log_file_size.is_some(),
                "storage-value-log-file-size",
            ),
            (
                self.storage_compression_threshold.is_some(),
                "storage-compression-threshold",
            ),
            (self.gc_interval.is_some(), "gc-interval"),
        ]
        .into_iter()
        .filter(|(given, _)| *given)
        .map(|(_, flag)| {
            format!("--{flag} has no effect: tags are kept as ImageTagSlices in the API server")
        })
    }
}
