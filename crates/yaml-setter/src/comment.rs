use serde_json::{Map, Value};

use crate::finding::Problem;
use crate::marker::{Part, PolicyName};
use crate::screen::TOKEN;

/// Prefix of a reference to a setter's definition in kyaml's long form of a marker.
const DEFINITION: &str = "#/definitions/io.k8s.cli.setters.";

/// What a comment says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// An ordinary comment.
    Prose,
    /// A marker of a known form; its place is still to be judged.
    Marker(SetterKey),
    /// Meant as a marker, but it can never be applied.
    Broken(Problem),
}

/// A setter key taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SetterKey {
    pub(crate) text: String,
    pub(crate) policy: PolicyName,
    pub(crate) part: Part,
}

/// Reads a comment by the grammar of Flux (kyaml): leading `#` characters are dropped, and all the rest must
/// be one JSON object. `comment` starts with its first `#`; `own_line` says that nothing stands before it.
pub(crate) fn read(comment: &str, own_line: bool) -> Reading {
    let text = comment.trim_start_matches('#');
    let holds_token = text.contains(TOKEN);
    if !holds_token && !text.trim_start().starts_with('{') {
        return Reading::Prose;
    }
    if own_line && holds_token && is_commented_out(text) {
        return Reading::Prose;
    }
    match serde_json::from_str::<Map<String, Value>>(text) {
        Ok(object) => read_object(&object),
        Err(error) if holds_token => malformed(json_reason(&error)),
        Err(_) => Reading::Prose,
    }
}

/// Whether the text is a line of YAML that was commented out together with its marker.
pub(crate) fn is_commented_out(text: &str) -> bool {
    let before = text.split('{').next().unwrap_or_default();
    before.starts_with('#') || before.contains(" #") || before.contains("\t#")
}

fn read_object(object: &Map<String, Value>) -> Reading {
    match object.get("$imagepolicy") {
        Some(Value::String(key)) if !key.is_empty() => {
            match object.iter().find(|(_, value)| !value.is_string()) {
                None => read_key(key),
                Some((member, _)) => malformed(format!("member {member:?} is not a string")),
            }
        }
        Some(_) => malformed("\"$imagepolicy\" is not a setter key".to_owned()),
        None => read_long_form(object),
    }
}

/// kyaml's own forms: a reference to the setter's definition works, a definition in place is refused.
fn read_long_form(object: &Map<String, Value>) -> Reading {
    if object
        .get("x-k8s-cli")
        .is_some_and(|cli| cli.get("setter").is_some())
    {
        return Reading::Broken(Problem::InlineSetter);
    }
    let reference = object.get("$ref").and_then(Value::as_str);
    match reference.and_then(|reference| reference.strip_prefix(DEFINITION)) {
        // A setter of another tool has no colon in its name.
        Some(key) if decode_percent(key).is_some_and(|key| key.contains(':')) => read_key(key),
        _ => Reading::Prose,
    }
}

fn read_key(written: &str) -> Reading {
    let Some(text) = decode_percent(written) else {
        return malformed(format!("{written:?} has a broken percent escape"));
    };
    let mut parts = text.split(':');
    let (Some(namespace), Some(name)) = (parts.next(), parts.next()) else {
        return malformed(format!("{text:?} is not of the form <namespace>:<name>"));
    };
    let (part, rest) = (parts.next(), parts.next());
    if !is_name(namespace) || !is_name(name) || rest.is_some() {
        return malformed(format!(
            "{text:?} is not of the form <namespace>:<name>[:tag|name|digest]"
        ));
    }
    let policy = PolicyName {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    };
    let part = match part {
        None => Part::Reference,
        Some("tag") => Part::Tag,
        Some("name") => Part::Name,
        Some("digest") => Part::Digest,
        Some(other) => {
            let part = other.to_owned();
            return Reading::Broken(Problem::UnknownPart { policy, part });
        }
    };
    Reading::Marker(SetterKey { text, policy, part })
}

/// Whether the text can be a Kubernetes name: lower-case letters, digits, `-` and `.`.
pub(crate) fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.')
    };
    !text.is_empty() && text.bytes().all(allowed)
}

/// Decodes `%XX`; `None` where an escape is incomplete or the result is not UTF-8.
fn decode_percent(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let high = char::from(rest.next()?).to_digit(16)?;
        let low = char::from(rest.next()?).to_digit(16)?;
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

/// What serde_json says, without its position: the comment has its own.
fn json_reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let reason = text.split(" at line ").next().unwrap_or(&text);
    format!("not one JSON object of strings ({reason})")
}

fn malformed(reason: String) -> Reading {
    Reading::Broken(Problem::MalformedMarker(reason))
}

#[cfg(test)]
mod tests;
