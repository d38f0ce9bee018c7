//! Rules about what is written: nothing ignored, nothing left for later, the commands people type.

use super::Violation;
use crate::workspace::Source;

/// Spelled so that this file does not break its own rules.
const IGNORED_TEST: &str = concat!("#[", "ignore");
/// Work that was put off without anybody being told.
const PUT_OFF: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
];
/// The commands README.md teaches; CI runs the second one.
const COMMANDS: &[&str] = &["cargo xtask demo", "cargo xtask test"];

/// Every violation of the rules of this module.
pub(crate) fn violations(sources: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for source in sources.iter().filter(|source| is_ours(&source.path)) {
        violations.extend(ignored_tests(source));
        violations.extend(put_off_work(source));
    }
    violations.extend(commands(sources));
    violations
}

/// Everything but the licence text and the lock file.
fn is_ours(path: &str) -> bool {
    path != "LICENSE" && !path.ends_with("Cargo.lock")
}

fn ignored_tests(source: &Source) -> Vec<Violation> {
    let rust = source.is_rust();
    let lines = source
        .lines()
        .filter(|(_, line)| rust && line.contains(IGNORED_TEST));
    lines
        .map(|(number, _)| {
            Violation::at_line(
                &source.path,
                number,
                "a test runs or goes; it is never ignored",
            )
        })
        .collect()
}

fn put_off_work(source: &Source) -> Vec<Violation> {
    let lines = source
        .lines()
        .filter(|(_, line)| PUT_OFF.iter().any(|word| line.contains(word)));
    lines
        .map(|(number, _)| {
            Violation::at_line(&source.path, number, "finish it or open an issue for it")
        })
        .collect()
}

fn commands(sources: &[Source]) -> Vec<Violation> {
    let text = |path| {
        sources
            .iter()
            .find(|source| source.path == path)
            .map(|source| source.text.as_str())
    };
    let readme = COMMANDS
        .iter()
        .filter(|command| !text("README.md").is_some_and(|text| text.contains(*command)));
    let mut violations: Vec<_> = readme
        .map(|command| Violation::new("README.md", format!("names the command `{command}`")))
        .collect();
    if !text(".ci/run").is_some_and(|text| text.contains(COMMANDS[1])) {
        violations.push(Violation::new(
            ".ci/run",
            format!("runs what README.md tells people to run: `{}`", COMMANDS[1]),
        ));
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(path: &str, text: &str) -> Vec<Source> {
        vec![
            Source::new(".ci/run", "exec cargo xtask test"),
            Source::new("README.md", "cargo xtask demo\ncargo xtask test"),
            Source::new(path, text),
        ]
    }

    fn places(violations: &[Violation]) -> Vec<&str> {
        violations
            .iter()
            .map(|violation| violation.place.as_str())
            .collect()
    }

    #[test]
    fn an_ignored_test_is_a_violation() {
        let text = format!("#[test]\n{IGNORED_TEST}]\nfn a() {{}}\n");
        assert_eq!(
            places(&violations(&repository("crates/a/src/b.rs", &text))),
            ["crates/a/src/b.rs:2"]
        );
    }

    #[test]
    fn work_that_is_put_off_is_a_violation() {
        for word in PUT_OFF {
            let text = format!("# {word} later\n");
            assert_eq!(
                places(&violations(&repository("docs/a.md", &text))),
                ["docs/a.md:1"]
            );
        }
        assert_eq!(violations(&repository("docs/a.md", "to do\n")), []);
    }

    #[test]
    fn the_readme_names_both_commands() {
        let sources = [
            Source::new(".ci/run", "cargo xtask test"),
            Source::new("README.md", "cargo xtask test"),
        ];
        assert_eq!(places(&violations(&sources)), ["README.md"]);
    }

    #[test]
    fn ci_runs_what_the_readme_says() {
        let sources = [
            Source::new(".ci/run", "cargo test"),
            Source::new("README.md", "cargo xtask demo, cargo xtask test"),
        ];
        assert_eq!(places(&violations(&sources)), [".ci/run"]);
    }
}
