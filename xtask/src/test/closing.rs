//! The closing lines of the test runners: found in their output, counted, printed again at the end.

use std::iter::Sum;

use anyhow::{Context as _, Result, ensure};

/// What the tests of a stage came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Tests that passed.
    pub(crate) passed: usize,
    /// Tests that failed, hung or could not be started.
    pub(crate) failed: usize,
    /// The runners' own closing lines.
    pub(crate) closing_lines: Vec<String>,
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |mut total, counts| {
            total.passed += counts.passed;
            total.failed += counts.failed;
            total.closing_lines.extend(counts.closing_lines);
            total
        })
    }
}

impl<'a> Sum<&'a Self> for Counts {
    fn sum<I: Iterator<Item = &'a Self>>(counts: I) -> Self {
        counts
            .map(|counts| Self {
                passed: counts.passed,
                failed: counts.failed,
                closing_lines: counts.closing_lines.clone(),
            })
            .sum()
    }
}

/// Whether this is the closing line of cargo-nextest.
pub(crate) fn is_nextest_summary(line: &str) -> bool {
    line.trim_start().starts_with("Summary [")
}

/// Reads `Summary [ 1.2s] 12 tests run: 11 passed (1 slow), 1 failed, 0 skipped`; whatever ran and did not pass has failed.
pub(crate) fn from_nextest(line: &str) -> Result<Counts> {
    let (_, counts) = line
        .split_once(']')
        .with_context(|| format!("the runner's summary has no time: {line}"))?;
    let (run, rest) = counts
        .split_once(" run:")
        .with_context(|| format!("the runner's summary has no count: {line}"))?;
    let planned = run.split_whitespace().next().unwrap_or_default();
    let planned = planned.rsplit('/').next().unwrap_or(planned);
    let planned: usize = planned
        .parse()
        .with_context(|| format!("the runner's summary has no count: {line}"))?;
    ensure!(planned > 0, "the test runner ran no test");
    let passed = number_before(rest, "passed")
        .with_context(|| format!("the runner's summary tells no passed tests: {line}"))?;
    Ok(Counts {
        passed,
        failed: planned.saturating_sub(passed),
        closing_lines: vec![line.to_owned()],
    })
}

/// Whether this is a closing line of a documentation test run.
pub(crate) fn is_test_result(line: &str) -> bool {
    line.starts_with("test result: ")
}

/// Adds up `test result: ok. 3 passed; 0 failed; …`, one line for each crate.
pub(crate) fn from_cargo_test(lines: &[String]) -> Result<Counts> {
    let mut counts = Counts::default();
    for line in lines {
        counts.passed += number_before(line, "passed")
            .with_context(|| format!("no passed tests told: {line}"))?;
        counts.failed += number_before(line, "failed")
            .with_context(|| format!("no failed tests told: {line}"))?;
    }
    counts.closing_lines.push(format!(
        "doc tests run: {} passed, {} failed",
        counts.passed, counts.failed
    ));
    Ok(counts)
}

fn number_before(text: &str, word: &str) -> Option<usize> {
    let words: Vec<_> = text
        .split(|char: char| char.is_whitespace() || ",;.()".contains(char))
        .collect();
    words
        .windows(2)
        .find(|pair| pair[1] == word)
        .and_then(|pair| pair[0].parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nextest(line: &str) -> (usize, usize) {
        let counts = from_nextest(line).unwrap();
        (counts.passed, counts.failed)
    }

    #[test]
    fn a_summary_counts_what_passed_and_what_did_not() {
        assert_eq!(
            nextest("Summary [   0.1s] 12 tests run: 12 passed, 3 skipped"),
            (12, 0)
        );
        assert_eq!(
            nextest("Summary [   0.1s] 1 test run: 1 passed (1 slow), 0 skipped"),
            (1, 0)
        );
        assert_eq!(
            nextest("Summary [   0.1s] 9 tests run: 7 passed, 1 failed, 1 timed out, 0 skipped"),
            (7, 2)
        );
    }

    #[test]
    fn tests_that_were_planned_and_never_ran_have_failed() {
        assert_eq!(
            nextest("Summary [   0.1s] 5/9 tests run: 4 passed, 1 failed, 0 skipped"),
            (4, 5)
        );
    }

    #[test]
    fn a_summary_without_tests_is_an_error() {
        assert!(from_nextest("Summary [   0.0s] 0 tests run: 0 passed, 4 skipped").is_err());
        assert!(from_nextest("Summary").is_err());
    }

    #[test]
    fn documentation_tests_of_all_crates_are_added_up() {
        let lines = [
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s".to_owned(),
            "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s".to_owned(),
        ];
        let counts = from_cargo_test(&lines).unwrap();
        assert_eq!((counts.passed, counts.failed), (5, 1));
    }

    #[test]
    fn closing_lines_are_told_from_other_lines() {
        assert!(is_nextest_summary(
            "     Summary [   0.1s] 12 tests run: 12 passed"
        ));
        assert!(!is_nextest_summary("        PASS [   0.1s] xtask summary"));
        assert!(is_test_result("test result: ok. 3 passed; 0 failed"));
        assert!(!is_test_result("test tidy ... ok"));
    }
}
