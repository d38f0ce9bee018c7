//! A registry in a process of its own, so that its work is not counted as that of its client.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::measure::this_program;

/// How long a registry waits before each answer so that a client has it after a millisecond. The rest is what the system's
/// timer takes beyond the wait, and the answer itself.
pub(crate) const A_MILLISECOND: Duration = Duration::from_micros(700);

/// A running registry. It ends with this value, and with this process in any case.
#[derive(Debug)]
pub(crate) struct RegistryProcess {
    host: String,
    child: Child,
    /// Closed to end the process; `None` from then on.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl RegistryProcess {
    /// Starts it and waits until it listens. Each of its answers takes `delay` longer than it has to.
    pub(crate) fn start(delay: Duration) -> Result<Self> {
        let microseconds = delay.as_micros().to_string();
        let mut child = Command::new(this_program()?)
            .args(["worker", "serve-registry", &microseconds])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start the registry")?;
        let input = child.stdin.take();
        let output = child.stdout.take().expect("its output is piped");
        let mut registry = Self {
            host: String::new(),
            child,
            input,
            output: BufReader::new(output),
        };
        registry.host = registry.answer()?;
        Ok(registry)
    }

    /// `127.0.0.1:<port>`, as it stands in an image name.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Gives `repository` exactly these tags.
    pub(crate) fn set_tags(&mut self, repository: &str, tags: &[String]) -> Result<()> {
        self.ask(&format!("set {repository} {}", tags.join(" ")))
            .map(drop)
    }

    /// Adds a tag to `repository`, as a push does.
    pub(crate) fn push_tag(&mut self, repository: &str, tag: &str) -> Result<()> {
        self.ask(&format!("push {repository} {tag}")).map(drop)
    }

    /// How many requests there were so far.
    pub(crate) fn requests(&mut self) -> Result<u64> {
        let answer = self.ask("requests")?;
        answer
            .parse()
            .with_context(|| format!("expected the number of requests, found {answer:?}"))
    }

    fn ask(&mut self, line: &str) -> Result<String> {
        let input = self.input.as_mut().context("the registry has ended")?;
        writeln!(input, "{line}").context("write to the registry")?;
        self.answer()
    }

    fn answer(&mut self) -> Result<String> {
        let mut line = String::new();
        let bytes = self.output.read_line(&mut line);
        ensure!(
            bytes.context("read from the registry")? > 0,
            "the registry ended early"
        );
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for RegistryProcess {
    fn drop(&mut self) {
        drop(self.input.take());
        drop(self.child.wait());
    }
}
