//! `repin`: parse the arguments, run, exit.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> anyhow::Result<ExitCode> {
    // Only one provider is linked; a second installation cannot happen before this line.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let cli = repin::args::Cli::parse();
    // What the libraries have to say beside their errors, such as a cache that cannot be written.
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(tracing::Level::WARN)
        .without_time()
        .with_target(false)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    Ok(runtime.block_on(repin::run(cli)))
}
