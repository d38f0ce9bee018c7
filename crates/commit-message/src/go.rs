//! Go's `text/template`: lexer, parser and evaluator, with the values and the printing they need.
//!
//! Hand-written because no crate does it: `gotmpl` 0.6 accepts a missing `{{end}}`, drops what follows a stray
//! one, trims beside comments where Go does not and overflows the stack on long `else if` chains, and its values
//! know no methods and no maps keyed by objects.

mod data;
pub(crate) mod fault;
pub(crate) mod fmt;
pub(crate) mod function;
pub(crate) mod layout;
mod lexer;
mod literal;
mod machine;
pub(crate) mod number;
pub(crate) mod order;
mod parser;
mod record;
pub(crate) mod run;
mod syntax;
pub(crate) mod time;
mod token;
pub(crate) mod value;
pub(crate) mod version;

use crate::error::Error;
use crate::model::{Model, Surroundings};

/// Renders a Go template over the model.
pub(crate) fn render(template: &str, model: &Model, with: &Surroundings) -> Result<String, Error> {
    let templates = parser::parse(template)?;
    machine::execute(template, &templates, &data::root(model), with)
}
