use std::io::{self, BufRead as _, Write as _};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use test_support::registry::{Effect, Endpoint, Registry};
use tokio::runtime::Runtime;

/// How to serve.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Microseconds that each answer is delayed by
    delay: u64,
}

/// Serves a registry on a free port, and prints `127.0.0.1:<port>` once it does.
///
/// A repository whose name ends in `-<count>` has so many tags. Each line of standard input is a command, and a line
/// on standard output says when it is done: `set <repository> <tag> …` (these are its tags from then on),
/// `push <repository> <tag>` (one more), `requests` (answered with how many there were). The end of standard input
/// ends the process, whatever became of its parent.
pub(super) fn run(args: &Args) -> Result<()> {
    let runtime = Runtime::new().context("start the runtime")?;
    let _guard = runtime.enter();
    let registry = runtime.block_on(Registry::start());
    if args.delay > 0 {
        let delay = Duration::from_micros(args.delay);
        registry.fail_always(Endpoint::Any, Effect::Delay(delay));
    }
    say(&registry.host())?;
    for line in io::stdin().lock().lines() {
        let line = line.context("read standard input")?;
        say(&obey(&registry, &line)?)?;
    }
    Ok(())
}

fn obey(registry: &Registry, line: &str) -> Result<String> {
    let words: Vec<&str> = line.split(' ').collect();
    match &words[..] {
        ["set", repository, tags @ ..] => registry.set_tags(repository, tags.iter().copied()),
        ["push", repository, tag] => {
            registry.push_tag(repository, tag);
        }
        ["requests"] => return Ok(registry.count(Endpoint::Any).to_string()),
        _ => bail!("no such command: {line}"),
    }
    Ok(String::new())
}

fn say(line: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush().context("write to standard output")
}
