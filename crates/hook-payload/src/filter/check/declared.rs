//! The functions that there are: those of CEL's standard library and of the extensions that Flux enables.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::static_type::Type;

/// One way to call a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Overload {
    /// Whether the first of the parameters is a target.
    pub(super) on_target: bool,
    pub(super) parameters: Vec<Type>,
    pub(super) result: Type,
    /// How many types are the caller's choice: `Param(0)` and so on.
    pub(super) open: usize,
}

const DECLARATIONS: &str = include_str!("functions.txt");

static FUNCTIONS: LazyLock<BTreeMap<&'static str, Vec<Overload>>> = LazyLock::new(read);

/// The overloads of a function, unless it is not declared.
pub(super) fn overloads(function: &str) -> Option<&'static [Overload]> {
    FUNCTIONS.get(function).map(Vec::as_slice)
}

/// The type that a name stands for.
pub(super) fn named_type(name: &str) -> Option<Type> {
    Some(match name {
        "bool" => Type::Bool,
        "bytes" => Type::Bytes,
        "double" => Type::Double,
        "int" => Type::Int,
        "list" => Type::list(Type::Dyn),
        "map" => Type::map(Type::Dyn, Type::Dyn),
        "null_type" => Type::Null,
        "optional_type" => Type::optional(Type::Dyn),
        "string" => Type::String,
        "type" => Type::Type(None),
        "uint" => Type::Uint,
        "google.protobuf.Duration" => Type::Duration,
        "google.protobuf.Timestamp" => Type::Timestamp,
        _ => return None,
    })
}

fn read() -> BTreeMap<&'static str, Vec<Overload>> {
    let mut functions: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut names = "";
    for line in DECLARATIONS.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix("  ") {
            None => names = line,
            Some(signature) => {
                for name in names.split(' ') {
                    functions.entry(name).or_default().push(overload(signature));
                }
            }
        }
    }
    functions
}

/// Reads `target.(parameter, parameter) result`.
fn overload(signature: &'static str) -> Overload {
    let mut reader = Reader {
        rest: signature,
        open: Vec::new(),
    };
    let on_target = !signature.starts_with('(');
    let mut parameters = Vec::new();
    if on_target {
        parameters.push(reader.next_type());
        reader.skip(".");
    }
    reader.skip("(");
    while !reader.skip(")") {
        parameters.push(reader.next_type());
        reader.skip(", ");
    }
    reader.skip(" ");
    let result = reader.next_type();
    Overload {
        on_target,
        parameters,
        result,
        open: reader.open.len(),
    }
}

struct Reader {
    rest: &'static str,
    /// The letters met so far.
    open: Vec<&'static str>,
}

impl Reader {
    fn skip(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn next_type(&mut self) -> Type {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric());
        let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        let mut parts = Vec::new();
        if self.skip("(") {
            while !self.skip(")") {
                parts.push(self.next_type());
                self.skip(", ");
            }
        }
        self.compose(name, parts)
    }

    fn compose(&mut self, name: &'static str, parts: Vec<Type>) -> Type {
        let mut parts = parts.into_iter();
        let mut part = || parts.next().unwrap_or(Type::Error);
        match name {
            "list" => Type::list(part()),
            "map" => Type::map(part(), part()),
            "optional" => Type::optional(part()),
            "type" => Type::of_type(part()),
            "dyn" => Type::Dyn,
            "timestamp" => Type::Timestamp,
            "duration" => Type::Duration,
            name => named_type(name).unwrap_or_else(|| self.letter(name)),
        }
    }

    fn letter(&mut self, name: &'static str) -> Type {
        let known = self.open.iter().position(|letter| *letter == name);
        Type::Param(known.unwrap_or_else(|| {
            self.open.push(name);
            self.open.len() - 1
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declaration_is_read_whole() {
        for (name, overloads) in FUNCTIONS.iter() {
            for overload in overloads {
                assert!(overload.open <= 2, "{name}: {overload:?}");
                assert!(
                    !format!("{overload:?}").contains("Error"),
                    "{name}: {overload:?}"
                );
            }
        }
        assert_eq!(overloads("sets.contains").map(<[_]>::len), Some(1));
        assert_eq!(overloads("math.greatest"), None);
    }
}
