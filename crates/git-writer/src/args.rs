use std::path::PathBuf;

use clap::Parser;
use controller_runtime::args::SshArgs;

/// Commits, signs and pushes plans.
#[derive(Clone, Debug, Parser)]
#[command(name = "git-writer", version)]
pub struct Args {
    /// What all controllers take.
    #[command(flatten)]
    pub common: controller_runtime::Args,
    /// Folder for what was fetched of the repositories; it may vanish at any time, and only costs another fetch then.
    #[arg(long, value_name = "DIR", default_value = "/tmp/git")]
    pub cache_dir: PathBuf,
    /// What SSH connections may be made with.
    #[command(flatten)]
    pub ssh: SshArgs,
}
