//! What one operator with one version means.

use super::grammar::{Operator, Partial, Written};
use crate::version::Version;

/// A condition on a version, pre-release rules aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Comparator {
    condition: Condition,
    names_pre_release: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    Between(Lower, Upper),
    NotVersion(Operand),
    NotMajor(u64),
    /// Not `major.minor.*` with this very pre-release part.
    NotSeries {
        major: u64,
        minor: u64,
        pre: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Lower {
    None,
    AtLeast(Operand),
    Above(Operand),
    /// Numbers greater than these, whatever the pre-release part.
    AboveCore([u64; 3]),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Upper {
    None,
    AtMost(Operand),
    Below(Operand),
    /// Numbers not greater than these, whatever the pre-release part.
    AtMostCore([u64; 3]),
}

/// The version of a comparator, missing numbers filled with 0.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Operand {
    core: [u64; 3],
    pre: String,
}

/// How many numbers of the version are given before the first wildcard or the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Precision {
    None,
    Major,
    Minor,
    Patch,
}

impl Comparator {
    /// `None` if the version is none: see [`ConstraintError::Version`](super::ConstraintError::Version).
    pub(super) fn new(written: &Written<'_>) -> Option<Self> {
        let (operand, precision) = Operand::read(&written.version)?;
        Some(Self {
            names_pre_release: !operand.pre.is_empty(),
            condition: condition(written.operator, operand, precision),
        })
    }

    pub(super) fn names_pre_release(&self) -> bool {
        self.names_pre_release
    }

    pub(super) fn holds(&self, version: Version<'_>) -> bool {
        match &self.condition {
            Condition::Between(lower, upper) => lower.holds(version) && upper.holds(version),
            Condition::NotVersion(operand) => version != operand.version(),
            Condition::NotMajor(major) => version.core[0] != *major,
            Condition::NotSeries { major, minor, pre } => {
                version.core[..2] != [*major, *minor] || version.pre != *pre
            }
        }
    }
}

/// The meaning of each operator. `[major, MAX, MAX]` stands behind every version of a major, so that a
/// bound on it needs no greatest version.
fn condition(operator: Operator, operand: Operand, precision: Precision) -> Condition {
    let [major, minor, _] = operand.core;
    let whole_major = [major, u64::MAX, u64::MAX];
    let whole_minor = [major, minor, u64::MAX];
    let from = |upper| Condition::Between(Lower::AtLeast(operand.clone()), upper);
    match (operator, precision) {
        (Operator::Equal, Precision::Patch) => from(Upper::AtMost(operand.clone())),
        (Operator::Equal | Operator::Tilde, _) => from(tilde(operand.core, precision)),
        (Operator::Caret, _) => from(Upper::AtMostCore(caret(operand.core, precision))),
        (Operator::GreaterOrEqual, _) => from(Upper::None),
        (Operator::Greater, Precision::Major) => above_core(whole_major),
        (Operator::Greater, Precision::Minor) => above_core(whole_minor),
        (Operator::Greater, _) => Condition::Between(Lower::Above(operand), Upper::None),
        (Operator::Less, _) => Condition::Between(Lower::None, Upper::Below(operand)),
        (Operator::LessOrEqual, Precision::Patch) => {
            Condition::Between(Lower::None, Upper::AtMost(operand))
        }
        (Operator::LessOrEqual, Precision::Major) => at_most_core(whole_major),
        (Operator::LessOrEqual, _) => at_most_core(whole_minor),
        (Operator::NotEqual, Precision::Major) => Condition::NotMajor(major),
        (Operator::NotEqual, Precision::Minor) => Condition::NotSeries {
            major,
            minor,
            pre: operand.pre,
        },
        (Operator::NotEqual, _) => Condition::NotVersion(operand),
    }
}

fn above_core(core: [u64; 3]) -> Condition {
    Condition::Between(Lower::AboveCore(core), Upper::None)
}

fn at_most_core(core: [u64; 3]) -> Condition {
    Condition::Between(Lower::None, Upper::AtMostCore(core))
}

/// `~1.2.3` stays within `1.2`, `~1` within `1`; `~*` and the odd `~0.0.0` have no end.
fn tilde(core: [u64; 3], precision: Precision) -> Upper {
    match (precision, core) {
        (Precision::None, _) | (Precision::Patch, [0, 0, 0]) => Upper::None,
        (Precision::Major, [major, ..]) => Upper::AtMostCore([major, u64::MAX, u64::MAX]),
        (_, [major, minor, _]) => Upper::AtMostCore([major, minor, u64::MAX]),
    }
}

/// `^1.2.3` stays within `1`, `^0.2.3` within `0.2`, `^0.0.3` and the odd `^*` within the patch.
fn caret(core: [u64; 3], precision: Precision) -> [u64; 3] {
    let [major, minor, _] = core;
    if major > 0 || precision == Precision::Major {
        [major, u64::MAX, u64::MAX]
    } else if minor > 0 || precision == Precision::Minor {
        [major, minor, u64::MAX]
    } else {
        core
    }
}

impl Operand {
    fn read(written: &Partial<'_>) -> Option<(Self, Precision)> {
        let is_open = |number: &str| matches!(number, "" | "x" | "X" | "*");
        let [major, minor, patch] = written.numbers;
        let precision = match (is_open(major), is_open(minor), is_open(patch)) {
            (true, ..) => Precision::None,
            (_, true, _) => Precision::Major,
            (_, _, true) => Precision::Minor,
            _ => Precision::Patch,
        };
        let dash = if written.pre.is_empty() { "" } else { "-" };
        let pre = written.pre;
        let filled = match precision {
            Precision::None => format!("0.0.0{dash}{pre}"),
            Precision::Major => format!("{major}.0.0{dash}{pre}"),
            Precision::Minor => format!("{major}.{minor}.0{dash}{pre}"),
            Precision::Patch => written.whole.to_owned(),
        };
        let version = Version::parse(&filled)?;
        Some((
            Self {
                core: version.core,
                pre: version.pre.to_owned(),
            },
            precision,
        ))
    }

    fn version(&self) -> Version<'_> {
        Version {
            core: self.core,
            pre: &self.pre,
        }
    }
}

impl Lower {
    fn holds(&self, version: Version<'_>) -> bool {
        match self {
            Self::None => true,
            Self::AtLeast(operand) => version >= operand.version(),
            Self::Above(operand) => version > operand.version(),
            Self::AboveCore(core) => version.core > *core,
        }
    }
}

impl Upper {
    fn holds(&self, version: Version<'_>) -> bool {
        match self {
            Self::None => true,
            Self::AtMost(operand) => version <= operand.version(),
            Self::Below(operand) => version < operand.version(),
            Self::AtMostCore(core) => version.core <= *core,
        }
    }
}
