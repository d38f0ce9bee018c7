//! Which comment marks which value.

use crate::fixture::{found, marked};

/// Texts in which `M` marks exactly the fields named.
fn assert_marks(cases: &[(&str, &[&str])]) {
    for (text, fields) in cases {
        assert_eq!(marked(text), *fields, "{text}");
        assert_eq!(found(text), [], "{text}");
    }
}

/// Texts in which `M` marks nothing, which is reported where it stands.
fn assert_marks_nothing(cases: &[&str]) {
    for text in cases {
        assert_eq!(marked(text), [""; 0], "{text}");
        let (rule, ..) = found(text)[0];
        assert_eq!(rule, "marker-not-on-scalar", "{text}");
    }
}

#[test]
fn a_comment_behind_a_value_marks_it() {
    assert_marks(&[
        ("a: v1 M\n", &[".a"]),
        ("a: v1 M", &[".a"]),
        ("a: v1\tM\n", &[".a"]),
        ("a:\tv1 M\n", &[".a"]),
        ("a: \"v1\" M\n", &[".a"]),
        ("a: '' M\n", &[".a"]),
        ("a: ~ M\n", &[".a"]),
        ("a: &x v1 M\nb: *x\n", &[".a"]),
        ("a: !!str v1 M\n", &[".a"]),
        ("a:\n- v1 M\n- v2\n", &[".a[0]"]),
        ("a:\n- b: v1 M\n", &[".a[0].b"]),
        ("a:\n- - v1 M\n", &[".a[0][0]"]),
        ("? a\n: v1 M\n", &[".a"]),
        ("\"a b\" : v1 M\n", &["[\"a b\"]"]),
        ("a: v1 M\n   # more\nb: c\n", &[".a"]),
        ("a: v1 M\n\nb: c\n", &[".a"]),
        ("a: v1 M\nb: v1 M\n", &[".a", ".b"]),
    ]);
}

#[test]
fn a_comment_at_the_end_of_a_value_of_several_lines_marks_it() {
    assert_marks(&[
        ("a: v1\n  v2 M\n", &[".a"]),
        ("a: \"v1\n  v2\" M\n", &[".a"]),
        ("a: 'v1\n\n  v2' M\n", &[".a"]),
        ("a: | M\n  v1\n", &[".a"]),
        ("a: >- M\n  v1\n  v2\n", &[".a"]),
        ("a: &x |2+ M\n   v1\n\nb: c\n", &[".a"]),
        ("a: | M\nb: c\n", &[".a"]),
        ("a:\n- | M\n  v1\n", &[".a[0]"]),
    ]);
}

#[test]
fn in_a_flow_collection_the_comment_may_follow_the_comma() {
    assert_marks(&[
        ("a: {b: v1, M\n  c: d}\n", &[".a.b"]),
        ("a: {b: v1, c: v2, M\n  d: e}\n", &[".a.c"]),
        ("a: {b: v1 M\n  }\n", &[".a.b"]),
        ("a: [v1, M\n  v2]\n", &[".a[0]"]),
        ("a: [v1,\n  v2 M\n  , v3]\n", &[".a[1]"]),
        ("a: [\n  'v1', M\n  \"v2\" M\n]\n", &[".a[0]", ".a[1]"]),
        ("a: {\n  b: \"v1\" M\n}\n", &[".a.b"]),
        ("{a: b,\n c: v1 M\n}\n", &[".c"]),
        ("a: [b: v1 M\n]\n", &[".a[0].b"]),
    ]);
}

#[test]
fn a_comment_above_an_item_marks_it() {
    assert_marks(&[
        ("a:\nM\n- v1\n", &[".a[0]"]),
        ("a:\n\n  M\n\n  - v1\n", &[".a[0]"]),
        ("a:\n- v0\nM\n- v1\n", &[".a[1]"]),
        ("a:\n  - v0\nM\n  - v1\n", &[".a[1]"]),
        ("a:\n- v0 # x\nM\n- v1\n", &[".a[1]"]),
        ("a:\n- v0\n\nM\n\n- v1\n", &[".a[1]"]),
        ("a:\n- v0\n# foot\n\nM\n- v1\n", &[".a[1]"]),
        ("a:\n- |\n  x\nM\n- v1\n", &[".a[1]"]),
        ("a:\n- b:\n  - v0\nM\n- v1\n", &[".a[1]"]),
        ("a:\n- M\n  v1\n", &[".a[0]"]),
        ("a:\n-\n  M\n  v1\n", &[".a[0]"]),
        ("a:\n- M\n  - v1\n", &[".a[0][0]"]),
        ("a: [\n  M\n  v1]\n", &[".a[0]"]),
        ("a: [v0,\n\n  M\n\n  v1]\n", &[".a[1]"]),
        ("a: [v0\n  M\n  , v1]\n", &[".a[1]"]),
    ]);
}

#[test]
fn a_comment_between_a_key_and_a_value_on_a_later_line_marks_it() {
    assert_marks(&[
        ("a:\n  M\n  v1\n", &[".a"]),
        ("a:\nM\n\n  v1\n", &[".a"]),
        ("a: # x\n  M\n  v1\n", &[".a"]),
        ("a:\n  M\n  &x v1\n", &[".a"]),
        ("a: &x M\n  v1\n", &[".a"]),
        ("a: &x\n  M\n  v1\n", &[".a"]),
        ("a:\n  M\n  >-\n   v1\n", &[".a"]),
        ("a: {b:\n  M\n  v1}\n", &[".a.b"]),
        ("? a\n:\n  M\n  v1\n", &[".a"]),
    ]);
}

#[test]
fn a_comment_of_a_key_marks_nothing() {
    assert_marks_nothing(&[
        "M\na: v1\n",
        "x: y\nM\na: v1\n",
        "a: M\nb: c\n",
        "a: M\n  v1\n",
        "a: M\n  b: v1\n",
        "a: M\n- v1\n",
        "? v1 M\n: v2\n",
        "a: {\n  M\n  b: v1}\n",
        "a:\n- M\n  b: v1\n",
        "M\n---\na: v1\n",
    ]);
}

#[test]
fn a_comment_of_a_collection_an_alias_or_a_separator_marks_nothing() {
    assert_marks_nothing(&[
        "a: {b: v1} M\n",
        "a: [\n v1\n] M\n",
        "a: [[v1], M\n v2]\n",
        "a: [ M\n  v1]\n",
        "a:\nM\n- - v1\n",
        "a: &x v1\nb: *x M\n",
        "--- M\na: v1\n",
        "a: v1\n... M\n",
        "a: {{ .Values.image }} M\n",
    ]);
}

#[test]
fn a_comment_below_a_value_marks_nothing() {
    assert_marks_nothing(&[
        "a: v1\nM\n",
        "a:\n  b: v1\n  M\nc: d\n",
        "a:\n- v0\nM\n\n- v1\n",
        "a:\n  - b:\n      - v0\n    M\n  - v1\n",
        "a: [v0,\n  v1,\n  M\n  ]\n",
        "a: |\n  v1\nM\nb: c\n",
        "a:\n- M\n- b\n",
    ]);
}

#[test]
fn comments_that_compete_for_a_value_cancel_each_other() {
    assert_marks_nothing(&[
        "a:\n  M\n  - v1 # x\n",
        "a:\n  M\n  - v1 #\n",
        "a:\n  # x\n  M\n  - v1\n",
        "a:\n  M\n\n  # x\n  - v1\n",
        "a:\n  M\n  M\n  - v1\n",
        "a: v1 # x\n      M\nb: c\n",
        "a:\n- M\n  v1 # x\n",
        "a: &x M\n  v1 # x\n",
        "a: [v0 # x\n  , M\n  v1]\n",
    ]);
    assert_eq!(marked("a:\n  # x\n  - v1 M\n"), [".a[0]"]);
}

#[test]
fn text_that_only_looks_like_a_comment_marks_nothing() {
    for text in [
        "a: |\n  v1 M\n",
        "a: \"v1\n  # \\\"$imagepolicy\\\"\"\nb: '\"$imagepolicy\"'\n",
    ] {
        assert_eq!((marked(text), found(text)), (vec![], vec![]), "{text}");
    }
}

#[test]
fn every_document_of_a_file_is_read() {
    assert_marks(&[
        ("a: v1 M\n---\nb: v2 M\n", &[".a", ".b"]),
        ("---\n---\n\n# c\n---\na: v1 M\n---\n", &[".a"]),
        (
            "a: v1 M\n--- # x\nb: v2 M\n...\n---\nc: v3 M\n",
            &[".a", ".b", ".c"],
        ),
        ("~\n---\na: v1 M\n", &[".a"]),
    ]);
}

#[test]
fn line_breaks_byte_order_marks_and_other_scripts_shift_nothing() {
    assert_marks(&[
        ("a: v1 M\r\nb:\r\n  M\r\n- v1\r\n", &[".a", ".b[0]"]),
        ("a: v1 M\rb: v2 M\r", &[".a", ".b"]),
        ("\u{feff}a: v1 M\n", &[".a"]),
        ("x: |\n  日本語日本語日本語日本語\n  é\na: 'é' M\n", &[".a"]),
        ("# 😀\na: &é v1 M\n", &[".a"]),
    ]);
}
