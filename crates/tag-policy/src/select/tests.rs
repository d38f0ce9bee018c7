use super::*;

fn semver(range: &str) -> Selector {
    Selector {
        policy: Policy::Semver(Constraint::parse(range).unwrap()),
        filter: None,
    }
}

fn alphabetical(order: Order) -> Selector {
    Selector {
        policy: Policy::Alphabetical(order),
        filter: None,
    }
}

fn numerical(order: Order) -> Selector {
    Selector {
        policy: Policy::Numerical(order),
        filter: None,
    }
}

fn filtered(selector: Selector, pattern: &str, extract: &str) -> Selector {
    Selector {
        filter: Some(Filter::new(pattern, extract).unwrap()),
        ..selector
    }
}

/// Selects from the tags in every rotation, forwards and backwards.
#[track_caller]
fn check(selector: &Selector, tags: &[&str], selected: Result<&str, &str>) {
    let mut tags = tags.to_vec();
    for _ in 0..tags.len().max(1) {
        let expected = selected.map_err(str::to_owned);
        let text = |error: SelectError| error.to_string();
        assert_eq!(
            selector.select(tags.iter().copied()).map_err(text),
            expected,
            "{tags:?}"
        );
        assert_eq!(
            selector.select(tags.iter().rev().copied()).map_err(text),
            expected,
            "{tags:?}"
        );
        if !tags.is_empty() {
            tags.rotate_left(1);
        }
    }
}

#[test]
fn semver_selects_the_greatest_version_in_range() {
    let tags = [
        "latest",
        "0.9.0",
        "1.9.0",
        "1.10.0",
        "1.11.0-rc.1",
        "2.0.0",
        "v1.2",
        "sha-12.3.4",
    ];
    check(&semver("^1.0"), &tags, Ok("1.10.0"));
    check(&semver("^1.0-0"), &tags, Ok("1.11.0-rc.1"));
    check(&semver("*"), &tags, Ok("2.0.0"));
    check(
        &semver(">=3"),
        &tags,
        Err("unable to determine latest version from provided list"),
    );
    check(
        &semver("*"),
        &["latest"],
        Err("unable to determine latest version from provided list"),
    );
}

#[test]
fn alphabetical_compares_bytes() {
    let tags = [
        "RELEASE.2024-01",
        "RELEASE.2024-10",
        "RELEASE.2024-9",
        "a",
        "Z",
    ];
    check(&alphabetical(Order::Ascending), &tags, Ok("a"));
    check(
        &alphabetical(Order::Descending),
        &tags,
        Ok("RELEASE.2024-01"),
    );
}

#[test]
fn numerical_compares_values() {
    let tags = ["9", "10", "-1", "1e3", "0x1p-2", "1_000.5"];
    check(&numerical(Order::Ascending), &tags, Ok("1_000.5"));
    check(&numerical(Order::Descending), &tags, Ok("-1"));
    check(&numerical(Order::Ascending), &["1", "inf"], Ok("inf"));
    check(&numerical(Order::Descending), &["1", "-Inf"], Ok("-Inf"));
}

#[test]
fn one_text_that_is_no_number_fails_the_policy() {
    let error = Err("failed to parse invalid numeric value 'x'");
    check(
        &numerical(Order::Ascending),
        &["1", "2", "latest", "x", ""],
        error,
    );
    let filtered = filtered(numerical(Order::Ascending), "^r(.*)", "$1");
    check(&filtered, &["r1", "rx", "latest"], error);
    check(&filtered, &["r1", "latest"], Ok("r1"));
}

#[test]
fn nan_is_selected_only_where_there_is_nothing_else() {
    check(
        &numerical(Order::Ascending),
        &["NaN", "1", "2", "nan"],
        Ok("2"),
    );
    check(
        &numerical(Order::Descending),
        &["NaN", "1", "2", "nan"],
        Ok("1"),
    );
    check(&numerical(Order::Ascending), &["NaN", "nan"], Ok("nan"));
}

#[test]
fn of_equal_tags_the_byte_greatest_wins() {
    let table = [
        (semver("*"), vec!["1.0.0", "v1.0.0"], "v1.0.0"),
        (semver("*"), vec!["1.0.0+b", "1.0.0+a", "1.0.0"], "1.0.0+b"),
        (semver("*"), vec!["2025.01.02", "2025.1.2"], "2025.1.2"),
        (
            numerical(Order::Ascending),
            vec!["1", "1.0", "01", "1e0"],
            "1e0",
        ),
        (
            numerical(Order::Descending),
            vec!["1", "1.0", "01", "2"],
            "1.0",
        ),
        (
            numerical(Order::Ascending),
            vec!["9007199254740993", "9007199254740992"],
            "9007199254740993",
        ),
        (numerical(Order::Ascending), vec!["0", "-0"], "0"),
        (
            filtered(alphabetical(Order::Descending), "-(.*)$", "$1"),
            vec!["a-1", "b-1", "c-2"],
            "b-1",
        ),
        (
            filtered(semver("*"), "^[a-z]-(?P<v>.*)", "$v"),
            vec!["a-1.2.3", "b-1.2.3"],
            "b-1.2.3",
        ),
        (
            filtered(numerical(Order::Ascending), "(.)$", "${1}0"),
            vec!["a1", "b1", "c0"],
            "b1",
        ),
    ];
    for (selector, tags, selected) in table {
        check(&selector, &tags, Ok(selected));
    }
}

#[test]
fn the_policy_sees_what_the_filter_extracts_and_the_tag_is_returned() {
    let tags = [
        "main-0a1b-1700000000",
        "main-c2d3-1600000000",
        "dev-ffff-1800000000",
        "latest",
    ];
    let newest = filtered(
        numerical(Order::Ascending),
        "^main-[a-f0-9]+-(?P<ts>[0-9]+)$",
        "$ts",
    );
    check(&newest, &tags, Ok("main-0a1b-1700000000"));

    let tags = ["2024-05-1", "2024-11-1", "2023-12-9"];
    let composed = filtered(
        semver(">=2024.0.0"),
        "^([0-9]{4})-([0-9]+)-([0-9]+)$",
        "$1.$2.$3",
    );
    check(&composed, &tags, Ok("2024-11-1"));
    let pre_releases = filtered(
        semver("*-0"),
        "^([0-9]{4})-([0-9]+)-([0-9]+)$",
        "1.0.0-$1.$2.$3",
    );
    check(&pre_releases, &tags, Ok("2024-11-1"));
    let letters = filtered(
        alphabetical(Order::Descending),
        "^([0-9]{4})-([0-9]+)-",
        "$2$1",
    );
    check(&letters, &tags, Ok("2024-05-1"));
}

#[test]
fn nothing_left_is_an_error() {
    let empty = Err("version list argument cannot be empty");
    check(&semver("*"), &[], empty);
    check(&filtered(semver("*"), "^v", ""), &["1.0.0"], empty);
    check(
        &filtered(numerical(Order::Ascending), "^v", ""),
        &["x"],
        empty,
    );
}

#[test]
fn a_text_that_grows_too_long_fails_the_selection() {
    let selector = filtered(alphabetical(Order::Ascending), "(.*)", &"$1".repeat(512));
    check(
        &selector,
        &["a", "bbb", "ccc"],
        Err("extracted text of tag 'ccc' is too long: expected at most 1024 bytes"),
    );
    check(&selector, &["a", "bb"], Ok("bb"));
}

#[test]
fn git_names_are_selected_by_the_same_rules() {
    let range = Constraint::parse("1.x").unwrap();
    let names = ["v1.0", "main", "1.4.0", "v1.4.0", "1.5.0-rc.1", "2.0.0"];
    assert_eq!(highest_semver(&range, names), Some("v1.4.0"));
    assert_eq!(highest_semver(&range, ["main"]), None);
}

#[test]
fn rules_have_stable_names() {
    let names = [
        (Rule::FilterPattern, "filter-pattern"),
        (Rule::ExtractTooLong, "extract-too-long"),
        (Rule::NotAVersion, "not-a-version"),
        (Rule::PreRelease, "pre-release"),
        (Rule::OutOfRange, "out-of-range"),
        (Rule::NotANumber, "not-a-number"),
        (Rule::SameExtract, "same-extract"),
    ];
    for (rule, name) in names {
        assert_eq!(rule.name(), name);
    }
}
