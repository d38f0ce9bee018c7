use proptest::prelude::*;

use super::*;

#[test]
fn tags_with_two_dots_are_versions() {
    let table = [
        ("1.2.3", [1, 2, 3], ""),
        ("v1.2.3", [1, 2, 3], ""),
        ("01.2.3", [1, 2, 3], ""),
        ("v2025.07.03", [2025, 7, 3], ""),
        ("1.2.3-rc.1", [1, 2, 3], "rc.1"),
        ("1.2.3+b.1", [1, 2, 3], ""),
        ("1.2.3-rc+01", [1, 2, 3], "rc"),
        ("1.2.3-rc1-x", [1, 2, 3], "rc1-x"),
        ("1.2.3--", [1, 2, 3], "-"),
        ("1.2.3-0", [1, 2, 3], "0"),
        (
            "1.2.3-99999999999999999999",
            [1, 2, 3],
            "99999999999999999999",
        ),
        ("1.2-rc.1", [1, 2, 0], "rc.1"),
        ("1-rc.1.2", [1, 0, 0], "rc.1.2"),
        ("1.2+b.1", [1, 2, 0], ""),
        ("1-a.b-c.d", [1, 0, 0], "a.b-c.d"),
        ("18446744073709551615.0.0", [u64::MAX, 0, 0], ""),
    ];
    for (tag, core, pre) in table {
        assert_eq!(
            Version::parse_tag(tag),
            Some(Version { core, pre }),
            "{tag}"
        );
    }
}

#[test]
fn other_tags_are_no_versions() {
    let table = [
        "",
        "v",
        "1",
        "v1",
        "1.2",
        "1.2.3.4",
        "V1.2.3",
        "vv1.2.3",
        "1.2.x",
        "=1.2.3",
        "1.2.3-",
        "1.2.3-01",
        "1.2.3-rc..1",
        "1.2.3-rc.",
        "1.2.3-rc.01",
        "1.2.3_b1",
        "1.2.3-b_1",
        "release-1.2.3",
        "1.2-5",
        "1.2-beta5",
        "1.2.",
        "1..2",
        ".1.2",
        "1.2.3+",
        "1.2.3+a..b",
        "1.2.3+a+b",
        " 1.2.3",
        "1.2.3 ",
        "99999999999999999999.0.0",
        "18446744073709551616.0.0",
        "1.2.3é",
        "é.1.2",
    ];
    for tag in table {
        assert_eq!(Version::parse_tag(tag), None, "{tag}");
    }
}

#[test]
fn versions_have_at_most_256_bytes() {
    let longest = format!("1.0.0-{}", "a".repeat(250));
    assert!(Version::parse_tag(&longest).is_some());
    assert!(Version::parse_tag(&format!("{longest}a")).is_none());
    assert!(Version::parse(&format!("{longest}a")).is_none());
}

#[test]
fn precedence_ascends() {
    let ascending = [
        "0.0.3",
        "1.0.0-0",
        "1.0.0-1",
        "1.0.0-1.1",
        "1.0.0-2",
        "1.0.0-10",
        "1.0.0-18446744073709551615",
        "1.0.0-18446744073709551616",
        "1.0.0-9999999999999999999999",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-rc10",
        "1.0.0-rc9",
        "1.0.0",
        "1.0.1",
        "1.1.0",
        "2.0.0",
        "10.0.0",
    ];
    let versions: Vec<_> = ascending
        .iter()
        .map(|tag| Version::parse_tag(tag).unwrap())
        .collect();
    for (index, version) in versions.iter().enumerate() {
        for (other_index, other) in versions.iter().enumerate() {
            assert_eq!(
                version.cmp(other),
                index.cmp(&other_index),
                "{version:?} {other:?}"
            );
        }
    }
}

#[test]
fn metadata_prefix_and_padding_do_not_count() {
    for (left, right) in [
        ("v1.0.0", "1.0.0"),
        ("1.0.0+a", "1.0.0+b"),
        ("2025.1.2", "2025.01.02"),
    ] {
        assert_eq!(Version::parse_tag(left), Version::parse_tag(right));
    }
}

proptest! {
    #[test]
    fn order_is_total(tags in prop::array::uniform3("[0-2]\\.[0-2]\\.0(-[0-2a-b-](\\.[0-2a-b]{1,2})?)?")) {
        let [Some(a), Some(b), Some(c)] = tags.each_ref().map(|tag| Version::parse_tag(tag)) else {
            // A padded number: not of interest here.
            return Ok(());
        };
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert_eq!(a.cmp(&b).is_eq(), a == b);
        prop_assert!(!(a <= b && b <= c) || a <= c);
    }

    #[test]
    fn parsing_is_total(text in "[0-9v.+a-]{0,12}|\\PC{0,12}") {
        prop_assert!(Version::parse(&text).is_some() || Version::parse_tag(&text).is_none());
    }
}
