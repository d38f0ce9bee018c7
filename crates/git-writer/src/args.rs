use std::path::PathBuf;

use clap::Parser;

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
    /// Key exchange algorithms for SSH, best first, separated by commas; the usual ones when empty.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub ssh_kex_algos: Vec<String>,
    /// Host key algorithms for SSH, best first, separated by commas; the usual ones when empty.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub ssh_hostkey_algos: Vec<String>,
}
