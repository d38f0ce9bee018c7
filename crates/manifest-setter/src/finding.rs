use std::fmt;

use yaml_setter::Problem;

use crate::policies::Policies;

/// Something in the tree that keeps a marker from working. The rest of the pass goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Path from the root of the repository.
    pub path: String,
    /// Line, from 1; 0 where the finding concerns the file as a whole.
    pub line: usize,
    /// Column, from 1; 0 where the finding concerns the file as a whole.
    pub column: usize,
    /// Stable name of the rule, kebab-case.
    pub rule: &'static str,
    /// What was found, what was expected.
    pub message: String,
}

impl Finding {
    /// What the setter found in a file; of a marker without effect it says why, where that is known.
    pub(crate) fn in_file(
        path: &str,
        finding: &yaml_setter::Finding,
        policies: &Policies<'_>,
    ) -> Self {
        let silence = match &finding.problem {
            Problem::UnknownPolicy(policy) => policies.silence_of(policy),
            _ => None,
        };
        let told = || (finding.problem.rule(), finding.problem.to_string());
        let (rule, message) = silence.unwrap_or_else(told);
        Self {
            path: path.to_owned(),
            line: finding.line,
            column: finding.column,
            rule,
            message,
        }
    }

    pub(crate) fn too_large(path: &str) -> Self {
        let message = format!(
            "the file was not read: it is larger than {} bytes, the bound for a manifest",
            yaml_setter::MAX_FILE_BYTES
        );
        Self::of_file(path, "too-large", message)
    }

    pub(crate) fn link(path: &str, message: String) -> Self {
        Self::of_file(path, "link-not-followed", message)
    }

    /// A change that no plan can hold, at its line.
    pub(crate) fn unplannable(path: &str, line: usize, message: String) -> Self {
        Self {
            line,
            column: 1,
            ..Self::of_file(path, "edit-too-large", message)
        }
    }

    fn of_file(path: &str, rule: &'static str, message: String) -> Self {
        Self {
            path: path.to_owned(),
            line: 0,
            column: 0,
            rule,
            message,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}:{}: {}", self.path, self.column, self.message),
        }
    }
}
