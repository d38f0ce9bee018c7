//! Any constraint and any tags: the first line is the range, the others are the tags.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tag_policy::{Constraint, Policy, Selector, highest_semver};

fuzz_target!(|text: &str| {
    let (range, tags) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(range) = Constraint::parse(range) else {
        return;
    };
    let tags = tags.split('\n');
    let highest = highest_semver(&range, tags.clone());
    assert!(highest.is_none_or(|tag| range.admits(tag)));
    let selector = Selector {
        policy: Policy::Semver(range),
        filter: None,
    };
    let selected = selector.select(tags.clone());
    assert_eq!(selected.clone().ok(), highest);
    assert_eq!(selector.select(tags.clone().rev()), selected);
    assert_eq!(selector.explain(tags, 3).outcome, selected);
});
