use super::*;

#[test]
fn double_quotes_escape_what_does_not_show() {
    let cases = [
        ("plain", r#""plain""#),
        ("a\"b\\c", r#""a\"b\\c""#),
        ("a\nb\tc\rd", r#""a\nb\tc\rd""#),
        ("\0\u{7f}\u{2028}", r#""\u0000\u007f\u2028""#),
        ("é😀", r#""é😀""#),
    ];
    for (value, expected) in cases {
        assert_eq!(double_quoted(value), expected);
    }
}

#[test]
fn single_quotes_are_doubled() {
    assert_eq!(single_quoted("it's"), "'it''s'");
}

#[test]
fn the_last_line_break_of_a_block_is_not_its_value() {
    assert!(says(TScalarStyle::Literal, "v1\n", "v1"));
    assert!(says(TScalarStyle::Folded, "v1", "v1"));
    assert!(!says(TScalarStyle::Literal, "\nv1\n", "v1"));
    assert!(!says(TScalarStyle::DoubleQuoted, "v1\n", "v1"));
}
