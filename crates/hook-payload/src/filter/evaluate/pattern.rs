//! `matches`: patterns in RE2's syntax.

use regex_automata::meta::{Config, Regex};

use crate::filter::budget::{Budget, Outcome, failed};
use crate::filter::limits::MAX_PATTERN_MEMORY;
use crate::filter::value::{Text, Value};

/// Memory that a pattern in use may take besides itself, in bytes; past it a slower engine goes on.
const WORKING_MEMORY: usize = 64 * 1024;
/// A compiled pattern of this size may take its time for each byte of a text.
const MEMORY_PER_STEP: usize = 8 * 1024;

/// Compiling takes far longer than reading.
const STEPS_TO_COMPILE: usize = 20_000;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(in crate::filter) struct Pattern(Regex);

impl Pattern {
    /// Compiles a pattern; the error says what is wrong with it.
    pub(in crate::filter) fn new(source: &str) -> Result<Self, String> {
        let config = Config::new()
            .nfa_size_limit(Some(MAX_PATTERN_MEMORY))
            .onepass_size_limit(Some(WORKING_MEMORY))
            .dfa(false)
            .hybrid_cache_capacity(WORKING_MEMORY);
        let built = Regex::builder()
            .configure(config)
            .build(&ascii_classes(source));
        built.map(Self).map_err(|error| {
            let reason = match error.syntax_error() {
                // The last line of a drawing of the place.
                Some(error) => error
                    .to_string()
                    .lines()
                    .last()
                    .unwrap_or_default()
                    .replace("error: ", ""),
                None => "expression takes too much memory".to_owned(),
            };
            format!("error parsing regexp: {reason}")
        })
    }

    fn matches(&self, text: &str, budget: &Budget) -> Outcome<bool> {
        let steps = 1 + self.0.memory_usage() / MEMORY_PER_STEP;
        budget.steps(steps.saturating_mul(1 + text.len()))?;
        Ok(self.0.is_match(text))
    }
}

pub(super) fn matches<'a>(
    compiled: Option<&Pattern>,
    source: &Text<'_>,
    text: &Text<'_>,
    budget: &Budget,
) -> Outcome<Value<'a>> {
    if let Some(pattern) = compiled {
        return pattern.matches(text.as_str(), budget).map(Value::Bool);
    }
    budget.steps(STEPS_TO_COMPILE.saturating_add(100 * source.as_str().len()))?;
    match Pattern::new(source.as_str()) {
        Ok(pattern) => pattern.matches(text.as_str(), budget).map(Value::Bool),
        Err(problem) => failed(problem),
    }
}

/// The pattern with `\d`, `\w`, `\s` and `\b` spelt out, as they are about ASCII in RE2.
fn ascii_classes(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source.chars();
    let mut in_class = false;
    while let Some(c) = rest.next() {
        match c {
            '[' => in_class = true,
            ']' => in_class = false,
            '\\' => {
                push_escape(rest.next(), in_class, &mut out);
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

fn push_escape(escaped: Option<char>, in_class: bool, out: &mut String) {
    let class = match escaped.map(|c| c.to_ascii_lowercase()) {
        Some('d') => "0-9",
        Some('w') => "0-9A-Za-z_",
        Some('s') => r"\t\n\f\r ",
        _ => "",
    };
    let negated = if escaped.is_some_and(|c| c.is_ascii_uppercase()) {
        "^"
    } else {
        ""
    };
    match escaped {
        Some(_) if !class.is_empty() && in_class && negated.is_empty() => out.push_str(class),
        Some(_) if !class.is_empty() => out.extend(["[", negated, class, "]"]),
        Some(c @ ('b' | 'B')) if !in_class => {
            out.extend(["(?-u:\\", c.encode_utf8(&mut [0; 4]), ")"]);
        }
        Some(c) => out.extend(["\\", c.encode_utf8(&mut [0; 4])]),
        None => out.push('\\'),
    }
}
