use std::io::{self, Write};

use super::manifests::{ENTRY_LETTERS, image_line};
use super::{FILES, Random, manifest, path};

/// The time of the first commit, in seconds since 1970; each later one follows after a minute.
const FIRST_SECONDS: usize = 1_700_000_000;
/// The line of a manifest that names its image, from 0.
const IMAGE_LINE: usize = 13;
/// Lines of a manifest that hold entries, from 0.
const ENTRY_LINES: std::ops::Range<usize> = 58..110;

/// How large a repository is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Manifests in every commit.
    pub(crate) files: usize,
    /// Commits, the first included.
    pub(crate) commits: usize,
}

impl Shape {
    /// The repository of the benchmarks: 20,000 files, 5,000 commits.
    pub(crate) const MONOREPO: Self = Self {
        files: FILES,
        commits: 5000,
    };
}

/// Writes the history of branch `main` as `git fast-import` reads it: all manifests in the first commit, changes
/// of one to four of them in each later one.
pub(crate) fn write_history(out: &mut dyn Write, shape: Shape, registry: &str) -> io::Result<()> {
    let mut random = Random::new(7);
    let mut contents: Vec<String> = (0..shape.files)
        .map(|number| manifest(number, registry))
        .collect();
    begin_commit(out, 0)?;
    for (number, content) in contents.iter().enumerate() {
        write_file(out, number, content)?;
    }
    for commit in 1..shape.commits {
        begin_commit(out, commit)?;
        for _ in 0..=random.below(4) {
            let number = random.below(shape.files);
            let content = &mut contents[number];
            *content = changed(content, number, commit, registry, &mut random);
            write_file(out, number, content)?;
        }
    }
    out.write_all(b"done\n")
}

fn begin_commit(out: &mut dyn Write, commit: usize) -> io::Result<()> {
    let seconds = FIRST_SECONDS + commit * 60;
    let message = format!("change {commit}");
    writeln!(
        out,
        "commit refs/heads/main\ncommitter Dev <dev@example.com> {seconds} +0000\ndata {}\n{message}",
        message.len()
    )
}

fn write_file(out: &mut dyn Write, number: usize, content: &str) -> io::Result<()> {
    let path = path(number);
    writeln!(
        out,
        "M 100644 inline {path}\ndata {}\n{content}",
        content.len()
    )
}

/// The manifest with the image of this commit, and in every third commit with another entry.
fn changed(
    content: &str,
    number: usize,
    commit: usize,
    registry: &str,
    random: &mut Random,
) -> String {
    let image = image_line(number, commit, registry);
    let mut entry = String::from("  kx: ");
    let entry_line = ENTRY_LINES.start + random.below(ENTRY_LINES.len());
    if commit.is_multiple_of(3) {
        random.letters(ENTRY_LETTERS, &mut entry);
    }
    let mut lines: Vec<&str> = content.split('\n').collect();
    lines[IMAGE_LINE] = &image;
    if commit.is_multiple_of(3) {
        lines[entry_line] = &entry;
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_reads_the_history() {
        let repo = test_support::git_repo::TempRepo::new();
        let shape = Shape {
            files: 50,
            commits: 20,
        };
        crate::stage::import(&repo, shape, "127.0.0.1:5000").unwrap();
        assert_eq!(repo.git(&["rev-list", "--count", "main"]), "20");
        let files = repo.git(&["ls-tree", "-r", "--name-only", "main"]);
        assert_eq!(files.lines().count(), 50);
        let marked = repo.git(&["grep", "--name-only", "imagepolicy", "main"]);
        assert_eq!(marked.lines().count(), 2);
    }

    #[test]
    fn a_change_keeps_the_marker_and_the_number_of_lines() {
        let mut random = Random::new(1);
        let old = manifest(42, "127.0.0.1:5000");
        for commit in [3, 4] {
            let new = changed(&old, 42, commit, "127.0.0.1:5000", &mut random);
            assert_eq!(new.lines().nth(IMAGE_LINE), old.lines().nth(IMAGE_LINE));
            assert_eq!(new.lines().count(), old.lines().count());
            assert_eq!(new == old, commit == 4);
        }
        let (old, new) = (
            manifest(43, ""),
            changed(&manifest(43, ""), 43, 4, "", &mut random),
        );
        let image = new.lines().nth(IMAGE_LINE).unwrap();
        assert!(image.contains("app-43:4.0.1"), "{image}");
        assert_eq!(old.lines().count(), new.lines().count());
    }
}
