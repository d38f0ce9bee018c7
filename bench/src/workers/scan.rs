use anyhow::{Context as _, Result, ensure};
use image_ref::ImageName;
use registry_client::{Access, Client, Options};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Where to list how much.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The registry, `host:port`; a repository there whose name ends in `-<count>` has so many tags
    registry: String,
    /// How many repositories to list
    repositories: usize,
    /// How many tags each of them has
    tags: usize,
}

/// Lists the tags of all repositories, all at the same time within the bounds of the client.
pub(super) fn run(args: &Args) -> Result<()> {
    let client = Client::new(Options::default())?;
    Runtime::new()
        .context("start the runtime")?
        .block_on(list_all(&client, args))
}

async fn list_all(client: &Client, args: &Args) -> Result<()> {
    let mut lists = JoinSet::new();
    for number in 0..args.repositories {
        let name = format!("{}/app/r{number}-{}", args.registry, args.tags);
        let image = ImageName::parse(&name)?;
        let client = client.clone();
        lists.spawn(async move { client.list_tags(&image, &Access::default()).await });
    }
    while let Some(list) = lists.join_next().await {
        let found = list.context("a task ended early")??.len();
        ensure!(
            found == args.tags,
            "expected {} tags, found {found}",
            args.tags
        );
    }
    Ok(())
}
