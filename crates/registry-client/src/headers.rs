//! The response headers a registry steers its clients with, parsed without I/O.
//!
//! Nothing here fails or panics on foreign input: what cannot be understood is treated as absent.

mod challenge;
mod date;
mod link;
mod rate_limit;

pub use self::challenge::{Challenge, challenges};
pub use self::date::{LONGEST_WAIT, retry_after};
pub use self::link::next_page;
pub use self::rate_limit::{RateLimit, rate_limit};

#[cfg(test)]
mod tests;
