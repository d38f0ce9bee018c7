use super::*;

fn joined(text: &str) -> String {
    let mut masked = text.as_bytes().to_vec();
    join_closing_brackets(&mut masked);
    String::from_utf8(masked).expect("masking keeps ASCII")
}

#[test]
fn the_mask_has_one_ascii_character_for_each_byte() {
    let source = Source::new("k:\t'é\t日'".as_bytes()).expect("valid");
    let masked = mask(&source);
    assert_eq!(masked, b"k: '\x7f\x7f\t\x7f\x7f\x7f'");
}

#[test]
fn closing_brackets_move_up_without_changing_any_position() {
    let cases = [
        ("a: [\n  \"b\"\n]\nc: d", "a: [\n  \"b\" ]\nc: d"),
        ("a: [\n  \"b\" # c\n]", "a: [\n  \"b\" ]"),
        ("a: [\n  \"#\" # c\n\n  # d\n  ]", "a: [\n  \"#\" ]"),
        ("a: {\n  b: 'c'\r\n}", "a: {\n  b: 'c' }"),
        ("a: [b\n, c\n]", "a: [b , c ]"),
    ];
    for (text, expected) in cases {
        let joined = joined(text);
        assert_eq!(joined.len(), text.len());
        assert_eq!(joined.rfind([']', '}']), text.rfind([']', '}']));
        let words = |text: &str| {
            text.split(' ')
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
                .concat()
        };
        assert_eq!(words(&joined), words(expected), "{text:?}");
    }
}

#[test]
fn text_below_a_block_header_is_left_alone() {
    for text in ["a: |-\n  }\n", "a: >2 # c\n  ]\n", "]", "\n}"] {
        assert_eq!(joined(text), text);
    }
}

#[test]
fn a_comment_begins_outside_of_quotes() {
    let cases = [
        ("a: b # c", 5),
        ("# c", 0),
        ("a#b", 3),
        (r#"["a # b", '# c'] # d"#, 17),
        (r#""\" # a" # b"#, 9),
        ("'it''s # a' # b", 12),
        ("don't # a", 6),
        ("\"it's\" # a", 7),
    ];
    for (line, expected) in cases {
        assert_eq!(content_length(line.as_bytes()), expected, "{line}");
    }
}
