//! `select`: from the bytes of 100,000 tags and the texts of a policy to the tag.

use std::hint::black_box;

use anyhow::{Context as _, Result, ensure};
use tag_policy::{Constraint, Filter, Order, Policy, Selector};

use crate::generate::{build_tags, version_tags};
use crate::measure::repeat;
use crate::report::{self, Unit};

const RUNS: usize = 51;
const RANGE: &str = ">=1.0.0 <9.0.0 || ~9.5.x";
const PATTERN: &str = "^main-[a-f0-9]+-(?P<ts>[0-9]+)$";
const EXTRACT: &str = "$ts";

pub(super) fn run() -> Result<()> {
    let tags = version_tags();
    let runs = repeat(RUNS, || {
        let tag = select(black_box(&tags), &by_version(black_box(RANGE))?)?;
        ensure!(tag.contains("9.5."), "expected the newest 9.5, found {tag}");
        Ok(())
    })?;
    report::result("select_semver_100k_ms", &runs, Unit::Milliseconds)?;

    let tags = build_tags();
    let runs = repeat(RUNS, || {
        let tag = select(black_box(&tags), &by_time(black_box(PATTERN), EXTRACT)?)?;
        ensure!(
            tag.ends_with("-1659999400"),
            "expected the newest build, found {tag}"
        );
        Ok(())
    })?;
    report::result("select_extract_100k_ms", &runs, Unit::Milliseconds)
}

fn by_version(range: &str) -> Result<Selector> {
    Ok(Selector {
        policy: Policy::Semver(Constraint::parse(range)?),
        filter: None,
    })
}

fn by_time(pattern: &str, extract: &str) -> Result<Selector> {
    Ok(Selector {
        policy: Policy::Numerical(Order::Ascending),
        filter: Some(Filter::new(pattern, extract)?),
    })
}

fn select<'t>(tags: &'t [u8], selector: &Selector) -> Result<&'t str> {
    let text = std::str::from_utf8(tags).context("tags are ASCII")?;
    Ok(selector.select(text.split('\n'))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_policies_select_the_newest_tag() {
        let tags = b"1.2.3\n9.5.1\n9.6.0\nlatest";
        assert_eq!(select(tags, &by_version(RANGE).unwrap()).unwrap(), "9.5.1");
        let tags = b"main-0a-1700000000\nmain-0b-1600000000\nother";
        let newest = by_time(PATTERN, EXTRACT).unwrap();
        assert_eq!(select(tags, &newest).unwrap(), "main-0a-1700000000");
    }
}
