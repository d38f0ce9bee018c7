//! Parsing any text is total, and what is parsed prints as it was written.
#![no_main]

use image_ref::{Digest, ImageName, ImageRef, Tags, is_valid_tag};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(name) = ImageName::parse(text) {
        assert_eq!(name.to_string(), text);
        // The implied `library/` may make the repository longer than a name may be.
        if let Ok(canonical) = ImageName::parse(&name.canonical()) {
            assert_eq!(canonical.canonical(), name.canonical());
        }
    }
    if let Ok(image) = ImageRef::parse(text) {
        assert_eq!(image.to_string(), text);
        assert!(image.tag().is_none_or(is_valid_tag));
    }
    if let Ok(digest) = Digest::parse(text) {
        assert_eq!(digest.as_str(), text);
    }
    let tags = Tags::from_unsorted(text.split('\n')).expect("a fuzz input is small");
    assert!(tags.iter().is_sorted());
    assert!(text.split('\n').all(|tag| tags.contains(tag)));
});
