//! What is reported rather than passed over.

use yaml_setter::{FileEdits, MAX_FILE_BYTES, edit};

use crate::fixture::{M, found, setters};

#[test]
fn a_file_that_flux_skips_is_reported_and_left_alone() {
    let cases = [
        ("a: {{ .x }\nb: v1 M\n", 2, 1),
        ("{{- if .x }}\nb: v1 M\n", 1, 3),
        ("a:\n\tb: v1 M\n", 2, 2),
        ("a: v1 M\nb: *x\n", 2, 4),
        ("a: &x v1 M\n---\nb: *x\n", 3, 4),
        ("%TAG ! tag:x,2000:\n---\na: v1 M\n", 1, 1),
        ("- v1 M\n", 1, 1),
        ("a: v1 M\n---\n- x\n", 3, 1),
        ("a: v1 M\n--- foo\n", 2, 5),
        ("metadata: []\na: v1 M\n", 1, 11),
        ("metadata: x\na: v1 M\n", 1, 11),
        ("x: &x {}\nmetadata: *x\na: v1 M\n", 2, 11),
        ("a: v1 M\nb: \u{0}\n", 2, 4),
        ("a: v1 M\n---\n\u{feff}b: v2\n", 3, 1),
        ("é: \"v1\"M\n", 1, 8),
    ];
    for (text, line, column) in cases {
        assert_eq!(found(text), [("unparsable-file", line, column)], "{text}");
        let result = edit(text.replace('M', M).as_bytes(), &setters("v2"));
        assert!(
            result.edits.is_empty() && result.markers.is_empty(),
            "{text}"
        );
    }
}

#[test]
fn an_empty_metadata_is_no_reason_to_skip_a_file() {
    for text in [
        "metadata:\na: v1 M\n",
        "metadata: ~\na: v1 M\n",
        "metadata: {}\na: v1 M\n",
        "b: {metadata: x}\na: v1 M\n",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn a_file_without_the_token_is_not_looked_at() {
    for text in ["{{ broken", "a: v1 # {'$imagepolicy': 'ns:p'}", "", "- v1"] {
        assert_eq!(edit(text.as_bytes(), &setters("v2")), FileEdits::default());
    }
    let large = vec![b'a'; MAX_FILE_BYTES + 1];
    assert_eq!(edit(&large, &setters("v2")), FileEdits::default());
}

#[test]
fn other_encodings_are_reported() {
    let file = format!("a: v1 {M}\nb: ");
    let latin = [file.as_bytes(), b"\xe9\n"].concat();
    let wide: Vec<u8> = format!("\u{feff}{file}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (bytes, line, column) in [(latin, 2, 4), (wide, 1, 1)] {
        let findings = edit(&bytes, &setters("v2")).findings;
        let [finding] = &findings[..] else {
            panic!("{findings:?}");
        };
        assert_eq!(
            (finding.problem.rule(), finding.line, finding.column),
            ("not-utf8", line, column)
        );
    }
}

#[test]
fn bounds_are_reported() {
    let mut large = format!("a: v1 {M}\n").into_bytes();
    large.resize(MAX_FILE_BYTES + 1, b'#');
    assert_eq!(
        edit(&large, &setters("v2")).findings[0].problem.rule(),
        "too-large"
    );

    let nested = |depth: usize| format!("a: v1 M\nb:\n {}v1 M\n", "- ".repeat(depth));
    assert_eq!(found(&nested(511)), []);
    assert_eq!(found(&nested(512)), [("too-deep", 3, 1024)]);
    assert_eq!(found(&nested(100_000)), [("too-deep", 3, 1024)]);
    let flow = format!("a: v1 M\nb: {}\n", "[".repeat(100_000));
    assert_eq!(found(&flow)[0].0, "unparsable-file");

    let long = |length: usize| format!("a: v1 M\nb: '{}'\n", "x".repeat(length));
    assert_eq!(found(&long(1_000_000)), []);
    assert_eq!(found(&long(1_100_000)), [("too-long", 2, 2)]);
    let wide = format!("a: v1 M\nb:\n- [{}]\n", "a, ".repeat(400_000));
    assert_eq!(found(&wide), [("too-long", 2, 2)]);
    let many = format!("a: v1 M\nb: [{}]\n", "a,".repeat(500_000));
    assert_eq!(found(&many), [("too-many-values", 2, 999_999)]);
    let crowd = "- M\n".repeat(10_001);
    assert_eq!(
        found(&format!("a:\n{crowd}")).last(),
        Some(&("too-many-markers", 10_002, 3))
    );
}

#[test]
fn aliases_are_never_expanded() {
    let mut text = "a: v1 M\nx0: &x0 [y, y]\n".to_owned();
    for level in 1..60 {
        let before = level - 1;
        text.extend([format!("x{level}: &x{level} [*x{before}, *x{before}]\n")]);
    }
    assert_eq!(found(&text), []);
}

#[test]
fn a_policy_that_is_not_known_is_reported_at_its_marker() {
    let file = r#"a: v1 # {"$imagepolicy": "ns:other"}
é: 'é' # {"$imagepolicy": "other:p:tag"}
c: v1 # {"$imagepolicy": "ns:p:version"}
"#;
    assert_eq!(
        found(file),
        [
            ("unknown-policy", 1, 7),
            ("unknown-policy", 2, 8),
            ("unknown-part", 3, 7)
        ]
    );
}

#[test]
fn a_value_that_is_tagged_as_no_string_is_reported_and_left_alone() {
    for tag in [
        "!!int",
        "!!float",
        "!!bool",
        "!!null",
        "!!timestamp",
        "!<tag:yaml.org,2002:int>",
    ] {
        let text = format!("a: {tag} &x v1 M\n");
        assert_eq!(found(&text)[0].0, "not-a-string", "{text}");
        assert_eq!(
            edit(text.replace('M', M).as_bytes(), &setters("v2")).edits,
            []
        );
    }
}

#[test]
fn a_marker_without_a_space_before_it_is_reported() {
    let compact = M.replace(": ", ":");
    assert_eq!(
        found(&format!("a: v1{compact}\n")),
        [("never-a-marker", 1, 9)]
    );
    assert_eq!(
        found(&format!("a: v1\n  v2{compact}\n")),
        [("never-a-marker", 2, 8)]
    );
    // With a space in it the text is not even YAML.
    assert_eq!(found("a: v1M\n"), [("unparsable-file", 1, 23)]);
}

#[test]
fn one_marker_that_is_wrong_does_not_keep_others_from_being_applied() {
    let text = "M\na: v1 M\nb: v1 # x M\nc: v1 M\n";
    assert_eq!(
        found(text),
        [("marker-not-on-scalar", 1, 1), ("malformed-marker", 3, 7)]
    );
    assert_eq!(
        edit(text.replace('M', M).as_bytes(), &setters("v2"))
            .edits
            .len(),
        2
    );
}

#[test]
fn findings_say_what_to_do() {
    let file = r#"# {"$imagepolicy": "ns:p"}
a: 1 # {"$imagepolicy": "ns:q"}
b: 1 # {"$imagepolicy": "ns:p:x"}
c: 1 # {"$imagepolicy": "p"}
d: 1 # {"x-k8s-cli": {"setter": {"name": "ns:p", "value": "1"}}}
e: !!int 1 # {"$imagepolicy": "ns:p"}
f: 1 # see {"$imagepolicy": "ns:p"}
"#;
    let findings = edit(file.as_bytes(), &setters("v2")).findings;
    let text: Vec<String> = findings.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(text.join("\n"), @r#"
    1:1: marker is a comment of a key, so it marks no value; put it behind the value, on the same line
    2:6: marker names the image policy ns:q, which is unknown here or has no latest image
    3:6: marker asks for "x" of the image policy ns:p, expected tag, name or digest
    4:6: malformed marker: "p" is not of the form <namespace>:<name>; expected {"$imagepolicy": "<namespace>:<name>"} alone in the comment
    5:6: an inline x-k8s-cli setter is not applied; name an image policy with {"$imagepolicy": "<namespace>:<name>"}
    6:10: the marked value is tagged !!int, but a setter writes strings; remove the tag or make it !!str
    7:6: malformed marker: not one JSON object of strings (expected value); expected {"$imagepolicy": "<namespace>:<name>"} alone in the comment
    "#);
}
