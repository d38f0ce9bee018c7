//! The tree of a parsed expression, its macros already expanded.

use std::sync::Arc;

use super::evaluate::Pattern;

/// A part of an expression.
#[derive(Debug, Clone)]
pub(super) struct Expr {
    /// Where it is: the byte of the source that a message points at.
    pub(super) at: usize,
    /// The longest way down from here; a leaf has 1.
    pub(super) depth: usize,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    Literal(Literal),
    /// A variable or the name of a type; with a leading dot it is one of the declared ones.
    Ident(Arc<str>),
    /// `operand.field`, `operand.?field`.
    Select {
        operand: Box<Expr>,
        field: Arc<str>,
        optional: bool,
    },
    /// `has(operand.field)`.
    Has {
        operand: Box<Expr>,
        field: Arc<str>,
    },
    Operator {
        operator: Operator,
        operands: Vec<Expr>,
    },
    Call(Call),
    List(Vec<Element>),
    Map(Vec<Entry>),
    Loop(Box<Loop>),
    OptionalMap(Box<OptionalMap>),
}

/// `function(arguments)` or `target.function(arguments)`.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// Qualified, once the types are checked: `sets.contains` has no target.
    pub(super) function: Arc<str>,
    pub(super) target: Option<Box<Expr>>,
    pub(super) arguments: Vec<Expr>,
    /// Of `matches` with a constant pattern.
    pub(super) pattern: Option<Pattern>,
}

#[derive(Debug, Clone)]
pub(super) struct Element {
    pub(super) value: Expr,
    pub(super) optional: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: Expr,
    pub(super) value: Expr,
    pub(super) optional: bool,
}

/// A macro that visits each element of a list or each key of a map.
#[derive(Debug, Clone)]
pub(super) struct Loop {
    pub(super) kind: LoopKind,
    pub(super) range: Expr,
    pub(super) variable: Arc<str>,
    /// The condition of `map(x, condition, body)`.
    pub(super) condition: Option<Expr>,
    pub(super) body: Expr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LoopKind {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

/// `target.optMap(variable, body)` or, `flat`, `target.optFlatMap(variable, body)`.
#[derive(Debug, Clone)]
pub(super) struct OptionalMap {
    pub(super) target: Expr,
    pub(super) variable: Arc<str>,
    pub(super) body: Expr,
    pub(super) flat: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Arc<str>),
    Bytes(Arc<[u8]>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// Of two or more operands.
    And,
    /// Of two or more operands.
    Or,
    Conditional,
    Not,
    Negate,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    Index,
    OptionalIndex,
}

impl Operator {
    /// The name that its overloads are declared under.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::And => "_&&_",
            Self::Or => "_||_",
            Self::Conditional => "_?_:_",
            Self::Not => "!_",
            Self::Negate => "-_",
            Self::Add => "_+_",
            Self::Subtract => "_-_",
            Self::Multiply => "_*_",
            Self::Divide => "_/_",
            Self::Modulo => "_%_",
            Self::Equal => "_==_",
            Self::NotEqual => "_!=_",
            Self::Less => "_<_",
            Self::LessEqual => "_<=_",
            Self::Greater => "_>_",
            Self::GreaterEqual => "_>=_",
            Self::In => "@in",
            Self::Index => "_[_]",
            Self::OptionalIndex => "_[?_]",
        }
    }
}
