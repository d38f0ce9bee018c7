//! A problem of an expression and the place it is at.

/// Problems of one expression that are told; a first one tends to bring others along.
const MAX_TOLD: usize = 10;

/// Longest line that is drawn below a problem, in bytes.
const MAX_DRAWN: usize = 500;
/// Most characters of the source, or of what is wrong with a part of it, that a message repeats.
const MAX_SHOWN: usize = 1_000;

/// What is wrong, and the byte of the source it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    at: usize,
    text: String,
}

impl Problem {
    pub(super) fn new(at: usize, text: impl Into<String>) -> Self {
        Self {
            at,
            text: text.into(),
        }
    }
}

/// The problems as upstream shows them: in the order of their places, each with its line and a mark below.
pub(super) fn display(source: &str, mut problems: Vec<Problem>) -> String {
    problems.sort_by_key(|problem| problem.at);
    let shown: Vec<_> = problems
        .iter()
        .take(MAX_TOLD)
        .map(|problem| display_one(source, problem))
        .collect();
    shown.join("\n")
}

fn display_one(source: &str, problem: &Problem) -> String {
    let before = source.get(..problem.at).unwrap_or(source);
    let line = before.matches('\n').count();
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before[start..].chars().count();
    let text = source[start..]
        .lines()
        .next()
        .unwrap_or_default()
        .replace('\t', " ");
    let dots: String = text
        .chars()
        .take(column)
        .map(|c| mark(c, '.', '．'))
        .collect();
    let caret = text.chars().nth(column).map_or('^', |c| mark(c, '^', '＾'));
    let told = format!(
        "ERROR: <input>:{}:{}: {}",
        line + 1,
        column + 1,
        shown(&problem.text)
    );
    if text.len() > MAX_DRAWN {
        told
    } else {
        format!("{told}\n | {text}\n | {dots}{caret}")
    }
}

/// A source as far as a message repeats it.
pub(super) fn shown(source: &str) -> String {
    match source.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &source[..end]),
        None => source.to_owned(),
    }
}

/// A mark as wide as the character above it.
fn mark(above: char, narrow: char, wide: char) -> char {
    if above.is_ascii() { narrow } else { wide }
}
