//! The written form: hyphen ranges, operators, partial versions.

/// An operator and the version after it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written<'a> {
    pub(super) operator: Operator,
    pub(super) version: Partial<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Tilde,
    Caret,
}

/// A version whose numbers may be wildcards or missing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Partial<'a> {
    /// Major, minor and patch; empty where missing.
    pub(super) numbers: [&'a str; 3],
    /// Without its dash; empty where missing.
    pub(super) pre: &'a str,
    /// All of it, from a leading `v` to the metadata.
    pub(super) whole: &'a str,
}

/// Every spelling of an operator. None is a prefix of a later one, so the first that fits is meant.
const OPERATORS: [(&str, Operator); 11] = [
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterOrEqual),
    ("=>", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("=<", Operator::LessOrEqual),
    ("~>", Operator::Tilde),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
];

/// Replaces every `A - B` by `>= A, <= B `, blanks around it included. The blank in front goes too,
/// which is why a constraint before a hyphen range must end with a comma.
pub(super) fn rewrite_hyphen_ranges(text: &str) -> String {
    let mut rewritten = text.to_owned();
    let mut rest = text;
    while let Some((range, from, to)) = find_hyphen_range(rest) {
        rewritten = rewritten.replacen(range, &format!(">= {from}, <= {to} "), 1);
        let end = range.as_ptr() as usize - rest.as_ptr() as usize + range.len();
        rest = &rest[end..];
    }
    rewritten
}

/// Splits an alternative into its comparators; `None` if it breaks the grammar.
pub(super) fn split(alternative: &str) -> Option<Vec<Written<'_>>> {
    let mut comparators = Vec::new();
    let mut rest = skip_blanks(alternative);
    loop {
        let (comparator, after) = read_comparator(rest)?;
        comparators.push(comparator);
        let next = skip_blanks(after);
        if next.is_empty() {
            return Some(comparators);
        }
        rest = match next.strip_prefix(',') {
            Some(after_comma) => skip_blanks(after_comma),
            None if next.len() < after.len() => next,
            None => return None,
        };
    }
}

fn read_comparator(text: &str) -> Option<(Written<'_>, &str)> {
    let (operator, rest) = OPERATORS
        .iter()
        .find_map(|(spelling, operator)| Some((*operator, text.strip_prefix(spelling)?)))
        .unwrap_or((Operator::Equal, text));
    let (version, rest) = Partial::read(skip_blanks(rest))?;
    Some((Written { operator, version }, rest))
}

impl<'a> Partial<'a> {
    /// Reads the longest partial version at the start of a text; returns what follows it.
    pub(super) fn read(text: &'a str) -> Option<(Self, &'a str)> {
        let is_number = |b: u8| b.is_ascii_digit() || matches!(b, b'x' | b'X' | b'*' | b'|');
        let is_identifier = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        let mut numbers = [""; 3];
        let mut rest = text.strip_prefix('v').unwrap_or(text);
        (numbers[0], rest) = take(rest, is_number)?;
        for number in &mut numbers[1..] {
            match rest
                .strip_prefix('.')
                .and_then(|after_dot| take(after_dot, is_number))
            {
                Some(taken) => (*number, rest) = taken,
                None => break,
            }
        }
        let (pre, rest) = take_identifiers(rest, '-', is_identifier);
        let (_, rest) = take_identifiers(rest, '+', is_identifier);
        Some((
            Self {
                numbers,
                pre,
                whole: &text[..text.len() - rest.len()],
            },
            rest,
        ))
    }
}

/// One or more bytes of a kind, and the rest.
fn take(text: &str, is_kind: impl Fn(u8) -> bool) -> Option<(&str, &str)> {
    let length = text.bytes().take_while(|b| is_kind(*b)).count();
    (length > 0).then(|| text.split_at(length))
}

/// Identifiers joined by dots behind a mark; empty where there are none.
fn take_identifiers(text: &str, mark: char, is_identifier: impl Fn(u8) -> bool) -> (&str, &str) {
    let Some(identifiers) = text.strip_prefix(mark) else {
        return ("", text);
    };
    let Some((_, mut rest)) = take(identifiers, &is_identifier) else {
        return ("", text);
    };
    while let Some((_, after)) = rest
        .strip_prefix('.')
        .and_then(|dotted| take(dotted, &is_identifier))
    {
        rest = after;
    }
    identifiers.split_at(identifiers.len() - rest.len())
}

/// The leftmost `A - B` with the blanks around it, and its two versions.
fn find_hyphen_range(text: &str) -> Option<(&str, &str, &str)> {
    text.char_indices().find_map(|(start, _)| {
        let rest = skip_blanks(&text[start..]);
        let (from, rest) = Partial::read(rest)?;
        let rest = skip_some_blanks(rest)?.strip_prefix('-')?;
        let (to, rest) = Partial::read(skip_some_blanks(rest)?)?;
        let end = text.len() - skip_blanks(rest).len();
        Some((&text[start..end], from.whole, to.whole))
    })
}

fn skip_some_blanks(text: &str) -> Option<&str> {
    let rest = skip_blanks(text);
    (rest.len() < text.len()).then_some(rest)
}

/// Skips what Go's `\s` matches.
fn skip_blanks(text: &str) -> &str {
    text.trim_start_matches(['\t', '\n', '\x0c', '\r', ' '])
}
