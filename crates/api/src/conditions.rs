//! Types and statuses of conditions, and the messages that every kind shares.

/// The object does what its spec says.
pub const READY: &str = "Ready";
/// A pass is under way or will be retried.
pub const RECONCILING: &str = "Reconciling";
/// No pass can succeed until the object or something it refers to changes.
pub const STALLED: &str = "Stalled";

/// Status of a condition that holds.
pub const TRUE: &str = "True";
/// Status of a condition that does not hold.
pub const FALSE: &str = "False";
/// Status of a condition that nobody has judged yet.
pub const UNKNOWN: &str = "Unknown";

/// Message of Reconciling while a pass is under way.
pub const IN_PROGRESS: &str = "reconciliation in progress";
/// The same for a Receiver.
pub const RECEIVER_IN_PROGRESS: &str = "Reconciliation in progress";

/// How the message of a plan's Ready begins where the plan waits for something, and nothing has failed.
pub const PLAN_WAITS: &str = "waits for ";

/// The longest message, in bytes; longer ones are cut and end with `...`.
pub const MAX_MESSAGE_BYTES: usize = 32_768;
