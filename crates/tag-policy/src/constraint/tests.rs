use proptest::prelude::*;

use super::*;

/// The versions that the table below is about.
const VERSIONS: &str = "0.0.3 0.0.4 0.2.3 0.3.0 1.0.0-rc.1 1.0.0 1.0.1-beta 1.0.1 1.1.0 1.2.3 1.2.4 1.9.9 \
    2.0.0-rc.1 2.0.0-rc.2 2.0.0 2.1.0 3.0.0";

const STABLE: &str =
    "0.0.3 0.0.4 0.2.3 0.3.0 1.0.0 1.0.1 1.1.0 1.2.3 1.2.4 1.9.9 2.0.0 2.1.0 3.0.0";
const STABLE_1: &str = "1.0.0 1.0.1 1.1.0 1.2.3 1.2.4 1.9.9";
const ALL_1: &str = "1.0.0-rc.1 1.0.0 1.0.1-beta 1.0.1 1.1.0 1.2.3 1.2.4 1.9.9";
const FROM_1: &str = "1.0.0 1.0.1 1.1.0 1.2.3 1.2.4 1.9.9 2.0.0 2.1.0 3.0.0";
const BELOW_1: &str = "0.0.3 0.0.4 0.2.3 0.3.0";

fn admitted(range: &str) -> String {
    let constraint = Constraint::parse(range).unwrap_or_else(|error| panic!("{range:?}: {error}"));
    VERSIONS
        .split(' ')
        .filter(|tag| constraint.admits(tag))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn ranges_admit_what_masterminds_semver_admits() {
    // Each row was produced with Masterminds/semver 3.5.0.
    let table: [(&[&str], &str); 41] = [
        (
            &[
                "*", "x", "X", ">=0.0.0", "~0.0.0", "x.1.2", "~*", "=*", ">*", "!=*",
            ],
            STABLE,
        ),
        (&["*-0", "x-0", ">=0.0.0-0"], VERSIONS),
        (
            &[
                "1", "1.x", "1.X", "1.*", "~1", "~1.x", "^1", "1.x.3", "1.x.1x",
            ],
            STABLE_1,
        ),
        (&["1.0", "1.0.x"], "1.0.0 1.0.1"),
        (&["1.2.3", "=1.2.3", "v1.2.3", "= 1.2.3"], "1.2.3"),
        (&["~1.2", "~1.2.3", "~>1.2", "~> 1.2.3"], "1.2.3 1.2.4"),
        (&["~0", "^0"], BELOW_1),
        (&["~0.0", "^0.0"], "0.0.3 0.0.4"),
        (&["^0.0.3"], "0.0.3"),
        (&["^0.2", "^0.2.3"], "0.2.3"),
        (&["^1.2", "^1.2.3"], "1.2.3 1.2.4 1.9.9"),
        (&["^1.x-0", "^1.0.0-0", "1.x-0"], ALL_1),
        (&["~1.0.0-0"], "1.0.0-rc.1 1.0.0 1.0.1-beta 1.0.1"),
        (
            &[
                ">1.0.0-rc <2.0.0-rc",
                ">1.0.0-rc,<2.0.0-rc",
                ">1.0.0-rc , <2.0.0-rc",
            ],
            ALL_1,
        ),
        (
            &[">=1.0.0-0 <2.0.0"],
            "1.0.0-rc.1 1.0.0 1.0.1-beta 1.0.1 1.1.0 1.2.3 1.2.4 1.9.9 2.0.0-rc.1 2.0.0-rc.2",
        ),
        (
            &[">=1.0.0 <2.0.0-0"],
            "1.0.0 1.0.1-beta 1.0.1 1.1.0 1.2.3 1.2.4 1.9.9",
        ),
        (&[">1", "> 1", ">1.x"], "2.0.0 2.1.0 3.0.0"),
        (&[">1-0"], "2.0.0-rc.1 2.0.0-rc.2 2.0.0 2.1.0 3.0.0"),
        (&[">1.0"], "1.1.0 1.2.3 1.2.4 1.9.9 2.0.0 2.1.0 3.0.0"),
        (&[">=1"], FROM_1),
        (
            &[">=1.1", "=>1.1"],
            "1.1.0 1.2.3 1.2.4 1.9.9 2.0.0 2.1.0 3.0.0",
        ),
        (&["<1", "<1.0"], BELOW_1),
        (
            &["<=1", "<=1.x"],
            "0.0.3 0.0.4 0.2.3 0.3.0 1.0.0 1.0.1 1.1.0 1.2.3 1.2.4 1.9.9",
        ),
        (&["<=1.0", "=<1.0"], "0.0.3 0.0.4 0.2.3 0.3.0 1.0.0 1.0.1"),
        (&["<=*"], "0.0.3 0.0.4"),
        (&["<*", "^*", "1.0.0 1.0.1", "1.0.0-2.0.0"], ""),
        (&["!=1.x"], "0.0.3 0.0.4 0.2.3 0.3.0 2.0.0 2.1.0 3.0.0"),
        (
            &["!=1.0"],
            "0.0.3 0.0.4 0.2.3 0.3.0 1.1.0 1.2.3 1.2.4 1.9.9 2.0.0 2.1.0 3.0.0",
        ),
        (
            &["!=1.0-beta"],
            "0.0.3 0.0.4 0.2.3 0.3.0 1.0.0-rc.1 1.0.0 1.0.1 1.1.0 1.2.3 1.2.4 1.9.9 2.0.0-rc.1 2.0.0-rc.2 \
             2.0.0 2.1.0 3.0.0",
        ),
        (
            &["!=1.0.0"],
            "0.0.3 0.0.4 0.2.3 0.3.0 1.0.1 1.1.0 1.2.3 1.2.4 1.9.9 2.0.0 2.1.0 3.0.0",
        ),
        (
            &["1.0 - 2.0", "1.0.0 - 2.0.0"],
            "1.0.0 1.0.1 1.1.0 1.2.3 1.2.4 1.9.9 2.0.0",
        ),
        (
            &["1.0.0 - 2.0.0-rc.2"],
            "1.0.0 1.0.1-beta 1.0.1 1.1.0 1.2.3 1.2.4 1.9.9 2.0.0-rc.1 2.0.0-rc.2",
        ),
        (
            &["<1.5, 1.0 - 2.0", "1.0 - 2.0 <1.5"],
            "1.0.0 1.0.1 1.1.0 1.2.3 1.2.4",
        ),
        (
            &["<1.0.0 || >=2.0.0", "<1.0.0||>=2.0.0"],
            "0.0.3 0.0.4 0.2.3 0.3.0 2.0.0 2.1.0 3.0.0",
        ),
        (&["1.0.0||2.0.0"], "1.0.0 2.0.0"),
        (&[">=1.0.0 <1.2.0 || 2.x"], "1.0.0 1.0.1 1.1.0 2.0.0 2.1.0"),
        // An alternative that names a pre-release lets them into itself only.
        (
            &["1.x || 2.x-0"],
            "1.0.0 1.0.1 1.1.0 1.2.3 1.2.4 1.9.9 2.0.0-rc.1 2.0.0-rc.2 2.0.0 2.1.0",
        ),
        (&[">0,<2.0"], STABLE_1),
        (&["1.0.0+build", "01.0.0", " 1.0.0 ", "\t1.0.0\n"], "1.0.0"),
        (&["5.0.x", ">=5.0.0", "5.0.0", ">5.0.1"], ""),
        (&["18446744073709551615.x", ">18446744073709551615"], ""),
    ];
    for (ranges, versions) in table {
        for range in ranges {
            assert_eq!(admitted(range), versions, "{range}");
        }
    }
}

#[test]
fn improper_constraints_are_quoted_by_their_alternative() {
    let table = [
        ("", r#""""#),
        (" ", r#"" ""#),
        ("1.0.0 || ", r#"" ""#),
        ("==1.0.0", r#""==1.0.0""#),
        ("!1.0.0", r#""!1.0.0""#),
        ("~^1", r#""~^1""#),
        ("1.2.x.x", r#""1.2.x.x""#),
        ("1.0.0-", r#""1.0.0-""#),
        ("a", r#""a""#),
        ("-1", r#""-1""#),
        ("1.0.0p", r#""1.0.0p""#),
        ("V1.2.3", r#""V1.2.3""#),
        (">=1.0<2", r#"">=1.0<2""#),
        ("1.0 -2.0", r#""1.0 -2.0""#),
        ("*-*", r#""*-*""#),
        ("1.0,,2.0", r#""1.0,,2.0""#),
        ("1.0,", r#""1.0,""#),
        ("1.x || \"q\"\n", r#"" \"q\"\n""#),
        ("1\u{a0}2", r#""1\u00a02""#),
        ("<1.5 1.0 - 2.0", r#""<1.5>= 1.0, <= 2.0 ""#),
        (">=1.0 - 2.0", r#"">=>= 1.0, <= 2.0 ""#),
        ("1.2.3.4 - 5", r#""1.>= 2.3.4, <= 5 ""#),
    ];
    for (range, quoted) in table {
        let error = Constraint::parse(range).expect_err(range);
        assert_eq!(error.to_string(), format!("improper constraint: {quoted}"));
    }
}

#[test]
fn versions_that_only_look_right_are_parser_errors() {
    for range in [
        "1x",
        "1|2",
        "1.2.xx",
        "18446744073709551616",
        "1.0.0-01",
        ">=99999999999999999999.0.0",
    ] {
        let error = Constraint::parse(range).expect_err(range);
        assert_eq!(error.to_string(), "constraint parser error", "{range}");
    }
}

#[test]
fn length_and_alternatives_are_bounded() {
    let longest = format!("1.0.0{}", " ".repeat(507));
    assert!(Constraint::parse(&longest).is_ok());
    assert_eq!(
        Constraint::parse(&format!("{longest} "))
            .unwrap_err()
            .to_string(),
        "constraint string is too long (max 512 bytes)"
    );
    assert!(Constraint::parse(&vec!["1"; 32].join("||")).is_ok());
    assert_eq!(
        Constraint::parse(&vec!["a"; 33].join("||"))
            .unwrap_err()
            .to_string(),
        "too many constraint groups (max 32)"
    );
}

#[test]
fn membership_tells_pre_releases_from_versions_out_of_range() {
    let constraint = Constraint::parse("^1.2").unwrap();
    let table = [
        ("1.3.0", Membership::InRange),
        ("1.3.0-rc.1", Membership::PreRelease),
        ("2.0.0", Membership::OutOfRange),
        ("2.1.0-rc.1", Membership::OutOfRange),
    ];
    for (tag, membership) in table {
        assert_eq!(
            constraint.membership(Version::parse_tag(tag).unwrap()),
            membership,
            "{tag}"
        );
    }
}

proptest! {
    #[test]
    fn parsing_is_total(range in "[0-3xX*v.|,<>=!~^ a+-]{0,20}|\\PC{0,20}") {
        drop(Constraint::parse(&range));
    }

    #[test]
    fn a_caret_is_a_pair_of_bounds(core in prop::array::uniform3(0_u64..4), tag in prop::array::uniform3(0_u64..4)) {
        let [major, minor, patch] = core;
        let end = match core {
            [0, 0, patch] => format!("0.0.{}", patch + 1),
            [0, minor, _] => format!("0.{}.0", minor + 1),
            [major, ..] => format!("{}.0.0", major + 1),
        };
        let caret = Constraint::parse(&format!("^{major}.{minor}.{patch}")).unwrap();
        let bounds = Constraint::parse(&format!(">={major}.{minor}.{patch} <{end}")).unwrap();
        let [a, b, c] = tag;
        let tag = format!("{a}.{b}.{c}");
        prop_assert_eq!(caret.admits(&tag), bounds.admits(&tag));
    }
}
