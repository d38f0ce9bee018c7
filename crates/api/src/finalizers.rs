//! Names of finalizers.

/// The finalizer that Flux puts on its objects.
///
/// Repin's controllers own nothing outside the API server and add none; they remove this one from
/// an object that is being deleted, where Flux has left it.
pub const FLUX: &str = "finalizers.fluxcd.io";
