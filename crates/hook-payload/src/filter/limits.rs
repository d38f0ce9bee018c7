//! The bounds of an expression and of its evaluation.

/// Longest source of an expression, in bytes.
pub const MAX_SOURCE_BYTES: usize = 16 * 1024;
/// How deep an expression may nest. An operator in a chain such as `a + b + c` and a selection in `a.b.c`
/// are a level each, the terms of `a && b && c` and of `a || b || c` are not.
pub const MAX_NESTING: usize = 100;
/// Most memory that a compiled pattern of `matches` may take, in bytes.
pub const MAX_PATTERN_MEMORY: usize = 256 * 1024;
/// Most steps of one evaluation. A step is the visit of one part of the expression, of one element of a
/// list or map, of 64 bytes of text, or of one byte of text by a pattern.
pub const MAX_STEPS: u64 = 1_000_000;
/// Most memory for the values made during one evaluation, in bytes.
pub const MAX_MADE_BYTES: u64 = 8 * 1024 * 1024;
