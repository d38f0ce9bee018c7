//! Which tag of a list a policy selects, and why.
//!
//! A [`Selector`] filters tags by a regular expression, extracts from each the text that counts, and takes
//! the greatest one in the order of its [`Policy`]: semantic versions within a range, letters, or numbers.
//! The syntaxes are those that Flux's users write: RE2 patterns ([`Pattern`], [`Filter`]), Go's templates,
//! the constraints of Masterminds/semver ([`Constraint`]), the numbers of Go's `ParseFloat`. So are the
//! texts of the errors.
//!
//! The outcome depends on the set of tags alone: neither on their order nor on repetitions. Among tags that
//! the policy finds equal the byte-greatest wins.
//!
//! This crate never reads a clock, a file or the environment, never talks to anybody, and never selects a
//! tag that it was not given.
//!
//! ```
//! use tag_policy::{Constraint, Filter, Order, Policy, Selector};
//!
//! let tags = ["1.9.0", "1.10.0", "2.0.0-rc.1", "main-0a1b-1700000000", "main-c2d3-1600000000"];
//!
//! let stable = Selector { policy: Policy::Semver(Constraint::parse("^1.0")?), filter: None };
//! assert_eq!(stable.select(tags), Ok("1.10.0"));
//!
//! let filter = Filter::new("^main-[a-f0-9]+-(?P<ts>[0-9]+)$", "$ts")?;
//! let newest = Selector { policy: Policy::Numerical(Order::Ascending), filter: Some(filter) };
//! assert_eq!(newest.select(tags), Ok("main-0a1b-1700000000"));
//!
//! let explanation = newest.explain(tags, 3);
//! assert_eq!(explanation.runners_up, ["main-c2d3-1600000000"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod compare;
mod constraint;
mod explain;
mod filter;
mod go_text;
mod key;
mod number;
mod pattern;
mod select;
mod template;
mod unicode;
mod version;

pub use constraint::{Constraint, ConstraintError};
pub use explain::{Explanation, Verdict};
pub use filter::{Filter, FilterError};
pub use pattern::{Pattern, PatternError, SyntaxError};
pub use select::{Order, Policy, Rule, SelectError, Selector, highest_semver};
