use clap::{Parser, Subcommand, ValueEnum};

use crate::workers::Worker;

/// Measures Repin; prints one JSON object per result.
#[derive(Debug, Parser)]
#[command(name = "bench", args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    /// What to measure; everything when none is given
    #[arg(value_enum, value_name = "GROUP")]
    pub(crate) groups: Vec<Group>,
    #[command(subcommand)]
    pub(crate) mode: Option<Mode>,
}

/// What this program is when it does not measure.
#[derive(Debug, Subcommand)]
pub(crate) enum Mode {
    /// A process of its own for one part of a measurement
    #[command(hide = true, subcommand)]
    Worker(Worker),
}

/// Results that share their inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Group {
    /// The choice of a tag
    Select,
    /// The edits of 20,000 files, and `repin lint` of them
    Setters,
    /// The tags of 1,000 repositories
    Registry,
    /// One edit of a repository of 20,000 files
    Git,
    /// `repin run` on that repository
    Run,
    /// registry-scanner and policy-evaluator on a control plane, with 1,000 repositories and with 100,000 tags
    Scan,
    /// manifest-setter and git-writer on a control plane, from a chosen tag to the commit
    Commit,
    /// All five controllers on a control plane, from a webhook to the commit, and how many webhooks are taken
    Hook,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, error::ErrorKind};

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn an_unknown_group_is_a_usage_error_that_lists_the_groups() {
        let error = Args::try_parse_from(["bench", "speed"]).unwrap_err();
        assert_eq!(
            (error.kind(), error.exit_code()),
            (ErrorKind::InvalidValue, 2)
        );
        let text = error.to_string();
        assert!(
            text.contains("select, setters, registry, git, run, scan, commit, hook"),
            "{text}"
        );
    }

    #[test]
    fn groups_are_picked_by_name() {
        let args = Args::try_parse_from(["bench", "git", "select"]).unwrap();
        assert_eq!(args.groups, [Group::Git, Group::Select]);
        assert!(args.mode.is_none());
    }
}
