//! Disks that are soon full.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::processes::Victim;
use super::site::Site;

/// File systems in memory in the place of caches; gone with this value.
#[derive(Debug)]
pub struct SmallDisks(Vec<PathBuf>);

impl Site {
    /// Puts a file system of 8 MiB in the place of the cache of each of these controllers; `None` where this process may not
    /// mount any.
    pub fn small_disks(&self, victims: &[Victim]) -> Option<SmallDisks> {
        let mut disks = SmallDisks(Vec::new());
        for victim in victims {
            let folder = self.cache(*victim);
            fs::create_dir_all(&folder).expect("the folder for temporary files is writable");
            let mut mount = Command::new("mount");
            mount.args(["-t", "tmpfs", "-o", "size=8m,mode=0777", "tmpfs"]);
            if !succeeds(mount.arg(&folder)) {
                return None;
            }
            disks.0.push(folder);
        }
        Some(disks)
    }
}

impl SmallDisks {
    /// Leaves no room.
    pub fn fill(&self) {
        for folder in &self.0 {
            let mut file = File::create(folder.join("filler")).expect("the disk is new");
            let (block, byte) = (vec![0; 64 << 10], [0]);
            while file.write_all(&block).is_ok() {}
            while file.write_all(&byte).is_ok() {}
        }
    }

    /// Makes room again.
    pub fn empty(&self) {
        for folder in &self.0 {
            fs::remove_file(folder.join("filler")).expect("the disk was filled");
        }
    }
}

impl Drop for SmallDisks {
    fn drop(&mut self) {
        for folder in &self.0 {
            // Whoever holds a file open there still keeps the disk until then.
            succeeds(Command::new("umount").arg("--lazy").arg(folder));
        }
    }
}

fn succeeds(command: &mut Command) -> bool {
    let silent = command.stdout(Stdio::null()).stderr(Stdio::null());
    silent.status().is_ok_and(|status| status.success())
}
