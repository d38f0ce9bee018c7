use crate::{Filter, Order, Policy, Selector, Verdict};

/// What a template makes of a text that the pattern matches.
fn expand(pattern: &str, template: &str, text: &str) -> String {
    let selector = Selector {
        policy: Policy::Alphabetical(Order::Ascending),
        filter: Some(Filter::new(pattern, template).unwrap()),
    };
    match &selector.explain([text], 0).verdicts[..] {
        [(_, Verdict::Selected { key })] => key.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn references_expand_as_in_go() {
    // Each row was produced with Go's Regexp.ExpandString.
    let table = [
        ("$1.$2", "1.2"),
        ("$1_$2", "2"),
        ("${1}_$2", "1_2"),
        ("$$1", "$1"),
        ("$3", ""),
        ("const", "const"),
        ("$0", "1.2"),
        ("$$", "$"),
        ("$$$1", "$1"),
        ("$-", "$-"),
        ("${1", "${1"),
        ("${}", "${}"),
        ("${1-}", "${1-}"),
        ("x$", "x$"),
        ("$01", ""),
        ("$00", ""),
        ("$1é", ""),
        ("${1}é", "1é"),
        ("$1 ", "1 "),
        ("$99999999999999999999", ""),
        ("{$2}", "{2}"),
    ];
    for (template, expanded) in table {
        assert_eq!(
            expand(r"(\d+)\.(\d+)", template, "v1.2"),
            expanded,
            "{template}"
        );
    }
}

#[test]
fn names_mean_the_first_group_that_took_part() {
    assert_eq!(expand("(?P<n>a)?(?P<n>b)", "<$n>", "b"), "<b>");
    assert_eq!(expand("(?P<n>a)?(?P<n>b)", "$n", "ab"), "a");
    assert_eq!(expand("(?P<n>a)|(?<n>b)", "${n}1", "b"), "b1");
    assert_eq!(expand("(a)|b", "[$1]", "b"), "[]");
    assert_eq!(expand("(?P<m>a)", "[$n]", "a"), "[]");
    assert_eq!(expand("(a){0}(b)", "[$1$2]", "b"), "[b]");
    // A name that is a number always means the group of that number.
    assert_eq!(expand("(?P<2>a)(b)", "$2", "ab"), "b");
    assert_eq!(expand("(?P<02>a)(b)", "$02", "ab"), "a");
}
