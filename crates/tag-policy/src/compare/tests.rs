use std::cmp::Ordering::{Equal, Greater, Less};

use proptest::prelude::*;

use crate::{Constraint, Filter, Order, Policy, Selector};

fn semver(range: &str) -> Policy {
    Policy::Semver(Constraint::parse(range).unwrap())
}

fn selector(policy: Policy) -> Selector {
    Selector {
        policy,
        filter: None,
    }
}

#[test]
fn the_order_is_that_of_the_policy_and_knows_no_range() {
    let check = |policy: Policy, left, right, expected| {
        let selector = selector(policy);
        assert_eq!(selector.compare(left, right), expected, "{left} {right}");
    };
    check(semver("1.x"), "2.0.0", "1.9.0", Some(Greater));
    check(semver("1.x"), "1.0.0-rc.1", "1.0.0", Some(Less));
    check(semver("1.x"), "v1.0.0+a", "1.0.0", Some(Equal));
    check(semver("1.x"), "latest", "1.0.0", None);
    check(semver("1.x"), "1.0.0", "1.0", None);
    let alphabetical = Policy::Alphabetical;
    check(alphabetical(Order::Ascending), "b", "a", Some(Greater));
    check(alphabetical(Order::Descending), "b", "a", Some(Less));
    let numerical = Policy::Numerical;
    check(numerical(Order::Ascending), "10", "9", Some(Greater));
    check(numerical(Order::Descending), "10", "9", Some(Less));
    check(numerical(Order::Ascending), "1e1", "10", Some(Equal));
    check(numerical(Order::Ascending), "10", "ten", None);
}

#[test]
fn tags_are_compared_by_what_the_filter_extracts() {
    let selector = Selector {
        policy: Policy::Numerical(Order::Ascending),
        filter: Some(Filter::new(r"^main-(\w+)-(\d+)$", "$2").unwrap()),
    };
    assert_eq!(selector.compare("main-b-9", "main-a-10"), Some(Less));
    assert_eq!(selector.compare("main-b-9", "dev-a-10"), None);
}

proptest! {
    #[test]
    fn what_is_selected_is_never_below_another_candidate(tags in prop::collection::vec("v?[0-2]\\.[0-2]\\.[0-2](-rc\\.[0-9])?", 1..8)) {
        let selector = selector(semver("*-0"));
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let selected = selector.select(tags.iter().copied()).unwrap();
        for tag in tags {
            prop_assert_ne!(selector.compare(selected, tag), Some(Less));
            prop_assert_eq!(selector.compare(selected, tag), selector.compare(tag, selected).map(std::cmp::Ordering::reverse));
        }
    }
}
