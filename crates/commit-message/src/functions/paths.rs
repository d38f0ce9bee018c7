//! Slash-separated paths, by their text alone. The `os…` variants are those of a Unix system.

use crate::go::function::{Call, Outcome};
use crate::go::value::Value;

/// The shortest path of the same meaning: no `.`, no empty parts, no `..` that follows a name.
fn cleaned(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (rooted, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

pub(super) fn clean(call: &mut Call<'_>) -> Outcome {
    Ok(Value::text(cleaned(call.text(0)?)))
}

/// The last part.
pub(super) fn base(call: &mut Call<'_>) -> Outcome {
    let path = call.text(0)?;
    let trimmed = path.trim_end_matches('/');
    let base = match (path.is_empty(), trimmed.is_empty()) {
        (true, _) => ".",
        (false, true) => "/",
        (false, false) => trimmed.rsplit('/').next().unwrap_or(trimmed),
    };
    Ok(Value::text(base))
}

/// All but the last part.
pub(super) fn dir(call: &mut Call<'_>) -> Outcome {
    let path = call.text(0)?;
    let end = path.rfind('/').map_or(0, |slash| slash + 1);
    Ok(Value::text(cleaned(&path[..end])))
}

/// The suffix of the last part, from its last dot.
pub(super) fn ext(call: &mut Call<'_>) -> Outcome {
    let name = call.text(0)?.rsplit('/').next().unwrap_or_default();
    Ok(Value::text(name.rfind('.').map_or("", |dot| &name[dot..])))
}

pub(super) fn is_abs(call: &mut Call<'_>) -> Outcome {
    Ok(Value::Bool(call.text(0)?.starts_with('/')))
}
