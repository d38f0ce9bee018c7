//! The flags of the conversion.

use api::Duration;
use clap::ArgAction::Set;
use controller_runtime::args::{ListenAddress, flag};

use super::endpoint::BaseUrl;

/// Whether and how older API versions are converted; flatten these flags into those of the controller.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct ConversionArgs {
    /// Convert older API versions; with false neither a certificate nor a definition is written.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, action = Set,
        default_value = "true", default_missing_value = "true", value_parser = flag::parse)]
    pub conversion: bool,
    /// Where API servers ask for conversions, over TLS: HOST:PORT, :PORT, or 0 for nowhere.
    #[arg(long, value_name = "ADDRESS", default_value = ":9443")]
    pub conversion_addr: ListenAddress,
    /// How API servers reach that address where they cannot reach its Service: https://HOST:PORT.
    #[arg(long, value_name = "URL")]
    pub conversion_url: Option<BaseUrl>,
    /// How long API servers know a new certificate authority before it is used, and an old one after that.
    #[arg(long, value_name = "DURATION", default_value = "5m")]
    pub conversion_rotation_delay: Duration,
}
