//! Ends processes whose owner is gone, even when it was killed and could do nothing any more.
//!
//! A guard is a small process that leads a process group and waits for a file lock (flock(2)). Who uses the group's
//! processes holds that lock; the system releases it when the last of them is gone, however it went. The guard then
//! removes the folder of the processes and kills the group, itself included. While it runs, it holds a lock on
//! `guard.lock` in the folder: that is how others tell a living folder from one left behind.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::process::{find_program, wait_until};

/// What the guard does: `$1` is the folder, `$2` the file whose lock it waits for, `$3` how many seconds that lock must
/// be free, `$4` the program flock. Somebody may come while it waits, so it looks again afterwards; then it keeps the
/// lock to its end, and who comes now waits for that end. The programs it starts do not get its own lock, descriptor 8:
/// they may outlive it.
const SCRIPT: &str = r#"
exec 8<"$1/guard.lock" 9<"$2" && "$4" 8 || exit
until { "$4" 9 && "$4" -u 9 && sleep "$3" && "$4" -n 9; } 8<&-; do :; done
until rm -rf -- "$1"; do sleep 0.1; done
kill -KILL 0
"#;

/// The lock a guard holds as long as it runs.
const LOCK: &str = "guard.lock";
/// The lock of a single owner.
const OWNER: &str = "owner.lock";
/// The guard's process id, which is also that of the group.
const ID: &str = "guard.pid";
/// What a guard may need to start, and a killed group to be gone.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Who keeps the group alive.
#[derive(Clone, Copy, Debug)]
pub(super) enum Keeper<'a> {
    /// The process that sets the guard.
    Owner,
    /// Everybody who holds the lock of this file, and for as many seconds nobody.
    Users(&'a Path, u32),
    /// Nobody: the group runs until [`end`].
    Nobody,
}

/// A process group and its folder; both end with this value, or with the process that holds it.
#[derive(Debug)]
pub(crate) struct Guard {
    child: Option<Child>,
    folder: PathBuf,
    _owner: Option<File>,
}

impl Guard {
    /// Makes `folder` and starts to guard it. First, folders beside it whose guard is gone are removed.
    pub(super) fn set(folder: &Path, keeper: Keeper<'_>) -> io::Result<Self> {
        let home = folder.parent().unwrap_or(folder);
        fs::create_dir_all(home)?;
        // Nobody sweeps while a folder has no guard yet.
        let _one_at_a_time = lock(&home.join("lock"))?;
        sweep(home)?;
        fs::create_dir(folder)?;
        let (itself, owner) = (folder.join(LOCK), folder.join(OWNER));
        drop(open(&itself)?);
        let (waits_for, seconds, owner) = match keeper {
            Keeper::Owner => (owner.as_path(), 0, Some(lock(&owner)?)),
            Keeper::Users(path, seconds) => (path, seconds, None),
            // The guard itself holds this one.
            Keeper::Nobody => (itself.as_path(), 0, None),
        };
        let child = start(folder, waits_for, seconds)?;
        fs::write(folder.join(ID), child.id().to_string())?;
        if !wait_until(TIMEOUT, || is_guarded(folder)) {
            return Err(io::Error::other("the guard does not start"));
        }
        Ok(Self {
            child: Some(child),
            folder: folder.to_owned(),
            _owner: owner,
        })
    }

    /// A guard for processes of this process alone, with a folder of their own.
    pub(crate) fn for_this_process(name: &str) -> io::Result<Self> {
        let folder = super::home().join(super::unique(name));
        Self::set(&folder, Keeper::Owner)
    }

    /// The folder of the processes: absolute, gone when they are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Puts a process that is not yet started into the group.
    pub(crate) fn adopt(&self, command: &mut Command) {
        if let Some(child) = &self.child {
            command.process_group(i32::try_from(child.id()).expect("Linux has no larger ids"));
        }
    }

    /// Kills the whole group, the guard too; the folder stays until this value is dropped.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            kill_group(&child.id().to_string());
            drop(child.wait());
        }
    }

    /// Leaves the group and its folder to the keeper.
    pub(super) fn detach(&mut self) {
        self.child = None;
        self.folder = PathBuf::new();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.kill();
        if !self.folder.as_os_str().is_empty() {
            remove(&self.folder);
        }
    }
}

/// Starts the script, in a process group of its own and without anything of ours open.
fn start(folder: &Path, waits_for: &Path, seconds: u32) -> io::Result<Child> {
    Command::new("/bin/sh")
        .args(["-c", SCRIPT, "guard"])
        .arg(folder)
        .arg(waits_for)
        .arg(seconds.to_string())
        .arg(find_program("flock", "util-linux"))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
}

/// Waits for the exclusive lock of a file, which is made when it is missing.
pub(super) fn lock(path: &Path) -> io::Result<File> {
    let file = open(path)?;
    file.lock()?;
    Ok(file)
}

/// Waits for the shared lock of a file, which is made when it is missing.
pub(super) fn lock_shared(path: &Path) -> io::Result<File> {
    let file = open(path)?;
    file.lock_shared()?;
    Ok(file)
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).append(true).open(path)
}

/// Whether the processes of a folder have a guard that runs.
pub(super) fn is_guarded(folder: &Path) -> bool {
    let file = File::open(folder.join(LOCK));
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Ends the processes of a folder, whoever uses them, and removes it.
pub(super) fn end(folder: &Path) {
    if is_guarded(folder)
        && let Ok(id) = fs::read_to_string(folder.join(ID))
    {
        kill_group(&id);
        wait_until(TIMEOUT, || !is_guarded(folder));
    }
    kill_residents(folder);
    remove(folder);
}

/// Removes the folders in `home` whose guard is gone, as after a crash of the machine.
fn sweep(home: &Path) -> io::Result<()> {
    for entry in fs::read_dir(home)? {
        let folder = entry?.path();
        if folder.is_dir() && !is_guarded(&folder) {
            end(&folder);
        }
    }
    Ok(())
}

fn kill_group(id: &str) {
    if let Ok(id) = id.trim().parse() {
        // An error says that it is gone already.
        let _gone = killpg(Pid::from_raw(id), Signal::SIGKILL);
    }
}

/// Kills the processes that run in `folder`: what is left of a group whose guard was killed.
fn kill_residents(folder: &Path) {
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let id = entry.file_name().to_string_lossy().parse();
        if let Ok(id) = id
            && fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == folder)
        {
            let _gone = kill(Pid::from_raw(id), Signal::SIGKILL);
        }
    }
}

/// A killed process may still write while the system ends it, hence the patience.
fn remove(folder: &Path) {
    wait_until(TIMEOUT, || {
        drop(fs::remove_dir_all(folder));
        !folder.exists()
    });
}

#[cfg(test)]
mod tests;
