//! Real servers as child processes: found, started, awaited, and gone with the test.
//!
//! A missing program is a panic that names the Debian package: it never turns into a skipped test.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;

/// How long a local server may take to answer before its test fails.
pub const START_TIMEOUT: Duration = Duration::from_secs(20);

/// Where [`free_port`] looks: above the well-known ports, below those that Linux gives to clients.
const PORTS: Range<u16> = 10_000..32_000;

/// Where daemons lie that are not on a user's `PATH`.
const DAEMON_DIRS: [&str; 3] = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

/// The full path of `program`; panics and names the Debian `package` to install when it is missing.
pub fn find_program(program: &str, package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .chain(DAEMON_DIRS.iter().map(PathBuf::from))
        .map(|dir| dir.join(program))
        .find(|candidate| candidate.is_file());
    assert!(
        found.is_some(),
        "this test needs the program {program}: install it with `apt-get install {package}`"
    );
    found.unwrap_or_default()
}

/// A port of 127.0.0.1 that nothing listens on and that this process has not handed out before.
///
/// Test processes run side by side: each begins at a place of its own, below the ports that the system gives to clients.
pub fn free_port() -> u16 {
    static NEXT: LazyLock<AtomicU32> =
        LazyLock::new(|| AtomicU32::new(std::process::id().wrapping_mul(61)));
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed) % u32::from(PORTS.end - PORTS.start);
        let port = PORTS.start + u16::try_from(number).unwrap_or_default();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// Calls `condition` until it holds; `false` when it does not within `timeout`.
///
/// The pauses start at one millisecond and stay below fifty.
pub fn wait_until(timeout: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    while !condition() {
        if start.elapsed() > timeout {
            return false;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
    true
}

/// A child process, killed with all its own children when this value is dropped.
#[derive(Debug)]
pub struct Server {
    name: String,
    child: Child,
    output: NamedTempFile,
}

impl Server {
    /// Starts `command` in a process group of its own and keeps what it prints.
    pub fn spawn(command: &mut Command) -> Self {
        let name = Path::new(command.get_program())
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let output = NamedTempFile::new().expect("the temporary directory is writable");
        let handle = |file: &File| Stdio::from(file.try_clone().expect("a file can be cloned"));
        let child = command
            .stdin(Stdio::null())
            .stdout(handle(output.as_file()))
            .stderr(handle(output.as_file()))
            .process_group(0)
            .spawn();
        Self {
            child: child.unwrap_or_else(|error| unreachable!("{name} does not start: {error}")),
            name,
            output,
        }
    }

    /// Waits until something listens on `port` of 127.0.0.1. The error holds what the server printed.
    pub fn wait_for_port(&mut self, port: u16) -> Result<(), String> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        self.wait_for(&format!("port {port}"), || {
            TcpStream::connect(address).is_ok()
        })
    }

    /// Waits until `condition` holds, at most [`START_TIMEOUT`] and no longer than the process lives.
    /// The error holds what the server printed.
    pub fn wait_for(
        &mut self,
        what: &str,
        mut condition: impl FnMut() -> bool,
    ) -> Result<(), String> {
        let mut exit = None;
        let met = wait_until(START_TIMEOUT, || {
            exit = self.child.try_wait().ok().flatten();
            exit.is_some() || condition()
        });
        let problem = match exit {
            Some(status) => format!("ended with {status}"),
            None if met => return Ok(()),
            None => format!("did not answer within {START_TIMEOUT:?}"),
        };
        let (name, output) = (&self.name, self.output());
        Err(format!(
            "{name} {problem} while waiting for {what}:\n{output}"
        ))
    }

    /// What the process printed so far, both streams.
    pub fn output(&self) -> String {
        let bytes = std::fs::read(self.output.path()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The process id, which is also the id of its process group.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The group, because nginx and sshd leave workers behind when only their parent is killed.
        let group = format!("kill -KILL -{}", self.child.id());
        let killed = Command::new("/bin/sh")
            .args(["-c", &group])
            .stderr(Stdio::null())
            .status();
        if !killed.is_ok_and(|status| status.success()) {
            drop(self.child.kill());
        }
        drop(self.child.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "apt-get install imaginary-package")]
    fn a_missing_program_names_its_package() {
        find_program("imaginary-program", "imaginary-package");
    }

    #[test]
    fn a_dropped_server_takes_its_children_along() {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "sleep 1000 & echo $!; wait"]);
        let mut server = Server::spawn(&mut command);
        let printed = server.output.path().to_owned();
        let pid = || {
            std::fs::read_to_string(&printed)
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        server
            .wait_for("the child's id", || !pid().is_empty())
            .unwrap();
        let proc_dir = PathBuf::from(format!("/proc/{}", pid()));
        assert!(proc_dir.exists());
        drop(server);
        let gone = || {
            std::fs::read_to_string(proc_dir.join("stat"))
                .map_or(true, |stat| stat.contains(") Z "))
        };
        assert!(wait_until(START_TIMEOUT, gone));
    }

    #[test]
    fn a_server_that_ends_early_shows_what_it_printed() {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "echo no such configuration >&2; exit 3"]);
        let error = Server::spawn(&mut command)
            .wait_for_port(free_port())
            .unwrap_err();
        assert!(error.contains("exit status: 3"), "{error}");
        assert!(error.contains("no such configuration"), "{error}");
    }
}
