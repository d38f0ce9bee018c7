//! The groups of results, one module each.

mod commit;
mod git;
mod hook;
mod registry;
mod run;
mod scan;
mod select;
mod setters;

use anyhow::{Context as _, Result};
use clap::ValueEnum as _;

use crate::args::Group;
use crate::stage::Stage;

/// Measures these groups, in their own order and each once; all of them when none is named.
pub(crate) fn run(named: &[Group]) -> Result<()> {
    let mut stage = None;
    let wanted = |group: &&Group| named.is_empty() || named.contains(group);
    for group in Group::value_variants().iter().filter(wanted) {
        let done = match group {
            Group::Select => select::run(),
            Group::Setters => setters::run(),
            Group::Registry => registry::run(),
            Group::Git => built(&mut stage).and_then(git::run),
            Group::Run => built(&mut stage).and_then(run::run),
            Group::Scan => scan::run(),
            Group::Commit => built(&mut stage).and_then(commit::run),
            Group::Hook => built(&mut stage).and_then(hook::run),
        };
        done.with_context(|| format!("measure group {group:?}"))?;
    }
    Ok(())
}

/// The stage that groups share, built when the first of them needs it.
fn built(stage: &mut Option<Stage>) -> Result<&mut Stage> {
    match stage {
        Some(stage) => Ok(stage),
        None => Ok(stage.insert(Stage::build()?)),
    }
}
