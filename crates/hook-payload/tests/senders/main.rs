//! Each sender's hooks, in the shapes that its public documentation shows: what is taken, what is refused and why.
//!
//! The tokens in `tokens.json` were signed by another library (Python's cryptography) at the time [`setup::NOW`];
//! the private keys are gone.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unwrap_in_result,
    reason = "what cannot be set up is a failed test"
)]

mod bounds;
mod cdevents;
mod events;
mod gcr;
mod images;
mod oidc;
mod open;
mod payload;
mod properties;
mod setup;
mod signatures;
mod tokens;
