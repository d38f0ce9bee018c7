//! Semantic versions, read as loosely as Masterminds/semver reads them.

use std::cmp::Ordering;

/// Longest version in bytes. Longer texts are no versions, as in Masterminds/semver.
const MAX_VERSION_BYTES: usize = 256;

/// A version without its build metadata, which never takes part in a comparison.
///
/// Two versions are equal if neither precedes the other; `v1.2.3+a` and `01.2.3` are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version<'a> {
    /// Major, minor and patch number.
    pub(crate) core: [u64; 3],
    /// The pre-release part without its dash; empty for a release.
    pub(crate) pre: &'a str,
}

impl<'a> Version<'a> {
    /// Parses `[v]major[.minor[.patch]][-pre][+metadata]`. Missing numbers are 0, leading zeros are fine
    /// in the numbers, but not in a numeric pre-release identifier.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        if text.len() > MAX_VERSION_BYTES {
            return None;
        }
        let (core, rest, _) = parse_core(text)?;
        let pre = parse_suffixes(rest)?;
        Some(Self { core, pre })
    }

    /// Parses a tag. Flux takes a tag for a version only if it has two dots, wherever they are:
    /// `1-rc.1.2` is one, `1.2` is none.
    pub(crate) fn parse_tag(tag: &'a str) -> Option<Self> {
        if tag.len() > MAX_VERSION_BYTES {
            return None;
        }
        let (core, rest, dots) = parse_core(tag)?;
        let pre = parse_suffixes(rest)?;
        let complete = dots == 2 || dots + rest.bytes().filter(|b| *b == b'.').count() >= 2;
        complete.then_some(Self { core, pre })
    }

    /// Whether this is a pre-release.
    pub(crate) fn is_pre_release(&self) -> bool {
        !self.pre.is_empty()
    }
}

impl Ord for Version<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.core
            .cmp(&other.core)
            .then_with(|| compare_pre_releases(self.pre, other.pre))
    }
}

impl PartialOrd for Version<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Numbers, what follows them, and how many dots stand between them.
fn parse_core(text: &str) -> Option<([u64; 3], &str, usize)> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut core = [0; 3];
    let (first, mut rest) = parse_number(text)?;
    core[0] = first;
    for (index, number) in core.iter_mut().enumerate().skip(1) {
        let Some(after_dot) = rest.strip_prefix('.') else {
            return Some((core, rest, index - 1));
        };
        (*number, rest) = parse_number(after_dot)?;
    }
    Some((core, rest, 2))
}

/// One or more digits of a number that fits 64 bits.
fn parse_number(text: &str) -> Option<(u64, &str)> {
    let mut number = 0_u64;
    let mut length = 0;
    for byte in text.bytes() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
        length += 1;
    }
    (length > 0).then(|| (number, &text[length..]))
}

/// `[-pre][+metadata]` up to the end of the text; returns the pre-release part.
fn parse_suffixes(text: &str) -> Option<&str> {
    if text.is_empty() {
        return Some("");
    }
    let (pre, metadata) = match text.split_once('+') {
        Some((pre, metadata)) => (pre, Some(metadata)),
        None => (text, None),
    };
    if metadata.is_some_and(|metadata| !metadata.split('.').all(is_identifier)) {
        return None;
    }
    if pre.is_empty() {
        return Some("");
    }
    let pre = pre.strip_prefix('-')?;
    pre.split('.').all(is_pre_release_identifier).then_some(pre)
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn is_pre_release_identifier(text: &str) -> bool {
    let padded =
        text.len() > 1 && text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    is_identifier(text) && !padded
}

/// A release comes after its pre-releases; otherwise the first identifiers that differ decide.
fn compare_pre_releases(left: &str, right: &str) -> Ordering {
    match (left.is_empty(), right.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => left
            .split('.')
            .map(PreReleaseIdentifier::new)
            .cmp(right.split('.').map(PreReleaseIdentifier::new)),
    }
}

/// Numbers come before words. A number above 64 bits is a word, as in Masterminds/semver.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum PreReleaseIdentifier<'a> {
    Number(u64),
    Word(&'a str),
}

impl<'a> PreReleaseIdentifier<'a> {
    fn new(text: &'a str) -> Self {
        match parse_number(text) {
            Some((number, "")) => Self::Number(number),
            _ => Self::Word(text),
        }
    }
}

#[cfg(test)]
mod tests;
