//! Semantic versions and their constraints: `semver` and `semverCompare`.
//!
//! The `semver` crate orders versions. Its requirements are Cargo's and lack `||`, `!=`, `x`, hyphen ranges and
//! Masterminds' reading of them, so that grammar is read here.

use std::cmp::Ordering;
use std::rc::Rc;

use semver::Prerelease;

use crate::go::fault::Fault;
use crate::go::function::{Call, Outcome};
use crate::go::value::Value;
use crate::go::version::Version;

pub(super) fn semver(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Version(Rc::new(Version::parse(call.text(0)?)?)))
}

/// `semverCompare constraint version`
pub(super) fn semver_compare(call: &mut Call<'_>) -> Outcome {
    call.run
        .spend_items(call.args.len() + call.text(0)?.len())?;
    let constraint = parse(call.text(0)?)?;
    let version = Version::parse(call.text(1)?)?.parsed;
    Ok(Value::Bool(
        constraint
            .iter()
            .any(|all| all.iter().all(|term| term.accepts(&version))),
    ))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    /// Also no operator at all.
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Tilde,
    Caret,
}

/// Longer spellings stand before their prefixes.
const OPERATORS: [(&str, Operator); 11] = [
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterOrEqual),
    ("=>", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("=<", Operator::LessOrEqual),
    ("~>", Operator::Tilde),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
];

/// How much of a version a constraint gives; the rest is `x` or absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given {
    Nothing,
    Major,
    Minor,
    All,
}

#[derive(Clone, Debug)]
struct Term {
    operator: Operator,
    version: semver::Version,
    given: Given,
}

/// Alternatives of terms that must all hold.
fn parse(text: &str) -> Result<Vec<Vec<Term>>, Fault> {
    text.split("||").map(parse_all).collect()
}

/// Terms separated by spaces or commas.
fn parse_all(text: &str) -> Result<Vec<Term>, Fault> {
    let improper = || Fault::failed(format!("improper constraint: {text}"));
    let mut terms = Vec::new();
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(improper());
    }
    while !rest.is_empty() {
        rest = take_term(rest, &mut terms)
            .ok_or_else(improper)?
            .trim_start();
        if let Some(after) = rest.strip_prefix(',') {
            rest = after.trim_start();
            if rest.is_empty() {
                return Err(improper());
            }
        }
    }
    Ok(terms)
}

/// Reads one term, or the two that a hyphen range stands for. Gives what follows.
fn take_term<'t>(text: &'t str, terms: &mut Vec<Term>) -> Option<&'t str> {
    let found = OPERATORS
        .iter()
        .find_map(|(spelling, operator)| Some((*operator, text.strip_prefix(spelling)?)));
    let (operator, after) = found.unwrap_or((Operator::Equal, text));
    let (version, given, rest) = take_version(after.trim_start())?;
    let Some(upper) = after_hyphen(rest).filter(|_| found.is_none()) else {
        terms.push(Term {
            operator,
            version,
            given,
        });
        return Some(rest);
    };
    terms.push(Term {
        operator: Operator::GreaterOrEqual,
        version,
        given,
    });
    let (version, given, rest) = take_version(upper)?;
    terms.push(Term {
        operator: Operator::LessOrEqual,
        version,
        given,
    });
    Some(rest)
}

/// What follows ` - `.
fn after_hyphen(text: &str) -> Option<&str> {
    let hyphen = text.strip_prefix(char::is_whitespace)?.trim_start();
    let upper = hyphen.strip_prefix('-')?;
    upper.strip_prefix(char::is_whitespace).map(str::trim_start)
}

fn take_version(text: &str) -> Option<(semver::Version, Given, &str)> {
    let end = text
        .find(|c: char| c.is_whitespace() || c == ',')
        .unwrap_or(text.len());
    let (version, given) = partial(&text[..end])?;
    Some((version, given, &text[end..]))
}

/// Reads `v1`, `1.2`, `1.x`, `*`, `1.2.3-rc.1+build`.
fn partial(text: &str) -> Option<(semver::Version, Given)> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (text, build) = text
        .split_once('+')
        .map_or((text, None), |(text, build)| (text, Some(build)));
    let (numbers, pre) = text
        .split_once('-')
        .map_or((text, None), |(numbers, pre)| (numbers, Some(pre)));
    if pre.is_some_and(str::is_empty)
        || build.is_some_and(|build| semver::BuildMetadata::new(build).is_err())
    {
        return None;
    }
    let mut parts = Vec::new();
    for part in numbers.split('.') {
        match part {
            "x" | "X" | "*" => parts.push(None),
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                parts.push(Some(digits.parse::<u64>().ok()?));
            }
            _ => return None,
        }
    }
    if parts.len() > 3 {
        return None;
    }
    let at = |index: usize| parts.get(index).copied().flatten();
    let given = match (at(0), at(1), at(2)) {
        (None, _, _) => Given::Nothing,
        (_, None, _) => Given::Major,
        (_, _, None) => Given::Minor,
        _ => Given::All,
    };
    let shown = |index: usize, least: Given| {
        at(index)
            .filter(|_| given as u8 >= least as u8)
            .unwrap_or(0)
    };
    let mut version = semver::Version::new(
        shown(0, Given::Major),
        shown(1, Given::Minor),
        shown(2, Given::All),
    );
    version.pre = Prerelease::new(pre.unwrap_or_default()).ok()?;
    Some((version, given))
}

impl Term {
    fn accepts(&self, version: &semver::Version) -> bool {
        let only_releases = self.version.pre.is_empty() && !version.pre.is_empty();
        let is_exact = self.given == Given::All;
        if only_releases && !(self.operator == Operator::NotEqual && is_exact) {
            return false;
        }
        let order = version.cmp_precedence(&self.version);
        match self.operator {
            Operator::Equal if is_exact => order.is_eq(),
            Operator::Equal | Operator::Tilde => self.tilde(version, order),
            Operator::NotEqual => self.differs(version, order),
            Operator::Greater => self.is_below(version, order),
            Operator::GreaterOrEqual => order.is_ge(),
            Operator::Less => order.is_lt(),
            Operator::LessOrEqual => self.is_at_least(version, order),
            Operator::Caret => self.caret(version, order),
        }
    }

    fn same_major(&self, version: &semver::Version) -> bool {
        version.major == self.version.major
    }

    fn same_minor(&self, version: &semver::Version) -> bool {
        self.same_major(version) && version.minor == self.version.minor
    }

    /// Patch releases of the minor version, or of the major one if only that is given.
    fn tilde(&self, version: &semver::Version, order: Ordering) -> bool {
        let is_zero = (self.version.major, self.version.minor, self.version.patch) == (0, 0, 0);
        match self.given {
            _ if order.is_lt() => false,
            Given::Nothing | Given::All if is_zero => true,
            Given::Major => self.same_major(version),
            _ => self.same_minor(version),
        }
    }

    /// What keeps the leftmost number that is not zero.
    fn caret(&self, version: &semver::Version, order: Ordering) -> bool {
        if order.is_lt() {
            return false;
        }
        if self.version.major > 0 || self.given == Given::Major {
            return self.same_major(version);
        }
        if self.version.minor > 0 || self.given == Given::Minor {
            return self.same_minor(version);
        }
        self.same_minor(version) && version.patch == self.version.patch
    }

    fn differs(&self, version: &semver::Version, order: Ordering) -> bool {
        match self.given {
            Given::Nothing | Given::All => order.is_ne(),
            Given::Major => !self.same_major(version),
            Given::Minor => {
                let pre_differs = version.pre != self.version.pre;
                !self.same_minor(version) || pre_differs
            }
        }
    }

    /// `>1.2` begins at `1.3`.
    fn is_below(&self, version: &semver::Version, order: Ordering) -> bool {
        match self.given {
            Given::Nothing | Given::All => order.is_gt(),
            Given::Major => version.major > self.version.major,
            Given::Minor => {
                (version.major, version.minor) > (self.version.major, self.version.minor)
            }
        }
    }

    /// `<=1.2` includes all of `1.2`.
    fn is_at_least(&self, version: &semver::Version, order: Ordering) -> bool {
        match self.given {
            Given::All => order.is_le(),
            Given::Major => version.major <= self.version.major,
            Given::Nothing | Given::Minor => {
                (version.major, version.minor) <= (self.version.major, self.version.minor)
            }
        }
    }
}
