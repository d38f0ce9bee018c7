use std::fmt;

use yaml_setter::Problem;

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
    pub(crate) fn in_file(path: &str, finding: &yaml_setter::Finding) -> Self {
        Self {
            path: path.to_owned(),
            line: finding.line,
            column: finding.column,
            rule: Problem::rule(&finding.problem),
            message: finding.problem.to_string(),
        }
    }

    pub(crate) fn too_large(path: &str, bytes: u64) -> Self {
        let message = format!(
            "the file was not read: it has {bytes} bytes, more than the bound for a manifest"
        );
        Self {
            path: path.to_owned(),
            line: 0,
            column: 0,
            rule: "too-large",
            message,
        }
    }

    pub(crate) fn link(path: &str, message: String) -> Self {
        Self {
            path: path.to_owned(),
            line: 0,
            column: 0,
            rule: "link-not-followed",
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
