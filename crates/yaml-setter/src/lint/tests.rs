use super::*;

fn found(text: &str) -> Vec<(usize, NeverAMarker)> {
    let findings = suspicious(text.as_bytes()).into_iter();
    let reason = |finding: Finding| match finding.problem {
        Problem::NeverAMarker(why) => (finding.line, why),
        other => panic!("{other:?}"),
    };
    findings.map(reason).collect()
}

#[test]
fn near_misses_are_told_apart() {
    let cases = [
        ("{'$imagepolicy': 'ns:p'}", NeverAMarker::Quotes),
        ("{$imagepolicy: ns:p}", NeverAMarker::Quotes),
        ("{“$imagepolicy”: “ns:p”}", NeverAMarker::Quotes),
        ("{\"$imagePolicy\": \"ns:p\"}", NeverAMarker::Spelling),
        ("{\"imagepolicy\": \"ns:p\"}", NeverAMarker::Spelling),
        ("{\"$image-policy\": \"ns:p\"}", NeverAMarker::Spelling),
        ("$image_policy: ns:p", NeverAMarker::Spelling),
        ("imagepolicy: ns:p:tag", NeverAMarker::Spelling),
        ("$imagepolicy: ns:p", NeverAMarker::Braces),
        ("$imagepolicy=ns:p", NeverAMarker::Braces),
        ("{'$imagepolicy': 'ns:p'", NeverAMarker::Braces),
    ];
    for (comment, why) in cases {
        let text = format!("a: b # {comment}\n");
        assert_eq!(found(&text), [(1, why)], "{comment}");
    }
}

#[test]
fn prose_and_true_markers_are_not_suspicious() {
    let fine = [
        "a: b # {\"$imagepolicy\": \"ns:p\"}",
        "a: b # {\"$imagepolicy\": \"ns:p\", 1}",
        "# ImagePolicy objects: see docs/",
        "# The $imagepolicy marker follows.",
        "# image: a:b # {'$imagepolicy': 'ns:p'}",
        "kind: ImagePolicy # imagepolicy",
        "a: \"# {'$imagepolicy': 'ns:p'}\"",
        "",
    ];
    for text in fine {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn a_marker_in_a_multi_line_text_is_reported() {
    let text = "values: |\n  image:\n    tag: v1 # {\"$imagepolicy\": \"ns:p:tag\"}\nb: c\n";
    assert_eq!(found(text), [(3, NeverAMarker::Text)]);
}

#[test]
fn a_file_that_does_not_parse_is_searched_line_by_line() {
    let text = "{{- if .x }}\nimage: b # {'$imagepolicy': 'ns:p'}\n{{- end }}\n";
    assert_eq!(found(text), [(2, NeverAMarker::Quotes)]);
}
