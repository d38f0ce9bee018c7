//! Running `git` apart from the user's and the machine's configuration.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::{DEFAULT_SECONDS, TempRepo};

/// `git` in `directory` with a fixed identity and time, and nothing inherited that could change what it does.
pub fn git_command(directory: &Path) -> Command {
    let time = format!("{DEFAULT_SECONDS} +0000");
    let mut command = Command::new("git");
    command
        .current_dir(directory)
        .stdin(Stdio::null())
        .env_clear();
    for inherited in ["PATH", "TMPDIR"] {
        command.envs(std::env::var_os(inherited).map(|value| (inherited, value)));
    }
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .env("GIT_AUTHOR_NAME", "Test Author")
        .env("GIT_AUTHOR_EMAIL", "author@example.com")
        .env("GIT_AUTHOR_DATE", &time)
        .env("GIT_COMMITTER_NAME", "Test Committer")
        .env("GIT_COMMITTER_EMAIL", "committer@example.com")
        .env("GIT_COMMITTER_DATE", &time);
    command
}

impl TempRepo {
    /// Runs `git` in the repository and returns its standard output without the last line end.
    pub fn git(&self, arguments: &[&str]) -> String {
        let output = self.git_bytes(arguments, b"");
        let text = String::from_utf8_lossy(&output);
        text.strip_suffix('\n').unwrap_or(&text).to_owned()
    }

    /// Runs `git` in the repository, whatever its exit code.
    pub fn try_git(&self, arguments: &[&str]) -> Output {
        self.run(arguments, b"")
    }

    pub(super) fn git_bytes(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let output = self.run(arguments, input);
        expect_success(arguments, &output);
        output.stdout
    }

    fn run(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut child = git_command(&self.path)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("git is installed");
        let mut stdin = child.stdin.take().expect("the child's input is piped");
        std::thread::scope(|scope| {
            // A child that stops reading early says why on its error output, so a broken pipe is no news.
            scope.spawn(move || stdin.write_all(input).ok());
            child
                .wait_with_output()
                .expect("the output of git is readable")
        })
    }
}

#[expect(
    clippy::panic,
    reason = "a fixture that cannot be built is a failed test"
)]
fn expect_success(arguments: &[&str], output: &Output) {
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        panic!(
            "git {} failed with {}: {text}",
            arguments.join(" "),
            output.status
        );
    }
}
