//! `cargo xtask demo --cluster`: the guide's objects on a control plane of this machine, and the five controllers at work.
//!
//! Everything is started for the demo and ends with it: by Ctrl-C, by itself with `--once`, or with this process however it
//! goes. The controllers run under their own ServiceAccounts with the roles and admission policies of `deploy/base`.

mod hops;
mod line;
mod news;
mod show;
mod site;

use std::io::BufRead as _;
use std::time::Duration;

use anyhow::{Context as _, Result};
use test_support::webhooks::docker_hub;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::neighbours::Neighbours;
use super::seed::IMAGE;
use super::{judge, stage};
use crate::program::cargo;
use crate::{console, control_plane};
use show::Show;
use site::{CONTROLLERS, Site};

/// How many policies there are.
const POLICIES: usize = 2;
/// What the policy selects of the tags that are there at the start, and the tags that come after it.
const SELECTED: &str = "5.0.3";
const FIRST_NEW: u32 = 4;
/// How long after a commit further changes are gathered: `--batch-window`, and some more. The demo has one change at a time.
const BATCH_WINDOW: Duration = Duration::from_millis(1200);
/// How long an update may take before the demo has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// What `cargo xtask demo --cluster` takes beside.
#[derive(clap::Args)]
// The struct that this one is flattened into has the same name.
#[group(skip)]
pub(crate) struct Args {
    /// End after the first new tag, without waiting for Ctrl-C.
    #[arg(long, requires = "cluster")]
    once: bool,
    /// Run the controllers as they were built last.
    #[arg(long, requires = "cluster")]
    no_build: bool,
}

/// Runs the demo; an error when an update does not come, or is not as it should be. Ctrl-C is no error.
pub(crate) fn run(args: &Args) -> Result<()> {
    control_plane::ensure()?;
    if !args.no_build {
        stage("build the controllers", build)?;
    }
    let home = tempfile::tempdir().context("create a temporary directory")?;
    let neighbours = stage("start a registry and a Git server, seed both", || {
        Neighbours::serve(home.path())
    })?;
    let runtime = Runtime::new().context("start a runtime")?;
    runtime.block_on(until_interrupted(&neighbours, args.once))
}

fn build() -> Result<()> {
    let packages = CONTROLLERS.iter().flat_map(|name| ["--package", name]);
    cargo(["build", "--locked"]).args(packages).run()
}

/// The demo, up to its end or the first signal. What it started is ended in both cases.
async fn until_interrupted(neighbours: &Neighbours, once: bool) -> Result<()> {
    let signals = (SignalKind::interrupt(), SignalKind::terminate());
    let mut interrupt = signal(signals.0).context("listen for SIGINT")?;
    let mut terminate = signal(signals.1).context("listen for SIGTERM")?;
    let mut site = None;
    let played = {
        let play = play(neighbours, &mut site, once);
        tokio::select! {
            biased;
            _ = interrupt.recv() => None,
            _ = terminate.recv() => None,
            played = play => Some(played),
        }
    };
    console::heading(match &played {
        None => "interrupted: end everything",
        Some(_) => "end everything",
    });
    if let Some(site) = site {
        site.end().await;
    }
    console::line("nothing is left running");
    played.unwrap_or(Ok(()))
}

async fn play(neighbours: &Neighbours, site: &mut Option<Site>, once: bool) -> Result<()> {
    console::heading("start a control plane and the five controllers");
    let site = site.insert(Site::start().await?);
    site.run_controllers().await?;
    let mut show = Show::new(news::watch(&site.client(), neighbours.repository()));

    console::heading("apply the guide's objects for image scanning");
    let seed = neighbours.seed();
    show.begin();
    site.apply(&seed.for_scanning).await?;
    in_time(site, "selected tags", show.until_selected(POLICIES)).await?;
    console::heading("apply the guide's object for image updates");
    show.begin();
    site.apply(&seed.for_updates).await?;
    updated(site, &mut show, SELECTED).await?;
    judge::show(neighbours)?;
    judge::has_moved_on(neighbours, 1, &seed.updated_manifests())?;

    console::heading("apply the guide's object for webhooks");
    show.begin();
    site.apply(&seed.for_webhooks).await?;
    let mut path = String::new();
    in_time(site, "path of the Receiver", async {
        path = show.until_received().await?;
        site.until_taken(&path).await
    })
    .await?;
    let mut tags = (FIRST_NEW..).map(|patch| format!("5.0.{patch}"));
    let mut commits = 1;
    let mut keys = keys();
    for tag in &mut tags {
        show.go_on_beyond(BATCH_WINDOW).await;
        console::heading(format_args!("push a new tag: {tag}"));
        show.begin();
        show.note(
            "registry",
            &format!("{} is pushed", neighbours.push_tag(&tag)),
        );
        show.note("registry", "its webhook is sent, as Docker Hub does");
        show.follow(&tag);
        site.post(&path, &docker_hub(IMAGE, &tag)).await?;
        show.answered();
        updated(site, &mut show, &tag).await?;
        commits += 1;
        let expected = seed.released_manifests(&tag);
        judge::show(neighbours)?;
        judge::has_moved_on(neighbours, commits, &expected)?;
        show.tell_hops()?;
        if once {
            break;
        }
        console::heading("look around");
        site.tell_how_to_look();
        console::line("Enter pushes the next tag, Ctrl-C ends everything.");
        show.go_on_until(&mut keys).await;
    }
    Ok(())
}

/// Shows what happens until the update to a tag is committed and told.
async fn updated(site: &Site, show: &mut Show, tag: &str) -> Result<()> {
    let what = format!("commit of {tag}");
    in_time(site, &what, show.until_updated(tag)).await
}

/// What takes too long is an error, with what the controllers say.
async fn in_time(site: &Site, what: &str, shown: impl Future<Output = Result<()>>) -> Result<()> {
    let shown = tokio::time::timeout(PATIENCE, shown).await;
    shown
        .ok()
        .with_context(|| format!("no {what} within {PATIENCE:?}:\n{}", site.logs()))?
}

/// One message for each line on the standard input, that is for each Enter. The thread ends with the process: nothing else
/// ends the wait for a line.
fn keys() -> mpsc::UnboundedReceiver<()> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            if line.is_err() || sender.send(()).is_err() {
                break;
            }
        }
    });
    receiver
}
