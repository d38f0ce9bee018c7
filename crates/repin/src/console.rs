//! What goes to the terminal: results on standard output, everything else on standard error.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often a bar is redrawn.
const TICK: Duration = Duration::from_millis(100);

/// Standard output and standard error, with what is known of the terminal.
#[derive(Clone, Debug)]
pub(crate) struct Console {
    quiet: bool,
    colour: bool,
    colour_messages: bool,
}

impl Console {
    /// Looks at the terminal and the environment: colours only on a terminal and without `NO_COLOR`, progress bars only
    /// on a terminal.
    pub(crate) fn new(quiet: bool) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            quiet,
            colour: !plain && io::stdout().is_terminal(),
            colour_messages: !plain && io::stderr().is_terminal(),
        }
    }

    /// Whether results are coloured.
    pub(crate) fn colour(&self) -> bool {
        self.colour
    }

    /// Prints a result. A reader that went away (`| head`) is no error.
    #[expect(
        clippy::unused_self,
        reason = "all that is printed goes through the console"
    )]
    pub(crate) fn result(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            done => done,
        }
    }

    /// Tells what happens, unless asked to be quiet.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            say(text);
        }
    }

    /// Warns, also when quiet.
    pub(crate) fn warn(&self, text: &str) {
        say(&format!("{} {text}", self.label("warning:", "33")));
    }

    /// Reports a failure, also when quiet.
    pub(crate) fn error(&self, text: &str) {
        say(&format!("{} {text}", self.label("error:", "31")));
    }

    fn label(&self, label: &str, code: &str) -> String {
        if self.colour_messages {
            format!("\x1b[1;{code}m{label}\x1b[0m")
        } else {
            label.to_owned()
        }
    }

    /// A bar for `total` steps; invisible when standard error is no terminal.
    pub(crate) fn bar(&self, what: &str, total: u64) -> ProgressBar {
        let bar = if !self.quiet && total > 0 && io::stderr().is_terminal() {
            ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr())
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("{msg:<24} {bar:32} {pos}/{len}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(TICK);
        bar
    }
}

/// A standard error that cannot be written to leaves nothing to tell anybody.
fn say(text: &str) {
    writeln!(io::stderr().lock(), "{text}").ok();
}
