//! Renders commit messages from templates: Go `text/template` with Flux's functions, or handlebars, over one
//! [`Model`] of what the commit changes.
//!
//! # The Go engine
//!
//! The language is Go's, complete; a template of Flux prints here what it prints there. Its data:
//!
//! - `.AutomationObject`, prints as `namespace/name`, has `.Namespace` and `.Name`
//! - `.Changed.FileChanges`, file name → object → list of changes
//! - `.Changed.Objects`, object → list of changes over all files
//! - `.Changed.Changes`, the distinct changes, by file, object and position
//! - `.Updated.Files`, file name → `.Objects`; `.Updated.Objects`, object → list of images; `.Updated.Images`, the
//!   distinct images: what templates of 2021 read and Flux has dropped since
//! - `.Values`, the automation's own values
//!
//! An object has `.APIVersion`, `.Kind`, `.Name` and `.Namespace`; a change `.OldValue`, `.NewValue` and `.Setter`;
//! an image prints as its reference and has `.Identifier`, `.Repository`, `.Registry`, `.Name` and `.Policy`.
//!
//! The functions are Go's and those of sprig 3.3 that Flux keeps. Those that make keys, certificates, password
//! hashes or ciphertexts are refused by name. `keys` and `values`, and all other lists that Flux leaves in random
//! order, are sorted. Texts are UTF-8: a character that is cut apart becomes the replacement character.
//!
//! # The handlebars engine
//!
//! The same names, with lists of `{Object, Changes}` and `{Object, Images}` where the Go data has maps keyed by
//! objects, and `String` for an image's reference: `{{#each Updated.Images}}{{String}}{{/each}}`. It is strict: a
//! name that is not there is an error, `{{#if …}}` asks without one. Nothing is escaped. There are the library's
//! helpers but `log`, and neither partials nor decorators.
//!
//! # What it never does
//!
//! It reads no clock, file, environment or network, and no template can make it fail other than by an [`Error`]:
//! text, steps, nesting and all else are bounded by [`limits`]. The message depends on the arguments alone.
//!
//! ```
//! use chrono::DateTime;
//! use commit_message::{Engine, Model, NamespacedName, Surroundings, render};
//!
//! let model = Model {
//!     automation: NamespacedName { namespace: "flux-system".into(), name: "apps".into() },
//!     ..Model::default()
//! };
//! let with = Surroundings { now: DateTime::UNIX_EPOCH, seed: 0 };
//! let message = render(Engine::GoTemplate, "Update by {{ .AutomationObject }}", &model, &with)?;
//! assert_eq!(message, "Update by flux-system/apps");
//! # Ok::<(), commit_message::Error>(())
//! ```

mod error;
mod functions;
mod go;
mod handlebars;
pub mod limits;
mod model;

pub use error::{Error, Position};
pub use model::{Change, Image, Model, NamespacedName, ObjectId, Surroundings};

use limits::{Limit, MAX_TEMPLATE_BYTES};

/// The language of a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// Go `text/template` with sprig's functions, as in Flux.
    #[default]
    GoTemplate,
    /// Handlebars.
    Handlebars,
}

/// Renders a message. Equal arguments give equal messages.
///
/// # Errors
///
/// When the template is malformed, fails on this data, reads a field that Flux removed, uses what is refused, or
/// reaches one of the [`limits`]. Every error names its line and column.
pub fn render(
    engine: Engine,
    template: &str,
    model: &Model,
    with: &Surroundings,
) -> Result<String, Error> {
    if template.len() > MAX_TEMPLATE_BYTES {
        let at = Position { line: 1, column: 0 };
        return Err(Error::Limit {
            limit: Limit::Template,
            at,
        });
    }
    match engine {
        Engine::GoTemplate => go::render(template, model, with),
        Engine::Handlebars => handlebars::render(template, model),
    }
}
