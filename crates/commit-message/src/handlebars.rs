//! The second engine: handlebars, by the crate of that name, over the same data.
//!
//! Strict: a name that is not there is an error, as in the Go engine, and not an empty text; `{{#if …}}` asks
//! without one. Nothing is escaped, a message is plain text. Partials and decorators are refused (there is one
//! template), and so is `log`.

mod check;
mod data;
mod functions;

use std::error::Error as StdError;
use std::io;

use handlebars::{
    Context, Handlebars, RenderError, RenderErrorReason, Template, TemplateError, no_escape,
};

use crate::error::{Error, Position, TEMPLATE_NAME, shown};
use crate::limits::{Limit, MAX_OUTPUT_BYTES};
use crate::model::Model;

/// Renders a handlebars template over the model.
pub(crate) fn render(template: &str, model: &Model) -> Result<String, Error> {
    check::tags(template)?;
    let compiled = Template::compile(template).map_err(|error| parse_error(&error))?;
    check::elements(&compiled)?;
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    registry.register_escape_fn(no_escape);
    functions::register(&mut registry, template.len());
    registry.register_template(TEMPLATE_NAME, compiled);
    let context = Context::wraps(data::root(model)).map_err(|error| render_error(&error))?;
    let mut out = Output(Vec::new());
    registry
        .render_with_context_to_write(TEMPLATE_NAME, &context, &mut out)
        .map_err(|error| render_error(&error))?;
    Ok(String::from_utf8_lossy(&out.0).into_owned())
}

/// A bound reached within the library, on its way out.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{0}")]
struct Reached(Limit);

/// The message, within its bound.
struct Output(Vec<u8>);

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > MAX_OUTPUT_BYTES - self.0.len() {
            return Err(io::Error::other(Reached(Limit::Output)));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The library counts columns from 1.
fn position(line: Option<usize>, column: Option<usize>) -> Position {
    Position {
        line: line.unwrap_or(1),
        column: column.map_or(0, |column| column.saturating_sub(1)),
    }
}

fn parse_error(error: &TemplateError) -> Error {
    let (line, column) = error.pos().unzip();
    Error::Parse {
        at: position(line, column),
        problem: one_line(&error.reason().to_string()),
    }
}

fn render_error(error: &RenderError) -> Error {
    let at = position(error.line_no, error.column_no);
    match reached(error.reason()) {
        Some(limit) => Error::Limit { limit, at },
        None => Error::Execute {
            at,
            problem: one_line(&error.reason().to_string()),
        },
    }
}

/// The bound behind an error, if it is one.
fn reached(reason: &RenderErrorReason) -> Option<Limit> {
    let cause: Option<&(dyn StdError + 'static)> = match reason {
        RenderErrorReason::IOError(error) => error.get_ref().map(|error| error as _),
        RenderErrorReason::NestedError(error) => Some(&**error as _),
        _ => None,
    };
    cause?.downcast_ref::<Reached>().map(|reached| reached.0)
}

fn one_line(text: &str) -> String {
    shown(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}
