//! The controllers together on a real API server: helpers in the library, scenarios in `tests/`.
//!
//! A scenario plays on a [`stage::Stage`]: a namespace of its own, the controllers as processes under the roles of
//! `deploy/base`, and everything they write counted. What is here never looks into a controller; it sees what users see.

pub mod access;
pub mod faults;
pub mod fleet;
pub mod kubectl;
pub mod manifests;
pub mod objects;
pub mod receiver;
pub mod stage;
pub mod table;
