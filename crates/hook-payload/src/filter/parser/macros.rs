//! Calls that are not evaluated as calls: `has`, the visits of lists and maps, and those of optional values.

use std::sync::Arc;

use super::{Parsed, Parser};
use crate::filter::problem::Problem;
use crate::filter::syntax::{Expr, Kind, Loop, LoopKind, OptionalMap};

/// The target and the arguments of a call that no macro takes.
type Unexpanded = (Option<Expr>, Vec<Expr>);

impl Parser<'_> {
    /// What a call stands for where a macro takes it: by its name, its number of arguments and whether it
    /// has a target.
    pub(super) fn expand(
        &mut self,
        at: usize,
        function: &str,
        target: Option<Expr>,
        mut arguments: Vec<Expr>,
    ) -> Parsed<Result<Kind, Unexpanded>> {
        let expanded = match (function, target, arguments.len()) {
            ("has", None, 1) => has(arguments.remove(0))?,
            ("all", Some(range), 2) => each(LoopKind::All, range, arguments)?,
            ("exists", Some(range), 2) => each(LoopKind::Exists, range, arguments)?,
            ("exists_one", Some(range), 2) => each(LoopKind::ExistsOne, range, arguments)?,
            ("filter", Some(range), 2) => each(LoopKind::Filter, range, arguments)?,
            ("map", Some(range), 2 | 3) => each(LoopKind::Map, range, arguments)?,
            ("optMap" | "optFlatMap", Some(target), 2) => {
                optional_map(function, target, arguments)?
            }
            (_, target, _) => return Ok(Err((target, arguments))),
        };
        if !matches!(expanded, Kind::Has { .. }) {
            self.container(at)?;
        }
        Ok(Ok(expanded))
    }
}

fn has(argument: Expr) -> Parsed<Kind> {
    match argument.kind {
        Kind::Select {
            operand,
            field,
            optional: false,
        } => Ok(Kind::Has { operand, field }),
        _ => Err(Problem::new(argument.at, "invalid argument to has() macro")),
    }
}

fn each(kind: LoopKind, range: Expr, mut arguments: Vec<Expr>) -> Parsed<Kind> {
    let refusal = match kind {
        LoopKind::Filter | LoopKind::Map => "argument is not an identifier",
        _ => "argument must be a simple name",
    };
    let variable = simple_name(arguments.remove(0), refusal)?;
    let condition = (arguments.len() == 2).then(|| arguments.remove(0));
    let body = arguments.remove(0);
    Ok(Kind::Loop(Box::new(Loop {
        kind,
        range,
        variable,
        condition,
        body,
    })))
}

fn optional_map(function: &str, target: Expr, mut arguments: Vec<Expr>) -> Parsed<Kind> {
    let refusal = format!("{function}() variable name must be a simple identifier");
    let variable = simple_name(arguments.remove(0), &refusal)?;
    let body = arguments.remove(0);
    let flat = function == "optFlatMap";
    Ok(Kind::OptionalMap(Box::new(OptionalMap {
        target,
        variable,
        body,
        flat,
    })))
}

fn simple_name(argument: Expr, refusal: &str) -> Parsed<Arc<str>> {
    match argument.kind {
        Kind::Ident(name) if !name.starts_with('.') => Ok(name),
        _ => Err(Problem::new(argument.at, refusal)),
    }
}
