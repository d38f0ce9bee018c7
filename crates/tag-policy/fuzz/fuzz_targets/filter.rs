//! Any filter over any tags: the first line is the pattern, the second the template, the others are the tags.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tag_policy::{Filter, Order, Policy, Selector};

fuzz_target!(|text: &str| {
    let mut lines = text.split('\n');
    let (Some(pattern), Some(template)) = (lines.next(), lines.next()) else {
        return;
    };
    let Ok(filter) = Filter::new(pattern, template) else {
        return;
    };
    for policy in [
        Policy::Alphabetical(Order::Descending),
        Policy::Numerical(Order::Ascending),
    ] {
        let selector = Selector {
            policy,
            filter: Some(filter.clone()),
        };
        let selected = selector.select(lines.clone());
        assert_eq!(selector.select(lines.clone().rev()), selected);
        assert_eq!(selector.explain(lines.clone(), 3).outcome, selected);
        assert!(selected.is_err() || selected.is_ok_and(|tag| filter.matches(tag)));
    }
});
