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
    /// Writes to the API server.
    #[serde(rename = "writes")]
    Writes,
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
