//! Whether a type fits where another one is wanted, and what is found out about open types by that.

use std::cell::Cell;

use super::static_type::Type;

/// Open types may stand for each other in a chain of this length.
const MAX_CHAIN: usize = 500;
/// Most parts of types that are looked at for one expression.
const MAX_WORK: u32 = 1_000_000;

/// What is known about open types.
#[derive(Debug, Default)]
pub(super) struct Unifier {
    bound: Vec<Option<Type>>,
    /// What was known before each change, to take a trial back.
    trail: Vec<(usize, Option<Type>)>,
    depth: usize,
    work: Cell<u32>,
}

impl Unifier {
    /// Whether the types are too intricate; nothing that is said of them counts then.
    pub(super) fn is_exhausted(&self) -> bool {
        self.work.get() >= MAX_WORK
    }

    /// Counts a look at a part of a type, unless there were too many or they go too deep.
    fn may_look(&self, chain: usize) -> bool {
        self.work.set(self.work.get().saturating_add(1));
        chain < MAX_CHAIN && !self.is_exhausted()
    }

    pub(super) fn fresh(&mut self) -> Type {
        self.bound.push(None);
        Type::Param(self.bound.len() - 1)
    }

    /// A type of a declaration, its open types replaced by fresh ones.
    pub(super) fn instantiate(declared: &Type, fresh: &[Type]) -> Type {
        match declared {
            Type::Param(index) => fresh.get(*index).cloned().unwrap_or(Type::Error),
            other => other.with_parts(|part| Self::instantiate(part, fresh)),
        }
    }

    /// Whether each type fits where the other one is wanted; where one does not, nothing is found out.
    pub(super) fn all_assignable(&mut self, given: &[Type], wanted: &[Type]) -> bool {
        let mark = self.trail.len();
        let fits = given.len() == wanted.len()
            && given
                .iter()
                .zip(wanted)
                .all(|(given, wanted)| self.fits(given, wanted));
        while !fits && self.trail.len() > mark {
            if let Some((index, before)) = self.trail.pop() {
                self.bound[index] = before;
            }
        }
        fits
    }

    pub(super) fn assignable(&mut self, given: &Type, wanted: &Type) -> bool {
        self.all_assignable(std::slice::from_ref(given), std::slice::from_ref(wanted))
    }

    /// The type with what is known put in; what stays open remains open.
    pub(super) fn resolve(&self, unresolved: &Type) -> Type {
        self.substitute(unresolved, 0)
    }

    /// The type with what is known put in; what stays open is anything.
    pub(super) fn close(&self, unresolved: &Type) -> Type {
        match self.resolve(unresolved) {
            Type::Param(_) => Type::Dyn,
            other => other.with_parts(|part| self.close(part)),
        }
    }

    fn substitute(&self, unresolved: &Type, chain: usize) -> Type {
        match unresolved {
            _ if !self.may_look(chain) => Type::Error,
            Type::Param(index) => match &self.bound[*index] {
                Some(known) => self.substitute(known, chain + 1),
                None => unresolved.clone(),
            },
            other => other.with_parts(|part| self.substitute(part, chain + 1)),
        }
    }

    fn fits(&mut self, given: &Type, wanted: &Type) -> bool {
        self.depth += 1;
        let fits = self.may_look(self.depth) && self.fits_by_kind(given, wanted);
        self.depth -= 1;
        fits
    }

    fn fits_by_kind(&mut self, given: &Type, wanted: &Type) -> bool {
        if let Type::Param(index) = wanted {
            let (valid, known) = self.stands_for(given, *index);
            if valid || known {
                return valid;
            }
        }
        if let Type::Param(index) = given {
            return self.stands_for(wanted, *index).0;
        }
        if given.is_dyn_or_error() || wanted.is_dyn_or_error() {
            return true;
        }
        match (given, wanted) {
            (Type::Null, other) | (other, Type::Null) => is_nullable(other),
            (Type::Type(_), Type::Type(_)) => true,
            (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => {
                self.fits(a, b)
            }
            (Type::Map(key, value), Type::Map(other_key, other_value)) => {
                self.fits(key, other_key) && self.fits(value, other_value)
            }
            (given, wanted) => given == wanted,
        }
    }

    /// Whether the open type may stand for `other`, and whether it stood for something before.
    fn stands_for(&mut self, other: &Type, index: usize) -> (bool, bool) {
        if *other == Type::Param(index) {
            return (true, true);
        }
        let Some(known) = self.bound[index].clone() else {
            let free = !self.occurs(index, other, 0);
            if free {
                self.bind(index, other.clone());
            }
            return (free, false);
        };
        if known == *other {
            return (true, true);
        }
        let valid = self.fits(other, &known);
        if valid {
            let general = more_general(other, &known);
            if !self.occurs(index, &general, 0) {
                self.bind(index, general);
            }
        }
        (valid, true)
    }

    fn bind(&mut self, index: usize, known: Type) {
        let before = self.bound[index].replace(known);
        self.trail.push((index, before));
    }

    fn occurs(&self, index: usize, within: &Type, chain: usize) -> bool {
        match within {
            _ if !self.may_look(chain) => true,
            Type::Param(other) if *other == index => true,
            Type::Param(other) => match &self.bound[*other] {
                Some(known) => self.occurs(index, known, chain + 1),
                None => false,
            },
            other => other
                .parts()
                .iter()
                .any(|part| self.occurs(index, part, chain + 1)),
        }
    }
}

fn is_nullable(other: &Type) -> bool {
    matches!(
        other,
        Type::Null | Type::Optional(_) | Type::Duration | Type::Timestamp
    )
}

/// The one of two types which fit each other that says less.
pub(super) fn more_general(a: &Type, b: &Type) -> Type {
    if says_no_more(a, b) {
        a.clone()
    } else {
        b.clone()
    }
}

fn says_no_more(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Dyn | Type::Param(_), _) | (Type::Type(_), Type::Type(_)) => true,
        (_, Type::Dyn | Type::Param(_)) => false,
        (Type::Optional(a), Type::Optional(b)) | (Type::List(a), Type::List(b)) => {
            says_no_more(a, b)
        }
        (Type::Map(key, value), Type::Map(other_key, other_value)) => {
            says_no_more(key, other_key) && says_no_more(value, other_value)
        }
        (a, b) => a == b,
    }
}
