//! The history of a branch, as `git log` prints it.

use test_support::git_repo::TempRepo;

/// One commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Commit {
    pub(super) id: String,
    pub(super) parents: usize,
    /// Email address.
    pub(super) author: String,
    pub(super) changes: Vec<Change>,
}

/// What a commit changes in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) path: String,
    pub(super) removed: Vec<String>,
    pub(super) added: Vec<String>,
}

/// What begins a commit.
const COMMIT: char = '\u{1}';
/// Its line: id, parents, author.
const FORMAT: &str = "--format=%x01%H|%P|%ae";

/// The commits of `revision` that `first` does not lead to, the oldest first.
pub(super) fn read(repo: &TempRepo, first: &str, revision: &str) -> Vec<Commit> {
    let range = format!("{first}..{revision}");
    let log = repo.git(&[
        "log",
        "--reverse",
        "--topo-order",
        "--no-color",
        "--no-renames",
        "--unified=0",
        "--patch",
        FORMAT,
        &range,
    ]);
    parse(&log)
}

fn parse(log: &str) -> Vec<Commit> {
    log.split(COMMIT).skip(1).filter_map(commit).collect()
}

fn commit(text: &str) -> Option<Commit> {
    let mut lines = text.split('\n');
    let mut head = lines.next()?.split('|');
    let mut commit = Commit {
        id: head.next()?.to_owned(),
        parents: head.next()?.split_whitespace().count(),
        author: head.next()?.to_owned(),
        changes: Vec::new(),
    };
    for line in lines {
        take_in(line, &mut commit.changes);
    }
    Some(commit)
}

fn take_in(line: &str, changes: &mut Vec<Change>) {
    if let Some(paths) = line.strip_prefix("diff --git a/") {
        // Twice the same: nothing is renamed.
        let path = paths.split_once(" b/").map_or(paths, |(path, _)| path);
        changes.push(Change {
            path: path.to_owned(),
            ..Change::default()
        });
        return;
    }
    let Some(change) = changes.last_mut() else {
        return;
    };
    if line.starts_with("--- ") || line.starts_with("+++ ") {
        return;
    }
    if let Some(removed) = line.strip_prefix('-') {
        change.removed.push(removed.to_owned());
    } else if let Some(added) = line.strip_prefix('+') {
        change.added.push(added.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_prints_is_read() {
        let repo = TempRepo::new();
        let first = repo.commit("main").file("a", "1\n2\n").done();
        let second = repo
            .commit("main")
            .file("a", "1\n3\r\n")
            .file("b/c", "x")
            .done();
        let third = repo.commit("main").remove("b").done();
        let empty = repo.commit("main").done();
        let commits = read(&repo, &first, "main");
        let commit = |id: &str, changes: &[(&str, &[&str], &[&str])]| Commit {
            id: id.to_owned(),
            parents: 1,
            author: "author@example.com".to_owned(),
            changes: changes
                .iter()
                .map(|(path, removed, added)| Change {
                    path: (*path).to_owned(),
                    removed: removed.iter().map(|&line| line.to_owned()).collect(),
                    added: added.iter().map(|&line| line.to_owned()).collect(),
                })
                .collect(),
        };
        let expected = [
            commit(&second, &[("a", &["2"], &["3\r"]), ("b/c", &[], &["x"])]),
            commit(&third, &[("b/c", &["x"], &[])]),
            commit(&empty, &[]),
        ];
        assert_eq!(commits, expected);
    }
}
