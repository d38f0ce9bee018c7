//! What holds for every file.

use proptest::prelude::*;
use yaml_rust2::{Yaml, YamlLoader};
use yaml_setter::{Edit, Splice, edit, may_hold_marker, splice, suspicious};

use crate::fixture::{TAG, setters};

/// A value of a document: its text in some style, or a collection.
#[derive(Debug, Clone)]
enum Node {
    Scalar {
        style: Style,
        text: String,
        marker: Marking,
    },
    Mapping(Vec<(String, Self)>),
    Sequence(Vec<Self>),
    Flow(Vec<(String, Marking)>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Style {
    Plain,
    Anchored,
    Tagged,
    Single,
    Double,
    Literal,
    Folded,
    NextLine,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Marking {
    None,
    Other,
    Line,
}

impl Marking {
    fn text(self) -> String {
        match self {
            Self::None => String::new(),
            Self::Other => "  # é: \"x\" ".to_owned(),
            Self::Line => format!(" {TAG}"),
        }
    }
}

fn marking() -> impl Strategy<Value = Marking> {
    prop_oneof![
        Just(Marking::None),
        Just(Marking::Other),
        Just(Marking::Line)
    ]
}

fn scalar() -> impl Strategy<Value = Node> {
    let style = prop::sample::select(vec![
        Style::Plain,
        Style::Anchored,
        Style::Tagged,
        Style::Single,
        Style::Double,
        Style::Literal,
        Style::Folded,
        Style::NextLine,
    ]);
    let text = prop_oneof![
        "[a-z][a-z0-9./:]{0,8}[a-z0-9]",
        Just("日本é".to_owned()),
        Just("v1.0".to_owned())
    ];
    (style, text, marking()).prop_map(|(style, text, marker)| Node::Scalar {
        style,
        text,
        marker,
    })
}

fn node() -> impl Strategy<Value = Node> {
    let flow = prop::collection::vec(("[a-z][a-z0-9]{0,4}", marking()), 0..4).prop_map(Node::Flow);
    let leaf = prop_oneof![4 => scalar(), 1 => flow];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Node::Sequence),
            prop::collection::vec(("[a-zé][a-z]{0,4}", inner), 1..4).prop_map(Node::Mapping),
        ]
    })
}

/// Writes a node behind a key or a dash, on lines indented by `indent`.
fn write(node: &Node, indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    match node {
        Node::Scalar {
            style,
            text,
            marker,
        } => {
            let comment = marker.text();
            out.extend([match style {
                Style::Plain => format!(" {text}{comment}\n"),
                Style::Anchored => format!(" &a {text}{comment}\n"),
                Style::Tagged => format!(" !!str {text}{comment}\n"),
                Style::Single => format!("  '{text} ''x'''{comment}\n"),
                Style::Double => format!(" \"{text}\\t\\u00e9\"{comment}\n"),
                Style::Literal => format!(" |-{comment}\n{pad}{text}\n\n"),
                Style::Folded => format!(" >-{comment}\n{pad}{text}\n{pad}{text}\n"),
                Style::NextLine => format!("\n{pad}{text}{comment}\n"),
            }]);
        }
        Node::Mapping(entries) => {
            *out += "\n";
            write_mapping(entries, indent, out);
        }
        Node::Sequence(items) => {
            *out += "\n";
            for item in items {
                out.extend([format!("{pad}-")]);
                write(item, indent + 2, out);
            }
        }
        Node::Flow(items) => {
            *out += " [\n";
            for (text, marker) in items {
                out.extend([format!("{pad}\"{text}\",{}\n", marker.text())]);
            }
            let closing = " ".repeat(indent.saturating_sub(2));
            out.extend([format!("{closing}]\n")]);
        }
    }
}

/// Keys are numbered so that they differ.
fn write_mapping(entries: &[(String, Node)], indent: usize, out: &mut String) {
    for (number, (key, value)) in entries.iter().enumerate() {
        out.extend([format!("{}{key}{number}:", " ".repeat(indent))]);
        write(value, indent + 2, out);
        if number % 3 == 1 {
            *out += "\n# between\n\n";
        }
    }
}

fn document() -> impl Strategy<Value = String> {
    let entries = prop::collection::vec(("[a-z]{1,5}", node()), 1..5);
    let breaks = prop::sample::select(vec!["\n", "\r\n"]);
    (entries, breaks, any::<bool>()).prop_map(|(entries, line_break, has_separator)| {
        let mut text = if has_separator {
            "---\n".to_owned()
        } else {
            String::new()
        };
        write_mapping(&entries, 0, &mut text);
        text.replace('\n', line_break)
    })
}

fn tag() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,12}",
        "[0-9]{1,4}([._x:e-][0-9]{1,4}){0,3}",
        "[ -~é\n]{0,6}",
        prop::sample::select(vec![
            "",
            "null",
            "on",
            "1.10",
            "0x1f",
            "2020-01-02",
            "[a]",
            "a: b",
            "it's"
        ])
        .prop_map(str::to_owned),
    ]
}

fn apply(file: &str, edits: &[Edit]) -> String {
    let splices: Vec<Splice<'_>> = edits.iter().map(Edit::splice).collect();
    let after = splice(file.as_bytes(), &splices).expect("the edits fit");
    String::from_utf8(after).expect("UTF-8 stays UTF-8")
}

/// Loads the text with its closing brackets moved to the right: the loader wants them indented.
fn load(text: &str) -> Vec<Yaml> {
    let indented = |line: &str| match line {
        bracket if bracket.trim() == "]" => format!("{:>60}\n", "]"),
        other => format!("{other}\n"),
    };
    let text: String = text.lines().map(indented).collect();
    YamlLoader::load_from_str(&text).expect("the text parses")
}

/// Replaces the value at a field such as `.a0.b1[2]`, and returns what was there.
fn replace(root: &mut Yaml, field: &str, value: Yaml) -> Yaml {
    let steps = field
        .replace("[\"", ".")
        .replace("\"]", "")
        .replace('[', ".")
        .replace(']', "");
    let mut at = root;
    for step in steps.split('.').skip(1) {
        at = match at {
            Yaml::Array(items) => &mut items[step.parse::<usize>().expect("an index")],
            Yaml::Hash(entries) => entries
                .get_mut(&Yaml::String(step.to_owned()))
                .expect("the key exists"),
            other => unreachable!("{other:?} at {step} of {field}"),
        };
    }
    std::mem::replace(at, value)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_marker_is_found_and_nothing_is_reported(text in document()) {
        let result = edit(text.as_bytes(), &setters("v2"));
        prop_assert_eq!(&result.findings, &[]);
        prop_assert_eq!(result.markers.len(), text.matches(TAG).count());
        for marker in &result.markers {
            let line = text.lines().nth(marker.line - 1).expect("the line exists");
            prop_assert!(line.contains(TAG), "{line}");
        }
    }

    #[test]
    fn only_the_marked_values_differ_and_they_are_the_new_string(text in document(), tag in tag()) {
        let setters = setters(&tag);
        let edits = edit(text.as_bytes(), &setters).edits;
        let after = apply(&text, &edits);
        let (mut before, mut after_yaml) = (load(&text), load(&after));
        for edit in &edits {
            replace(&mut before[0], &edit.field, Yaml::Null);
            let new = replace(&mut after_yaml[0], &edit.field, Yaml::Null);
            prop_assert_eq!(new, Yaml::String(tag.clone()), "{}", after);
        }
        prop_assert_eq!(before, after_yaml);
        prop_assert_eq!(after.matches(TAG).count(), text.matches(TAG).count());
    }

    #[test]
    fn edits_are_complete_and_made_once(text in document(), tag in tag()) {
        let setters = setters(&tag);
        let first = edit(text.as_bytes(), &setters);
        let after = apply(&text, &first.edits);
        let second = edit(after.as_bytes(), &setters);
        prop_assert_eq!(&second.edits, &[], "{}", after);
        let fields = |markers: &[yaml_setter::Marker]| markers.iter().map(|marker| marker.field.clone()).collect::<Vec<_>>();
        prop_assert_eq!(fields(&first.markers), fields(&second.markers));
        prop_assert!(second.markers.iter().all(|marker| marker.value == tag));
    }

    #[test]
    fn the_value_that_is_there_makes_no_edit(text in document()) {
        for marker in edit(text.as_bytes(), &setters("v2")).markers {
            let edits = edit(text.as_bytes(), &setters(&marker.value)).edits;
            prop_assert!(edits.iter().all(|edit| edit.field != marker.field), "{edits:?}");
        }
    }

    #[test]
    fn a_changed_plain_value_is_read_as_a_string(old in "[a-z]{1,3}|[0-9]|~", tag in tag()) {
        let text = format!("a: {old} {TAG}\nb: [{old}, {TAG}\n  x]\n");
        let edits = edit(text.as_bytes(), &setters(&tag)).edits;
        let yaml = load(&apply(&text, &edits));
        if old != tag {
            prop_assert_eq!(&yaml[0]["a"], &Yaml::String(tag.clone()));
            prop_assert_eq!(&yaml[0]["b"][0], &Yaml::String(tag));
        }
    }
}

/// Pieces of YAML, good and bad, in any order.
fn rubble() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&[u8]> = vec![
        b"\n",
        b"\r\n",
        b"\r",
        b" ",
        b"  ",
        b"\t",
        b": ",
        b":",
        b"- ",
        b"-",
        b"? ",
        b"[",
        b"]",
        b"{",
        b"}",
        b", ",
        b"#",
        b" # ",
        b"'",
        b"\"",
        b"\\",
        b"|",
        b"|+2\n",
        b">-\n",
        b"&a ",
        b"*a",
        b"!!str ",
        b"!<",
        b"---\n",
        b"...\n",
        b"%YAML 1.2\n",
        b"a",
        b"k: v",
        "é".as_bytes(),
        "日".as_bytes(),
        "\u{feff}".as_bytes(),
        "\u{85}".as_bytes(),
        b"\0",
        b"\x7f",
        b"\xff",
        b"null",
        b"<<: ",
        b"metadata:\n",
        b"items:\n- ",
        b"kind: List\n",
        b"\\x41",
        b"# {\"$imagepolicy\": \"ns:p\"}\n",
        b" # {\"$imagepolicy\": \"ns:p:tag\"}\n",
        b"{\"$imagepolicy\": ",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn no_bytes_make_it_panic(rubble in rubble(), tag in tag()) {
        let file = [&rubble[..], b"\n# \"$imagepolicy\""].concat();
        prop_assert!(may_hold_marker(&file));
        let edits = edit(&file, &setters(&tag)).edits;
        let splices: Vec<Splice<'_>> = edits.iter().map(Edit::splice).collect();
        prop_assert!(splice(&file, &splices).is_ok());
        suspicious(&file);
    }

    #[test]
    fn no_noise_makes_it_panic(mut noise in prop::collection::vec(any::<u8>(), 0..64)) {
        noise.extend_from_slice(b"\"$imagepolicy\"");
        edit(&noise, &setters("v2"));
        suspicious(&noise);
    }
}
