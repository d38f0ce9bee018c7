use super::*;

#[test]
fn a_bad_pattern_is_named_with_gos_reason() {
    let error = Filter::new("^v(.*", "").unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid regular expression pattern '^v(.*': error parsing regexp: missing closing ): `^v(.*`"
    );
}

#[test]
fn a_filter_knows_what_was_written() {
    let filter = Filter::new("^v(?P<x>.*)(-y)?$", "$x").unwrap();
    assert_eq!(
        (filter.pattern().as_str(), filter.template()),
        ("^v(?P<x>.*)(-y)?$", "$x")
    );
    assert_eq!(
        filter.pattern().group_names().collect::<Vec<_>>(),
        [Some("x"), None]
    );
    assert!(filter.matches("v1") && !filter.matches("1"));
}

#[test]
fn an_empty_pattern_matches_every_tag() {
    let filter = Filter::new("", "").unwrap();
    assert!(filter.matches("") && filter.matches("anything"));
}

#[test]
fn templates_and_what_they_make_are_bounded() {
    assert!(Filter::new("", &"a".repeat(1024)).is_ok());
    let error = Filter::new("", &"a".repeat(1025)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid extract template: expected at most 1024 bytes, found 1025"
    );

    let filter = Filter::new("(.*)", "$1$1").unwrap();
    let mut scratch = filter.scratch();
    let seen = filter
        .extract(&"a".repeat(512), &mut scratch)
        .map(|seen| seen.text().len());
    assert_eq!(seen, Ok(1024));
    let tag = "a".repeat(513);
    assert_eq!(
        filter
            .extract(&tag, &mut scratch)
            .map(|seen| seen.text().len()),
        Err(Rule::ExtractTooLong)
    );
}
