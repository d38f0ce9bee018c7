//! Renders templates of both engines over one model and judges the messages.

mod bounds;
mod documented;
mod go;
mod handlebars;
mod model;
mod properties;
mod refusals;
