//! Why an expression was refused or could not be evaluated.

/// Why an expression cannot be used. The texts are Flux', so that they can follow its
/// `invalid resourceFilter expression: `.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// It does not parse, or its types do not fit; each problem with its place.
    #[error("failed to parse the CEL expression '{source_text}': {problems}")]
    Invalid {
        /// The expression as written.
        source_text: String,
        /// A problem per paragraph, in the order of their places.
        problems: String,
    },
    /// It is of another type than a bool.
    #[error("CEL expression output type mismatch: expected bool, got {found}")]
    OutputType {
        /// The type, as Flux names it; `dyn` where it is known during the evaluation only.
        found: String,
    },
    /// A constant part of it can only fail, such as a pattern that does not parse.
    #[error("failed to create CEL program: {problem}")]
    Constant {
        /// What is wrong.
        problem: String,
    },
}

/// Why an expression could not be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// It failed by CEL's rules: a missing key, a wrong type, a division by zero.
    #[error("failed to evaluate the CEL expression '{source_text}': {problem}")]
    Failed {
        /// The expression as written.
        source_text: String,
        /// What is wrong; it may quote names of the data, never values.
        problem: String,
    },
    /// It took more steps or memory than an evaluation may.
    #[error(
        "failed to evaluate the CEL expression '{source_text}': it exceeds the limit of {limit}; make it touch less data"
    )]
    Exceeded {
        /// The expression as written.
        source_text: String,
        /// Which limit.
        limit: &'static str,
    },
}
