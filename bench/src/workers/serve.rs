use std::io::{self, BufRead as _, Write as _};

use anyhow::{Context as _, Result};
use test_support::registry::Registry;
use tokio::runtime::Runtime;

/// Serves a registry on a free port, and prints `127.0.0.1:<port>` once it does.
///
/// Each line of standard input is `<repository> <tag> …`: these are the tags of the repository from then on, and
/// an empty line on standard output says so. The end of standard input ends the process, whatever became of its parent.
pub(super) fn run() -> Result<()> {
    let runtime = Runtime::new().context("start the runtime")?;
    let _guard = runtime.enter();
    let registry = runtime.block_on(Registry::start());
    say(&registry.host())?;
    for line in io::stdin().lock().lines() {
        let line = line.context("read standard input")?;
        let mut words = line.split(' ');
        let repository = words.next().unwrap_or_default();
        registry.set_tags(repository, words);
        say("")?;
    }
    Ok(())
}

fn say(line: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush().context("write to standard output")
}
