//! Whether the demo came to what it should: asked of the real `git`, on the repository behind the server.

use anyhow::{Result, ensure};

use super::neighbours::Neighbours;
use crate::console;
use crate::program::Program;

/// The author in the automation of the demo.
const AUTHOR: &str = "fluxcdbot <fluxcdbot@users.noreply.github.com>";

/// The branch is where it was at the start.
pub(crate) fn is_untouched(neighbours: &Neighbours) -> Result<()> {
    let tip = git(neighbours, &["rev-parse", "main"])?;
    ensure!(
        tip.trim() == neighbours.first_commit(),
        "a plan moved the branch to {tip}"
    );
    Ok(())
}

/// Prints the commit as `git show` does.
pub(crate) fn show(neighbours: &Neighbours) -> Result<()> {
    console::line(git(
        neighbours,
        &["show", "--stat", "--patch", "--unified=0", "main"],
    )?);
    Ok(())
}

/// One commit on top of the first, with the expected message, author and bytes.
pub(crate) fn is_as_expected(neighbours: &Neighbours) -> Result<()> {
    let log = git(neighbours, &["log", "--format=%P", "main"])?;
    let parents: Vec<_> = log.lines().collect();
    ensure!(
        parents == [neighbours.first_commit(), ""],
        "expected one commit on top of the first, found {} commits",
        parents.len()
    );
    is_described(neighbours)?;
    files_are_equal(neighbours)?;
    is_sound(neighbours)
}

/// So many commits on top of the first, each by the author of the automation, and these files.
pub(crate) fn has_moved_on(
    neighbours: &Neighbours,
    commits: usize,
    expected: &[(String, String)],
) -> Result<()> {
    let range = format!("{}..main", neighbours.first_commit());
    let authors = git(neighbours, &["log", "--format=%an <%ae>", &range])?;
    let by_the_bot = authors.lines().filter(|author| *author == AUTHOR);
    ensure!(
        by_the_bot.count() == commits && authors.lines().count() == commits,
        "expected {commits} commits of {AUTHOR} on top of the first, found these: {authors}"
    );
    files_are(neighbours, expected)?;
    is_sound(neighbours)
}

fn is_sound(neighbours: &Neighbours) -> Result<()> {
    git(neighbours, &["fsck", "--strict", "--no-progress"])?;
    console::line("the commit is what it should be, byte for byte");
    Ok(())
}

fn is_described(neighbours: &Neighbours) -> Result<()> {
    let author = git(neighbours, &["log", "-1", "--format=%an <%ae>", "main"])?;
    ensure!(author.trim() == AUTHOR, "the author is {author}");
    let message = git(neighbours, &["log", "-1", "--format=%B", "main"])?;
    let mut lines: Vec<_> = message.lines().filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    ensure!(
        lines == neighbours.seed().message_lines,
        "the message is {message}"
    );
    Ok(())
}

fn files_are_equal(neighbours: &Neighbours) -> Result<()> {
    files_are(neighbours, &neighbours.seed().updated_manifests())
}

fn files_are(neighbours: &Neighbours, expected: &[(String, String)]) -> Result<()> {
    let names = git(neighbours, &["ls-tree", "-r", "--name-only", "main"])?;
    ensure!(
        names.lines().eq(expected.iter().map(|(path, _)| path)),
        "the files are not those of the first commit: {names}"
    );
    for (path, text) in expected {
        let found = git(neighbours, &["show", &format!("main:{path}")])?;
        ensure!(
            &found == text,
            "{path} differs from what the policies ask for:\n{found}"
        );
    }
    Ok(())
}

fn git(neighbours: &Neighbours, arguments: &[&str]) -> Result<String> {
    Program::new("git")
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .directory(neighbours.repository().path())
        .output()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The servers of the demo, with the expected files committed after `change`.
    fn after(change: impl Fn(&str, &str) -> String) -> (tempfile::TempDir, Neighbours) {
        let home = tempfile::tempdir().unwrap();
        let neighbours = Neighbours::start(home.path()).unwrap();
        let files = neighbours.seed().updated_manifests();
        let files = files.iter().map(|(path, text)| (path, change(path, text)));
        neighbours.repository().commit("main").files(files).done();
        (home, neighbours)
    }

    #[test]
    fn a_repository_without_a_new_commit_is_untouched_and_not_as_expected() {
        let home = tempfile::tempdir().unwrap();
        let neighbours = Neighbours::start(home.path()).unwrap();
        is_untouched(&neighbours).unwrap();
        let error = is_as_expected(&neighbours).unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected one commit on top of the first, found 1 commits"
        );
    }

    #[test]
    fn the_expected_bytes_are_accepted_and_a_plan_that_commits_is_not() {
        let (_home, neighbours) = after(|_, text| text.to_owned());
        files_are_equal(&neighbours).unwrap();
        assert!(
            is_untouched(&neighbours)
                .unwrap_err()
                .to_string()
                .starts_with("a plan moved the branch")
        );
    }

    #[test]
    fn one_other_byte_is_refused() {
        let (_home, neighbours) = after(|path, text| {
            if path.ends_with("podinfo-load-test.yaml") {
                text.replace("\r\n", "\n")
            } else {
                text.to_owned()
            }
        });
        let error = files_are_equal(&neighbours).unwrap_err().to_string();
        assert!(
            error.starts_with("clusters/my-cluster/podinfo-load-test.yaml differs"),
            "{error}"
        );
    }

    #[test]
    fn another_author_is_refused() {
        let (_home, neighbours) = after(|_, text| text.to_owned());
        let error = is_as_expected(&neighbours).unwrap_err().to_string();
        assert!(error.starts_with("the author is Test Author"), "{error}");
    }
}
