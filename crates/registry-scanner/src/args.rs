use clap::Parser;

/// Scans container image repositories, and keeps their tags in the cluster.
#[derive(Clone, Debug, Parser)]
#[command(name = "registry-scanner", version)]
pub struct Args {
    /// What all controllers take.
    #[command(flatten)]
    pub common: controller_runtime::Args,
}
