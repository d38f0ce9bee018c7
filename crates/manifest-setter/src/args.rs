use std::path::PathBuf;

use api::Duration;
use clap::Parser;
use controller_runtime::args::SshArgs;

/// Plans the edits that image update automations ask for.
#[derive(Clone, Debug, Parser)]
#[command(name = "manifest-setter", version)]
pub struct Args {
    /// What all controllers take.
    #[command(flatten)]
    pub common: controller_runtime::Args,
    /// For how long changes are gathered after a plan was made or pushed, into one commit; 0s gathers nothing.
    #[arg(long, value_name = "DURATION", default_value = "1s")]
    pub batch_window: Duration,
    /// Where what was fetched is kept; may be deleted at any time.
    #[arg(long, value_name = "DIR", default_value = "/tmp/repin-git")]
    pub cache_dir: PathBuf,
    /// What SSH connections may be made with.
    #[command(flatten)]
    pub ssh: SshArgs,
}
