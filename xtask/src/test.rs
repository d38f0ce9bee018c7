//! `cargo xtask test`: every check there is, each as a visible stage, and the closing lines again at the end.
//!
//! The stages are ordered so that the cheap ones speak first and the least is compiled twice: clippy and the documentation share check
//! metadata, the tests and the documentation tests share one development build.

mod closing;
mod servers;
mod stages;
mod tools;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::ValueEnum as _;

use crate::console;
use closing::Counts;
use stages::Stage;

/// What `cargo xtask test` takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run only this stage (may be given more than once); not in CI.
    #[arg(long, value_name = "STAGE")]
    only: Vec<Stage>,
    /// What the test runner gets besides its own arguments, e.g. `-- -p yaml-setter crlf`; not in CI.
    #[arg(last = true)]
    runner_arguments: Vec<String>,
}

/// How one stage ended.
struct Report {
    stage: Stage,
    took: Duration,
    result: Result<Counts>,
}

/// Runs the stages, prints the table and the closing lines; an error when any stage failed.
pub(crate) fn run(args: &Args) -> Result<()> {
    let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    if in_ci && !(args.only.is_empty() && args.runner_arguments.is_empty()) {
        bail!("CI runs every stage in full: give neither --only nor runner arguments");
    }
    let started = Instant::now();
    let mut reports = Vec::new();
    for stage in chosen(&args.only) {
        let report = run_stage(stage, &args.runner_arguments);
        let go_on = report.result.is_ok() || !stage.is_required_by_the_rest();
        reports.push(report);
        if !go_on {
            break;
        }
    }
    console::heading("summary");
    summary(&reports, started.elapsed())
        .iter()
        .for_each(console::line);
    verdict(&reports)
}

fn chosen(only: &[Stage]) -> Vec<Stage> {
    let all = Stage::value_variants().iter().copied();
    all.filter(|stage| only.is_empty() || only.contains(stage))
        .collect()
}

fn run_stage(stage: Stage, runner_arguments: &[String]) -> Report {
    console::heading(format_args!("{}: {}", stage.name(), stage.purpose()));
    let started = Instant::now();
    let result = stage.run(runner_arguments);
    if let Err(error) = &result {
        console::error(format_args!("{} failed: {error:#}", stage.name()));
    }
    Report {
        stage,
        took: started.elapsed(),
        result,
    }
}

/// The table of the stages, then the runners' closing lines and the plain one.
fn summary(reports: &[Report], total: Duration) -> Vec<String> {
    let word = |ok: bool| if ok { "ok" } else { "FAILED" };
    let mut lines: Vec<_> = reports
        .iter()
        .map(|report| {
            table_row(
                report.stage.name(),
                word(report.result.is_ok()),
                report.took,
            )
        })
        .collect();
    lines.push(table_row("total", word(verdict(reports).is_ok()), total));

    let counts = count(reports);
    if !counts.closing_lines.is_empty() {
        lines.push(String::new());
        let closing = format!("{} passed, {} failed", counts.passed, counts.failed);
        lines.extend(counts.closing_lines);
        lines.push(closing);
    }
    lines
}

/// An error when a stage or a test failed.
fn verdict(reports: &[Report]) -> Result<()> {
    let failed: Vec<_> = reports
        .iter()
        .filter(|report| report.result.is_err())
        .map(|report| report.stage.name())
        .collect();
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    let failed_tests = count(reports).failed;
    if failed_tests > 0 {
        bail!("{failed_tests} tests failed");
    }
    Ok(())
}

fn count(reports: &[Report]) -> Counts {
    reports
        .iter()
        .filter_map(|report| report.result.as_ref().ok())
        .sum()
}

fn table_row(name: &str, result: &str, took: Duration) -> String {
    format!("{name:<9} {result:<6} {:>8.1} s", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_choice_every_stage_runs_in_order() {
        assert_eq!(chosen(&[]), Stage::value_variants());
    }

    #[test]
    fn a_choice_keeps_the_order_of_the_stages() {
        assert_eq!(
            chosen(&[Stage::Docs, Stage::Fmt]),
            [Stage::Fmt, Stage::Docs]
        );
    }

    #[test]
    fn rows_of_the_table_align() {
        let short = table_row("fmt", "ok", Duration::from_millis(1500));
        assert_eq!(short, "fmt       ok          1.5 s");
        assert_eq!(
            short.len(),
            table_row("doc-tests", "FAILED", Duration::from_secs(1234)).len()
        );
    }

    fn report(stage: Stage, result: Result<Counts>) -> Report {
        Report {
            stage,
            took: Duration::ZERO,
            result,
        }
    }

    fn tests(passed: usize, failed: usize) -> Report {
        let closing_lines = vec![format!(
            "Summary [ 0.1s] {} tests run: {passed} passed",
            passed + failed
        )];
        report(
            Stage::Tests,
            Ok(Counts {
                passed,
                failed,
                closing_lines,
            }),
        )
    }

    #[test]
    fn the_last_lines_are_the_runners_and_the_plain_one() {
        let reports = [report(Stage::Fmt, Ok(Counts::default())), tests(3, 0)];
        let lines = summary(&reports, Duration::ZERO);
        assert_eq!(
            lines[lines.len() - 2..],
            [
                "Summary [ 0.1s] 3 tests run: 3 passed",
                "3 passed, 0 failed"
            ]
        );
        assert!(verdict(&reports).is_ok());
    }

    #[test]
    fn without_tests_there_is_no_closing_line() {
        assert_eq!(
            summary(&[report(Stage::Fmt, Ok(Counts::default()))], Duration::ZERO).len(),
            2
        );
    }

    #[test]
    fn a_failed_test_fails_the_run_even_when_its_stage_does_not() {
        assert_eq!(
            verdict(&[tests(3, 2)]).unwrap_err().to_string(),
            "2 tests failed"
        );
    }

    #[test]
    fn a_failed_stage_fails_the_run_by_name() {
        let reports = [report(Stage::Fmt, Err(anyhow::anyhow!("no"))), tests(3, 0)];
        assert_eq!(verdict(&reports).unwrap_err().to_string(), "failed: fmt");
        assert!(summary(&reports, Duration::ZERO)[2].contains("FAILED"));
    }
}
