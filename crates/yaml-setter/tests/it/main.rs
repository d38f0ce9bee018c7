//! What the crate promises, by its public interface.

mod findings;
mod fixture;
mod markers;
mod objects;
mod properties;
mod values;
