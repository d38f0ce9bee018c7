//! Any bytes, any tag: no panic, edits that fit, and no marker lost by applying them.
//!
//! Run with `cargo +nightly fuzz run edit` in `crates/yaml-setter`. The first line of the input is the tag.

#![no_main]

use libfuzzer_sys::fuzz_target;
use yaml_setter::{Edit, LatestImage, Setters, Splice, edit, splice, suspicious};

fuzz_target!(|input: &[u8]| {
    let line = input.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (tag, file) = input.split_at(line);
    let Ok(tag) = str::from_utf8(tag) else { return };
    let mut setters = Setters::new();
    let image = LatestImage {
        name: "reg.io/app",
        tag,
        digest: None,
    };
    setters.policy("ns", "p", &image);

    suspicious(file);
    let first = edit(file, &setters);
    let splices: Vec<Splice<'_>> = first.edits.iter().map(Edit::splice).collect();
    let after = splice(file, &splices).expect("the edits fit the bytes they were made for");
    let second = edit(&after, &setters);
    // The parser asks for more indentation around quoted values than around plain ones, so that a file may
    // be refused after an edit; it must not be edited twice.
    assert!(second.edits.is_empty(), "a second pass still edits");
});
