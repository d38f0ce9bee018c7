//! `cargo xtask demo --cluster` as a user runs it: it shows an update from the tag to the commit, and leaves nothing behind.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long the demo may take for a line.
const PATIENCE: Duration = Duration::from_secs(90);

/// The demo with its output; killed when the test fails.
struct Demo {
    child: Child,
    keys: ChildStdin,
    lines: Receiver<String>,
    printed: Vec<String>,
}

impl Demo {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(["demo", "--cluster", "--no-build"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let (keys, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                if sender.send(line.unwrap()).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            keys,
            lines,
            printed: Vec::new(),
        }
    }

    /// Waits for the next line that holds all these parts.
    fn until(&mut self, parts: &[&str]) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| {
                let printed = self.printed.join("\n");
                unreachable!("no line with {parts:?} after:\n{printed}")
            });
            self.printed.push(line.clone());
            if parts.iter().all(|part| line.contains(part)) {
                return line;
            }
        }
    }

    fn interrupt(&self) {
        let id = Pid::from_raw(self.child.id().try_into().unwrap());
        kill(id, Signal::SIGINT).unwrap();
    }

    /// Waits for its end; fails when it left folders of processes behind, which are there as long as the processes.
    fn ended(mut self) -> ExitStatus {
        self.until(&["nothing is left running"]);
        let status = self.child.wait().unwrap();
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let id = format!("-{}-", self.child.id());
        let left: Vec<_> = fs::read_dir(workspace.join("target/control-plane"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains(&id))
            .collect();
        assert_eq!(left, [""; 0]);
        status
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn an_update_is_shown_and_everything_ends() {
    let mut demo = Demo::start(&["--once"]);
    for account in [
        "registry-scanner",
        "policy-evaluator",
        "manifest-setter",
        "git-writer",
    ] {
        let user = format!("system:serviceaccount:flux-system:{account}");
        demo.until(&[account, &user]);
    }
    is_shown(&mut demo, "5.0.3", "13");
    demo.until(&["==> push a new tag: 5.0.4"]);
    demo.until(&[" 0.000 s  registry", ":5.0.4 is pushed"]);
    is_shown(&mut demo, "5.0.4", "14");
    let status = demo.ended();
    assert!(status.success(), "{status}");
}

/// Scan, selection, plan, push and Events of an update, in any order: each comes by a watch of its own. Then the commit.
fn is_shown(demo: &mut Demo, tag: &str, tags: &str) {
    let before = demo.printed.len();
    demo.until(&[" s  Git ", "the commit was there after "]);
    let (found, resolved) = (format!("found {tags} tags"), format!("resolved to {tag}"));
    let (changed, released) = (format!("    +{tag}"), format!("podinfo:{tag}"));
    let expected: [&[&str]; 9] = [
        &[" s  ImageRepository ", "podinfo: successful scan: ", &found],
        &[
            " s  ImagePolicy ",
            "podinfo: Latest image tag for ",
            &resolved,
        ],
        &[
            " s  ImageUpdatePlan ",
            "flux-system-",
            "Pending: ",
            " on main",
        ],
        &[&changed],
        &[" s  Git ", "main: is at "],
        &[
            " s  ImageUpdatePlan ",
            "Pushed: pushed commit '",
            "' to branch 'main'",
        ],
        &[
            " s  ImageUpdateAutomation ",
            "flux-system: repository up-to-date; last push: ",
        ],
        &[
            " s  Event ",
            "ImageUpdateAutomation/flux-system: Normal Succeeded: pushed commit '",
        ],
        &["          ", &released],
    ];
    let shown = &demo.printed[before..];
    for parts in expected {
        let is_it = |line: &String| parts.iter().all(|part| line.contains(part));
        assert!(shown.iter().any(is_it), "{parts:?}: {}", shown.join("\n"));
    }
    let commit = demo.until(&["commit "]);
    assert_eq!(commit.len(), "commit ".len() + 40, "{commit}");
    demo.until(&["Author: fluxcdbot <fluxcdbot@users.noreply.github.com>"]);
    demo.until(&["byte for byte"]);
}

#[test]
fn enter_pushes_and_ctrl_c_ends_it() {
    let mut demo = Demo::start(&[]);
    demo.until(&["==> push a new tag: 5.0.4"]);
    demo.until(&["Enter pushes the next tag, Ctrl-C ends everything."]);
    demo.keys.write_all(b"\n").unwrap();
    demo.until(&["==> push a new tag: 5.0.5"]);
    demo.until(&["ImageRepository", "found 15 tags"]);
    // In the midst of the work.
    demo.interrupt();
    demo.until(&["==> interrupted: end everything"]);
    let status = demo.ended();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn ctrl_c_during_the_start_ends_it() {
    let mut demo = Demo::start(&[]);
    demo.until(&["==> start a control plane"]);
    demo.interrupt();
    let status = demo.ended();
    assert_eq!(status.code(), Some(0));
}
