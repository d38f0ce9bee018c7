//! Programs the tasks start: the only module of the crate that starts a process.
//!
//! Each program runs in the root of the repository, gets no standard input, and turns a non-zero exit into an error that names it.

use std::ffi::OsStr;
use std::fmt::{self, Display, Formatter};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::workspace;

/// A program with its arguments, not yet started.
pub(crate) struct Program {
    command: Command,
}

/// The cargo that runs this task.
pub(crate) fn cargo<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Program {
    let path = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Program::new(path).args(args)
}

impl Program {
    /// A program by name or path.
    pub(crate) fn new(path: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(path);
        command.current_dir(workspace::root()).stdin(Stdio::null());
        // `cargo run` describes xtask to its child; build scripts that watch these names would be run again for nothing.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(describes_a_package) {
                command.env_remove(name);
            }
        }
        Self { command }
    }

    /// Adds one argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets a variable of its environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs in another directory than the root of the repository.
    pub(crate) fn directory(mut self, path: &Path) -> Self {
        self.command.current_dir(path);
        self
    }

    /// Runs it with our own output; an exit code other than 0 is an error.
    pub(crate) fn run(mut self) -> Result<()> {
        let status = self
            .command
            .status()
            .with_context(|| format!("start `{self}`"))?;
        if !status.success() {
            bail!("`{self}` ended with {status}");
        }
        Ok(())
    }

    /// The command, to become it.
    pub(crate) fn into_command(self) -> Command {
        self.command
    }

    /// Runs it and returns its standard output; its standard error is ours.
    pub(crate) fn output(mut self) -> Result<String> {
        let output = self
            .command
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("start `{self}`"))?;
        if !output.status.success() {
            bail!("`{self}` ended with {}", output.status);
        }
        String::from_utf8(output.stdout).with_context(|| format!("`{self}` printed no UTF-8"))
    }

    /// Runs it with what it says on standard error in the file `log`, each line of which `seen` gets, too; an exit code other
    /// than 0 is an error that names the log.
    pub(crate) fn log_to(mut self, log: &Path, mut seen: impl FnMut(&str)) -> Result<()> {
        let open = || format!("write {}", log.display());
        let mut file = File::create(log).with_context(open)?;
        self.command.stderr(Stdio::piped());
        let mut child = self
            .command
            .spawn()
            .with_context(|| format!("start `{self}`"))?;
        let errors = child.stderr.take().expect("the stream was piped above");
        for line in BufReader::new(errors).lines() {
            let line = line.with_context(|| format!("read from `{self}`"))?;
            writeln!(file, "{line}").with_context(open)?;
            seen(&line);
        }
        let status = child.wait().with_context(|| format!("wait for `{self}`"))?;
        if !status.success() {
            bail!("`{self}` ended with {status}: see {}", log.display());
        }
        Ok(())
    }

    /// Runs it, shows what it prints on the named stream, and returns those lines that `keep` picks, whatever the exit code.
    pub(crate) fn watch(mut self, stream: Stream, keep: fn(&str) -> bool) -> Result<Watched> {
        match stream {
            Stream::Output => self.command.stdout(Stdio::piped()),
            Stream::Error => self.command.stderr(Stdio::piped()),
        };
        let mut child = self
            .command
            .spawn()
            .with_context(|| format!("start `{self}`"))?;
        let kept = match stream {
            Stream::Output => child
                .stdout
                .take()
                .map(|out| show(out, std::io::stdout(), keep)),
            Stream::Error => child
                .stderr
                .take()
                .map(|err| show(err, std::io::stderr(), keep)),
        };
        let kept = kept
            .expect("the stream was piped above")
            .with_context(|| format!("read from `{self}`"))?;
        let status = child.wait().with_context(|| format!("wait for `{self}`"))?;
        Ok(Watched {
            kept,
            succeeded: status.success(),
        })
    }
}

/// Which stream of a program [`Program::watch`] reads.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// What [`Program::watch`] saw.
pub(crate) struct Watched {
    /// The lines that were picked, without colours.
    pub(crate) kept: Vec<String>,
    /// Whether the exit code was 0.
    pub(crate) succeeded: bool,
}

impl Display for Program {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = Path::new(self.command.get_program())
            .file_name()
            .unwrap_or_default();
        write!(f, "{}", name.display())?;
        self.command
            .get_args()
            .try_for_each(|arg| write!(f, " {}", arg.display()))
    }
}

fn describes_a_package(name: &str) -> bool {
    [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
        "CARGO_PRIMARY_",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

fn show(
    from: impl std::io::Read,
    mut to: impl std::io::Write,
    keep: fn(&str) -> bool,
) -> Result<Vec<String>> {
    let mut kept = Vec::new();
    let mut from = BufReader::new(from);
    let mut raw = Vec::new();
    while from.read_until(b'\n', &mut raw)? != 0 {
        to.write_all(&raw)?;
        to.flush()?;
        let line = without_colours(&String::from_utf8_lossy(&raw));
        if keep(&line) {
            kept.push(line.trim().to_owned());
        }
        raw.clear();
    }
    Ok(kept)
}

/// Drops the escape sequences that colour text.
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        if char == '\u{1b}' {
            chars.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(char);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_an_error_that_names_it() {
        let error = Program::new("false").arg("--now").run().unwrap_err();
        assert!(
            error.to_string().starts_with("`false --now` ended with"),
            "{error}"
        );
    }

    #[test]
    fn watched_lines_are_kept_without_colours() {
        let seen = Program::new("printf")
            .arg("one\\n\\033[32m  two\\033[0m\\nthree")
            .watch(Stream::Output, |line| line.contains('t'))
            .unwrap();
        assert_eq!(seen.kept, ["two", "three"]);
        assert!(seen.succeeded);
    }

    #[test]
    fn a_failure_names_the_log_that_holds_what_was_said() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let mut seen = Vec::new();
        let error = Program::new("sh")
            .args(["-c", "echo one >&2; echo two >&2; exit 3"])
            .log_to(&log, |line| seen.push(line.to_owned()))
            .unwrap_err();
        assert!(error.to_string().ends_with(&log.display().to_string()));
        assert_eq!(seen, ["one", "two"]);
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "one\ntwo\n");
    }

    #[test]
    fn the_exit_code_of_a_watched_program_is_told() {
        assert!(
            !Program::new("false")
                .watch(Stream::Error, |_| true)
                .unwrap()
                .succeeded
        );
    }

    #[test]
    fn variables_that_describe_xtask_are_not_handed_on() {
        assert!(describes_a_package("CARGO_PKG_NAME"));
        assert!(!describes_a_package("CARGO_TARGET_DIR"));
        assert!(!describes_a_package("CARGO_HOME"));
    }
}
