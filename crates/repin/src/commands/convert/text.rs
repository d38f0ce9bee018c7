//! The text of a file, with its objects in v1.

use std::ops::Range;
use std::sync::LazyLock;

use api::convert::{is_convertible, to_v1};
use regex::Regex;
use serde_json::Value;

use crate::commands::CommandError;
use crate::console::Console;
use crate::objects::ReadError;
use crate::yaml;

/// The mark that some editors put before UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The text of a file after conversion.
#[derive(Debug)]
pub(super) struct Converted {
    pub text: Vec<u8>,
    pub is_changed: bool,
}

/// Converts the objects of a file. One that speaks of no kind that is converted may be anything.
pub(super) fn convert_text(
    bytes: &[u8],
    origin: &str,
    console: &Console,
) -> Result<Converted, CommandError> {
    if !names_kinds(bytes) {
        return Ok(Converted {
            text: bytes.to_vec(),
            is_changed: false,
        });
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| not_yaml(origin, format!("not UTF-8 at byte {}", error.valid_up_to())))?;
    let (mark, stream) = match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => (BYTE_ORDER_MARK, rest),
        None => ("", text),
    };
    let mut converted = mark.to_owned();
    if serde_json::from_str::<Value>(stream).is_ok() {
        converted.push_str(&convert_part(stream, origin, console)?);
    } else {
        for part in parts(stream) {
            converted.push_str(&convert_part(part, origin, console)?);
        }
    }
    Ok(Converted {
        is_changed: converted != text,
        text: converted.into_bytes(),
    })
}

fn not_yaml(origin: &str, problem: String) -> CommandError {
    CommandError::Read(ReadError::ParseYaml {
        origin: origin.to_owned(),
        problem,
    })
}

/// Whether a text speaks of an API group and a kind that are converted.
fn names_kinds(text: &[u8]) -> bool {
    static NAMES: LazyLock<[regex::bytes::Regex; 2]> = LazyLock::new(|| {
        [
            r"(?-u)\b(?:image|notification)\.toolkit\.fluxcd\.io/",
            r"(?-u)\b(?:ImageRepository|ImagePolicy|ImageUpdateAutomation|Receiver)\b",
        ]
        .map(|pattern| regex::bytes::Regex::new(pattern).expect("the pattern is constant"))
    });
    NAMES.iter().all(|name| name.is_match(text))
}

/// The documents of a stream and, between them, their separators, together the text itself.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        match line.strip_prefix("---").map(str::trim_start) {
            Some(rest) if rest.is_empty() || rest.starts_with('#') => {
                parts.extend([&text[start..at], &text[at..end]]);
                start = end;
            }
            // The document begins on the line of its separator.
            Some(_) if line.starts_with("--- ") || line.starts_with("---\t") => {
                parts.push(&text[start..at]);
                start = at;
            }
            _ => {}
        }
        at = end;
    }
    parts.push(&text[start..]);
    parts
}

fn convert_part(part: &str, origin: &str, console: &Console) -> Result<String, CommandError> {
    if !names_kinds(part.as_bytes()) {
        return Ok(part.to_owned());
    }
    let documents =
        yaml::documents(part.as_bytes()).map_err(|problem| not_yaml(origin, problem))?;
    let [document] = documents.as_slice() else {
        return Ok(part.to_owned());
    };
    let mut converted = document.clone();
    for object in objects(&mut converted) {
        if !is_old(object) {
            continue;
        }
        *object = to_v1(object.take()).map_err(|source| CommandError::Convert {
            origin: origin.to_owned(),
            source: Box::new(source),
        })?;
    }
    if converted == *document {
        return Ok(part.to_owned());
    }
    if let Some(text) = with_versions(part, &converted) {
        return Ok(text);
    }
    if part.contains('#') {
        console.warn(&format!(
            "{origin}: an object has another shape in v1, so its document was written anew, without its comments"
        ));
    }
    written_anew(part, &converted).map_err(|problem| not_yaml(origin, problem))
}

/// The items of a `List`, else the object itself.
fn objects(document: &mut Value) -> Vec<&mut Value> {
    let kind = document.get("kind").and_then(Value::as_str);
    if kind.is_some_and(|kind| kind.ends_with("List")) {
        let items = document.get_mut("items").and_then(Value::as_array_mut);
        return items.into_iter().flatten().collect();
    }
    vec![document]
}

fn is_old(object: &Value) -> bool {
    let member = |name| object.get(name).and_then(Value::as_str).unwrap_or_default();
    is_convertible(member("apiVersion"), member("kind"))
}

/// The text with only versions replaced, where nothing else differs: parsing the result decides.
fn with_versions(part: &str, expected: &Value) -> Option<String> {
    static VERSIONS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        let old = r#"["']?apiVersion["']?\s*:\s*["']?(?:image|notification)\.toolkit\.fluxcd\.io/(v1\w+)"#;
        // A line of its own first: texts within objects, such as the last applied configuration, hold versions too.
        [format!(r"(?m)^[ \t]*(?:-[ \t]+)*{old}"), old.to_owned()]
            .map(|pattern| Regex::new(&pattern).expect("the pattern is constant"))
    });
    VERSIONS.iter().find_map(|versions| {
        let found: Vec<Range<usize>> = versions
            .captures_iter(part)
            .filter_map(|found| Some(found.get(1)?.range()))
            .collect();
        let first = found.get(..1).unwrap_or_default();
        [found.as_slice(), first]
            .into_iter()
            .map(|ranges| replaced(part, ranges))
            .find(|text| {
                yaml::documents(text.as_bytes()).is_ok_and(|read| read == [expected.clone()])
            })
    })
}

fn replaced(part: &str, ranges: &[Range<usize>]) -> String {
    let mut text = String::with_capacity(part.len());
    let mut at = 0;
    for range in ranges {
        text.push_str(&part[at..range.start]);
        text.push_str("v1");
        at = range.end;
    }
    text.push_str(&part[at..]);
    text
}

/// A document in the language and with the line ends of the text that it replaces.
fn written_anew(part: &str, document: &Value) -> Result<String, String> {
    let text = if serde_json::from_str::<Value>(part).is_ok() {
        let json = serde_json::to_string_pretty(document).map_err(|error| error.to_string())?;
        format!("{json}\n")
    } else {
        yaml::to_string(document)?
    };
    Ok(if part.contains("\r\n") {
        text.replace('\n', "\r\n")
    } else {
        text
    })
}

#[cfg(test)]
mod tests;
