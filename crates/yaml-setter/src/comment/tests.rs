use super::*;

fn key(comment: &str) -> Option<String> {
    match read(comment, false) {
        Reading::Marker(key) => Some(key.text),
        Reading::Prose | Reading::Broken(_) => None,
    }
}

fn rule(comment: &str) -> Option<&'static str> {
    match read(comment, false) {
        Reading::Broken(problem) => Some(problem.rule()),
        Reading::Prose | Reading::Marker(_) => None,
    }
}

#[test]
fn a_marker_is_one_json_object_of_strings() {
    let markers = [
        (r#"# {"$imagepolicy":"ns:p"}"#, "ns:p"),
        (r#"#{"$imagepolicy":"ns:p"}"#, "ns:p"),
        (r#"## {"$imagepolicy":"ns:p"}"#, "ns:p"),
        ("#\t { \"$imagepolicy\" :\t\"ns:p:tag\" } ", "ns:p:tag"),
        (r#"# {"$imagepolicy":"ns:p","note":"x"}"#, "ns:p"),
        (r#"# {"$imagepolicy":"a:b","$imagepolicy":"ns:p"}"#, "ns:p"),
        (r#"# {"\u0024imagepolicy":"ns\u003ap"}"#, "ns:p"),
        (r#"# {"$imagepolicy":"ns%3Ap%3atag"}"#, "ns:p:tag"),
        (
            r##"# {"$ref":"#/definitions/io.k8s.cli.setters.ns:p:name"}"##,
            "ns:p:name",
        ),
    ];
    for (comment, expected) in markers {
        assert_eq!(key(comment).as_deref(), Some(expected), "{comment}");
    }
}

#[test]
fn what_is_meant_as_a_marker_but_is_none_is_malformed() {
    let broken = [
        r#"# # {"$imagepolicy":"ns:p"}"#,
        r#"# see {"$imagepolicy":"ns:p"}"#,
        r#"# {"$imagepolicy":"ns:p"} keep"#,
        r#"# {"$imagepolicy":"ns:p""#,
        r#"# {"$imagepolicy":"ns:p","n":1}"#,
        r#"# {"$imagepolicy":["ns:p"]}"#,
        r#"# {"$imagepolicy":""}"#,
        r#"# {"$imagepolicy":"p"}"#,
        r#"# {"$imagepolicy":" ns:p"}"#,
        r#"# {"$imagepolicy":"ns:p "}"#,
        r#"# {"$imagepolicy":"ns/p"}"#,
        r#"# {"$imagepolicy":"ns:p:tag:x"}"#,
        r#"# {"$imagepolicy":"ns%3"}"#,
        r#"# "$imagepolicy": "ns:p""#,
    ];
    for comment in broken {
        assert_eq!(rule(comment), Some("malformed-marker"), "{comment}");
    }
}

#[test]
fn an_unknown_part_is_named() {
    let reading = read(r#"# {"$imagepolicy":"ns:p:tags"}"#, false);
    let Reading::Broken(Problem::UnknownPart { policy, part }) = reading else {
        panic!("{reading:?}");
    };
    assert_eq!(
        (policy.to_string().as_str(), part.as_str()),
        ("ns:p", "tags")
    );
}

#[test]
fn a_setter_with_a_value_of_its_own_is_refused() {
    let inline = r#"# {"x-k8s-cli":{"setter":{"name":"ns:p","value":"boo"}}}"#;
    assert_eq!(rule(inline), Some("inline-setter"));
}

#[test]
fn other_comments_are_prose() {
    let prose = [
        "# keep",
        "#",
        r#"# {"other":"x"}"#,
        "# { not json",
        r##"# {"$ref":"#/definitions/io.k8s.cli.setters.replicas"}"##,
        r##"# {"$ref":"#/definitions/other.ns:p"}"##,
        r#"# {"$openapi":"ns:p"}"#,
    ];
    for comment in prose {
        assert_eq!(read(comment, false), Reading::Prose, "{comment}");
    }
}

#[test]
fn a_line_that_was_commented_out_is_prose() {
    let lines = [
        r#"# image: app:v1 # {"$imagepolicy":"ns:p"}"#,
        r#"#   - app:v1 # {"$imagepolicy":"ns:p"}"#,
        r#"# # {"$imagepolicy":"ns:p"}"#,
    ];
    for comment in lines {
        assert_eq!(read(comment, true), Reading::Prose, "{comment}");
        assert_eq!(
            rule(comment),
            Some("malformed-marker"),
            "behind a value: {comment}"
        );
    }
}
