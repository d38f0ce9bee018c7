//! manifest-setter and git-writer against a Git server, while everything around them fails.
//!
//! A [`Site`] is the two controllers, a Git server, outside committers and the objects of some automations; it breaks each of
//! them on demand. [`Site::settle`] waits for the end and counts: no update is lost, none is repeated, no foreign change is
//! overwritten. [`storm()`] breaks them at random, as the tests do for a minute and `cargo xtask soak` for as long as it is told.

mod acts;
mod books;
mod dice;
mod disk;
mod history;
mod line;
mod objects;
mod processes;
mod settle;
mod site;
mod storm;
mod waits;

pub use self::acts::{Flag, Outsider};
pub use self::books::Report;
pub use self::dice::Dice;
pub use self::disk::SmallDisks;
pub use self::line::Line;
pub use self::objects::BOT;
pub use self::processes::Victim;
pub use self::settle::Told;
pub use self::site::{PACK, PUSH, Shape, Site};
pub use self::storm::{Plan as StormPlan, Tally, Trouble, storm};
pub use self::waits::Landing;
