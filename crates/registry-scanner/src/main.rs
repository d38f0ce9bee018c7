//! The controller `registry-scanner`.

use clap::Parser as _;
use registry_scanner::Args;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("another crypto provider is installed already"))?;
    registry_scanner::run(&Args::parse()).await?;
    Ok(())
}
