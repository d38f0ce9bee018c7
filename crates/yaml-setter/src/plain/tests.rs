use super::*;

#[test]
fn image_tags_and_references_stay_plain() {
    let plain = [
        "5.0.3",
        "v1",
        "1.10.0-rc.1",
        "latest",
        "main-0a1b2c3-1700000000",
        "ghcr.io/org/app:5.0.3",
        "localhost:5000/app:1",
        "reg.io/app:v2@sha256:0123456789abcdef",
        "sha256:0123456789abcdef",
        "2020-01-02-build",
        "20200102T030405Z",
        "2020.01.02",
        "1e3f",
        "0x1g",
        "0o9",
        "1.2e",
        "e3",
        "nully",
        "_",
        "é",
        "a#b",
        "a -b",
        ".hidden",
        "1-2",
        "10:70:x",
    ];
    for text in plain {
        assert!(is_plain_string(text, false), "{text}");
    }
}

#[test]
fn what_some_reader_takes_for_another_type_is_not_plain() {
    let other = [
        "",
        "~",
        "null",
        "Null",
        "NULL",
        "true",
        "True",
        "FALSE",
        "yes",
        "No",
        "on",
        "OFF",
        "y",
        "N",
        "=",
        "<<",
        "6",
        "0",
        "007",
        "0123",
        "089",
        "+1",
        "1_000",
        "1,000",
        "0x1f",
        "0x",
        "0o-7",
        "0XFF",
        "0o17",
        "0b101",
        "0_x1f",
        "1.10",
        "1.",
        ".5",
        "1e3",
        "1E+3",
        "1.5e-3",
        "6.02_3e23",
        ".inf",
        ".Inf",
        "+.INF",
        ".nan",
        ".NaN",
        "1:30",
        "190:20:30",
        "1:30.5",
        "2020-01-02",
        "2020-1-2",
        "2020-01-02T03:04:05Z",
        "2020-01-02 3:04:05",
    ];
    for text in other {
        assert!(!is_plain_string(text, false), "{text}");
    }
}

#[test]
fn what_needs_quotes_is_not_plain() {
    let quoted = [
        "- a",
        "-a",
        "? a",
        ": a",
        "#a",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "'a",
        "\"a",
        "%a",
        "@a",
        "`a",
        "[a]",
        "{a}",
        ",a",
        " a",
        "a ",
        "a: b",
        "a:",
        "a #b",
        "a\nb",
        "a\tb",
        "a\u{7f}",
        "a\u{2028}b",
        "...",
        "--- a",
        "]a",
    ];
    for text in quoted {
        assert!(!is_plain_string(text, false), "{text:?}");
    }
}

#[test]
fn flow_collections_allow_less() {
    for text in ["a,b", "a[0]", "a]", "{{x}}", "a{b", "a?b"] {
        assert!(!is_plain_string(text, true), "{text}");
    }
    assert!(is_plain_string("a,b", false));
    assert!(is_plain_string("reg.io/app:v2", true));
}
