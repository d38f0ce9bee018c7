//! Which bytes change, and to what.

use yaml_setter::{LatestImage, Setters, edit};

use crate::fixture::{TAG, rewritten, setters, update};

/// Texts before and after; `M` stands for the marker of `reg.io/app:v2`, `TAG` for that of `v2`.
fn assert_updates(cases: &[(&str, &str)]) {
    for (before, after) in cases {
        assert_eq!(update(before), *after, "{before}");
    }
}

#[test]
fn quotes_stay_as_they_are() {
    assert_updates(&[
        ("a: \"reg.io/app:v1\" M\n", "a: \"reg.io/app:v2\" M\n"),
        ("a: 'reg.io/app:v1' M\n", "a: 'reg.io/app:v2' M\n"),
        ("a: reg.io/app:v1 M\n", "a: reg.io/app:v2 M\n"),
        ("a: \"\" TAG\n", "a: \"v2\" TAG\n"),
        ("a: \"\\u0076\\x31\" TAG\n", "a: \"v2\" TAG\n"),
        ("a: 'it''s' TAG\n", "a: 'v2' TAG\n"),
    ]);
}

#[test]
fn everything_around_the_value_stays() {
    assert_updates(&[
        (
            "a:   reg.io/app:v1     M  \n\n\n#  c\nb:  [ c,d ]\n",
            "a:   reg.io/app:v2     M  \n\n\n#  c\nb:  [ c,d ]\n",
        ),
        (
            "a: {\n  b: reg.io/app:v1, M\n  c: d\n}\n",
            "a: {\n  b: reg.io/app:v2, M\n  c: d\n}\n",
        ),
        ("a:\n  M\n  reg.io/app:v1\n", "a:\n  M\n  reg.io/app:v2\n"),
        ("a:\nM\n- reg.io/app:v1\n", "a:\nM\n- reg.io/app:v2\n"),
        (
            "x: &x reg.io/app:v1 M\ny: *x\n",
            "x: &x reg.io/app:v2 M\ny: *x\n",
        ),
        ("x: !!str &x v1 TAG\n", "x: !!str &x v2 TAG\n"),
        ("x: !local v1 TAG\n", "x: !local v2 TAG\n"),
        (
            "---\na: v1 TAG\r\n...\r\n--- # c\nb: é # 日\n",
            "---\na: v2 TAG\r\n...\r\n--- # c\nb: é # 日\n",
        ),
        ("\u{feff}# 日本\na: v1 TAG", "\u{feff}# 日本\na: v2 TAG"),
        (
            "é: 日本 # é\nb: \"日\\u65e5本\" TAG\n",
            "é: 日本 # é\nb: \"v2\" TAG\n",
        ),
    ]);
}

#[test]
fn of_a_block_scalar_only_the_text_changes() {
    assert_updates(&[
        ("a: | M\n  reg.io/app:v1\n", "a: | M\n  reg.io/app:v2\n"),
        (
            "a: >- M\n  reg.io/app:v1\nb: c\n",
            "a: >- M\n  reg.io/app:v2\nb: c\n",
        ),
        (
            "a: |+ TAG\r\n     v1\r\n\r\nb: c\r\n",
            "a: |+ TAG\r\n     v2\r\n\r\nb: c\r\n",
        ),
        ("a: >2 TAG\n    v1\n  v0\nb: c\n", "a: >2 TAG\n  v2\nb: c\n"),
        (
            "a: | TAG\n  v1\n\n  v0\n\n\n# c\nb: c\n",
            "a: | TAG\n  v2\n\n\n# c\nb: c\n",
        ),
        ("a: | TAG\n\n \n  v1\nb: c\n", "a: | TAG\n  v2\nb: c\n"),
        ("a: > TAG\n  v1\n     \nb: c\n", "a: > TAG\n  v2\nb: c\n"),
        (
            "a: |\n  v1\nb: | TAG\n  日本\nc: d\n",
            "a: |\n  v1\nb: | TAG\n  v2\nc: d\n",
        ),
    ]);
}

#[test]
fn a_block_scalar_without_text_becomes_a_value_on_its_line() {
    assert_updates(&[
        ("a: | TAG\nb: c\n", "a: v2 TAG\nb: c\n"),
        ("a: |+ TAG\n\n\nb: c\n", "a: v2 TAG\n\n\nb: c\n"),
        ("a: >-2 TAG", "a: v2 TAG"),
    ]);
}

#[test]
fn a_value_of_several_lines_becomes_one_of_one_line() {
    assert_updates(&[
        ("a: v1\n  v0 TAG\nb: c\n", "a: v2 TAG\nb: c\n"),
        ("a: \"v1\n\n  v0\" TAG\n", "a: \"v2\" TAG\n"),
        ("a: 'v1\r\n  v0' TAG\r\n", "a: 'v2' TAG\r\n"),
        ("a: [v1\n  v0, TAG\n  c]\n", "a: [v2, TAG\n  c]\n"),
    ]);
}

#[test]
fn a_plain_value_is_quoted_when_it_would_not_be_a_string() {
    let tags = [
        "1.10",
        "6",
        "on",
        "true",
        "null",
        "1e3",
        "0123",
        "1_000",
        "0x1f",
        "2020-01-02",
        "y",
        "12e03",
    ];
    for tag in tags {
        for old in ["v1", "1.0", "~", "false", "2020-01-01"] {
            let before = format!("a: {old} {TAG}\n");
            let after = rewritten(before.as_bytes(), &setters(tag));
            assert_eq!(
                String::from_utf8_lossy(&after),
                format!("a: \"{tag}\" {TAG}\n")
            );
        }
    }
    let before = format!("a: 1.0 {TAG}\nb: '1.0' {TAG}\n");
    let after = rewritten(before.as_bytes(), &setters("1.0.1"));
    assert_eq!(
        String::from_utf8_lossy(&after),
        format!("a: 1.0.1 {TAG}\nb: '1.0.1' {TAG}\n")
    );
}

#[test]
fn a_value_that_says_the_same_already_is_left_as_it_is_written() {
    for text in [
        "a: v2 TAG\n",
        "a: \"\\u00762\" TAG\n",
        "a: |+ TAG\n  v2\n\n\nb: c\n",
        "a: >-\n  x\nb: >- TAG\n  v2\n",
        "a: !!int v2 TAG\n",
    ] {
        assert_eq!(update(text), text);
    }
}

#[test]
fn values_that_need_escapes_get_them() {
    let value = "a: \"b\" #'c\\\n[é]";
    let cases = [
        ("plain", "\"a: \\\"b\\\" #'c\\\\\\n[é]\""),
        ("\"double\"", "\"a: \\\"b\\\" #'c\\\\\\n[é]\""),
        ("'single'", "\"a: \\\"b\\\" #'c\\\\\\n[é]\""),
        (
            "[flow, TAG\n x]",
            "[\"a: \\\"b\\\" #'c\\\\\\n[é]\", TAG\n x]",
        ),
    ];
    for (old, new) in cases {
        let text = |value: &str| {
            format!("a: {value} {TAG}\n").replace(
                "TAG\n x] # {\"$imagepolicy\": \"ns:p:tag\"}",
                &format!("{TAG}\n x]"),
            )
        };
        let after = rewritten(text(old).as_bytes(), &setters(value));
        assert_eq!(String::from_utf8_lossy(&after), text(new));
    }
    let after = rewritten(format!("a: 'x' {TAG}\n").as_bytes(), &setters("it's"));
    assert_eq!(
        String::from_utf8_lossy(&after),
        format!("a: 'it''s' {TAG}\n")
    );
}

#[test]
fn a_block_scalar_that_cannot_hold_the_value_becomes_a_quoted_one() {
    let before = format!("a: |- {TAG}\n  v1\n  v0\nb: c\n");
    for (value, quoted) in [(" x", "\" x\""), ("x\ny", "\"x\\ny\""), ("\tx", "\"\\tx\"")] {
        let after = rewritten(before.as_bytes(), &setters(value));
        assert_eq!(
            String::from_utf8_lossy(&after),
            format!("a: {quoted} {TAG}\nb: c\n")
        );
    }
}

#[test]
fn each_part_of_an_image_has_its_setter() {
    let image = |digest| {
        let mut setters = Setters::new();
        let image = LatestImage {
            name: "reg.io/app",
            tag: "v2",
            digest,
        };
        setters.policy("ns", "p", &image);
        setters
    };
    let file = |values: [&str; 4]| {
        let parts = ["", ":tag", ":name", ":digest"];
        let line =
            |(part, value)| format!("k{part}: {value} # {{\"$imagepolicy\": \"ns:p{part}\"}}\n");
        parts.into_iter().zip(values).map(line).collect::<String>()
    };
    let before = file(["a", "b", "c", "d"]);
    let after = rewritten(before.as_bytes(), &image(Some("sha256:abc")));
    let expected = file(["reg.io/app:v2@sha256:abc", "v2", "reg.io/app", "sha256:abc"]);
    assert_eq!(String::from_utf8_lossy(&after), expected);
    let after = rewritten(before.as_bytes(), &image(None));
    assert_eq!(
        String::from_utf8_lossy(&after),
        file(["reg.io/app:v2", "v2", "reg.io/app", "\"\""])
    );
}

#[test]
fn an_empty_digest_empties_a_block_scalar_too() {
    let marker = r#"# {"$imagepolicy": "ns:p:digest"}"#;
    let before = format!("a: | {marker}\r\n  sha256:abc\r\nb: c\r\n");
    let after = rewritten(before.as_bytes(), &setters("v2"));
    assert_eq!(
        String::from_utf8_lossy(&after),
        format!("a: \"\" {marker}\r\nb: c\r\n")
    );
}

#[test]
fn a_long_line_is_edited_in_place() {
    let long = "x".repeat(500_000);
    let after = rewritten(
        format!("a: \"{long}\" {TAG}\nb: {long}\n").as_bytes(),
        &setters("v2"),
    );
    assert_eq!(
        String::from_utf8_lossy(&after),
        format!("a: \"v2\" {TAG}\nb: {long}\n")
    );
}

#[test]
fn an_edit_tells_what_it_does() {
    let file = format!("\u{feff}kind: K\r\nspec:\r\n  é: 'v''1' {TAG}\r\n");
    let edits = edit(file.as_bytes(), &setters("v2")).edits;
    let [edit] = &edits[..] else {
        panic!("{edits:?}");
    };
    assert_eq!(edit.offset, file.find("'v").expect("the value"));
    assert_eq!((edit.old.as_str(), edit.new.as_str()), ("'v''1'", "'v2'"));
    assert_eq!(
        (edit.old_value.as_str(), edit.new_value.as_str()),
        ("v'1", "v2")
    );
    assert_eq!((edit.line, edit.setter.as_str()), (3, "ns:p:tag"));
    assert_eq!(
        (edit.object.kind.as_str(), edit.field.as_str()),
        ("K", ".spec[\"é\"]")
    );
}
