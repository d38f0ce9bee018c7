//! Leases: of several instances one writes.
//!
//! A [`Claim`] carries the time at which it expires, and is asked at the moment of each write. An instance that no longer
//! reaches the API server so ceases to write by itself, before another one can take over: it claims the Lease for
//! `--leader-election-renew-deadline` after each renewal, while the others wait for `--leader-election-lease-duration`, which
//! is longer, since they last saw it change. No clock of another machine is read.

mod claim;
mod election;
mod evaluate;
mod settings;

pub use self::claim::{Claim, Claims, NotLeading};
pub(crate) use self::election::Election;
pub use self::election::LeaseLost;
pub(crate) use self::settings::Settings;
pub use self::settings::SettingsError;
