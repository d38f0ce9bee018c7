//! What the bench prints: results on standard output, everything else on standard error.

use std::fmt::Display;
use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use serde::Serialize;

/// What a value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Unit {
    /// Milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Millions of bytes.
    #[serde(rename = "MB")]
    Megabytes,
    /// Requests to registries.
    #[serde(rename = "requests")]
    Requests,
    /// Commits on a branch.
    #[serde(rename = "commits")]
    Commits,
    /// Bytes over the wire.
    #[serde(rename = "B")]
    Bytes,
    /// Writes to the API server.
    #[serde(rename = "writes")]
    Writes,
    /// How many each second.
    #[serde(rename = "1/s")]
    PerSecond,
    /// How many times as much.
    #[serde(rename = "ratio")]
    Ratio,
}

#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    value: f64,
    unit: Unit,
}

/// Prints the median of the runs under the name of the result.
pub(crate) fn result(name: &str, runs: &[f64], unit: Unit) -> Result<()> {
    let value = median(runs).context("a result needs at least one run")?;
    print(name, value, runs, unit)
}

/// Prints the smallest run that is not exceeded by this share of the runs.
pub(crate) fn quantile(name: &str, runs: &[f64], share: f64, unit: Unit) -> Result<()> {
    let value = nearest_rank(runs, share).context("a result needs at least one run")?;
    print(name, value, runs, unit)
}

fn print(name: &str, value: f64, runs: &[f64], unit: Unit) -> Result<()> {
    let line = Line {
        name,
        value: (value * 1000.0).round() / 1000.0,
        unit,
    };
    progress(format_args!("{name}: runs {runs:.3?}"));
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, &line)?;
    writeln!(out)?;
    out.flush().context("write the result")
}

/// Says on standard error what is going on.
pub(crate) fn progress(text: impl Display) {
    // Nobody is left to be told when standard error is closed.
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// The value in the middle; of an even number of values, the mean of the two.
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = sorted.get(sorted.len() / 2)?;
    let lower = sorted.get((sorted.len() - 1) / 2)?;
    Some(f64::midpoint(*lower, *upper))
}

/// The smallest value that at least this share of all values does not exceed.
fn nearest_rank(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut counts = 1_u32..;
    let total = f64::from(u32::try_from(values.len()).ok()?);
    sorted.into_iter().find(|_| {
        counts
            .next()
            .is_some_and(|count| f64::from(count) >= share * total)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_value_in_the_middle() {
        for (values, expected) in [
            (&[][..], None),
            (&[7.0], Some(7.0)),
            (&[9.0, 1.0, 2.0], Some(2.0)),
            (&[4.0, 1.0, 100.0, 2.0], Some(3.0)),
        ] {
            assert_eq!(median(values), expected, "{values:?}");
        }
    }

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        for (values, share, expected) in [
            (&[][..], 0.5, None),
            (&[7.0], 0.95, Some(7.0)),
            (&[3.0, 1.0, 2.0], 0.5, Some(2.0)),
            (&hundred, 0.95, Some(95.0)),
            (&hundred, 1.0, Some(100.0)),
        ] {
            assert_eq!(nearest_rank(values, share), expected, "{share}");
        }
    }

    #[test]
    fn a_line_names_value_and_unit() {
        let line = Line {
            name: "lint_20k_s",
            value: 0.25,
            unit: Unit::Seconds,
        };
        assert_eq!(
            serde_json::to_string(&line).unwrap(),
            r#"{"name":"lint_20k_s","value":0.25,"unit":"s"}"#
        );
    }
}
