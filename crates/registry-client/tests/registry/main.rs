//! The client against registries: one in process that fails on demand, and Debian's `docker-registry`.

mod auth;
mod budget;
mod digests;
mod faults;
mod lists;
mod real;
mod setup;
