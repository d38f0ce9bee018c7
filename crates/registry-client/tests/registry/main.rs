//! The client against registries: one in process that fails on demand, and Debian's `docker-registry`.

mod auth;
mod budget;
mod certificates;
mod digests;
mod faults;
mod lists;
mod proxies;
mod real;
mod redirects;
mod setup;
