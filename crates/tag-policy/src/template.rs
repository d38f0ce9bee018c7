//! Templates such as `$major.$minor`, expanded as Go's `Regexp.Expand` does.

use crate::pattern::{Slots, group};
use crate::unicode;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    /// The first of these groups that took part in the match; nothing if none did.
    Group(Vec<usize>),
}

/// Parses a template. A reference is `$name`, `${name}` or a number instead of the name, `$$` is a dollar
/// sign, and so is a `$` that starts no reference. References to groups that do not exist are left out.
pub(crate) fn parse(template: &str, group_names: &[Option<String>]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        text.push_str(before);
        if let Some(after_second) = after.strip_prefix('$') {
            text.push('$');
            rest = after_second;
        } else if let Some((name, after_name)) = read_name(after) {
            let groups = groups_named(name, group_names);
            if !groups.is_empty() {
                push_text(&mut parts, &mut text);
                parts.push(Part::Group(groups));
            }
            rest = after_name;
        } else {
            text.push('$');
            rest = after;
        }
    }
    text.push_str(rest);
    push_text(&mut parts, &mut text);
    parts
}

impl Part {
    /// The groups that the piece refers to.
    pub(crate) fn groups(&self) -> &[usize] {
        match self {
            Self::Text(_) => &[],
            Self::Group(groups) => groups,
        }
    }

    /// What the piece stands for in one match.
    pub(crate) fn expand<'t>(&'t self, matched: &'t str, slots: &Slots) -> &'t str {
        match self {
            Self::Text(text) => text,
            Self::Group(groups) => first_group(groups, matched, slots),
        }
    }
}

/// What the first of some groups that took part in the match has matched.
pub(crate) fn first_group<'t>(groups: &[usize], matched: &'t str, slots: &Slots) -> &'t str {
    groups
        .iter()
        .find_map(|index| group(matched, slots, *index))
        .unwrap_or("")
}

/// Reads `name` or `{name}`; the name is the longest run of letters, digits and underscores.
fn read_name(text: &str) -> Option<(&str, &str)> {
    let (braced, text) = match text.strip_prefix('{') {
        Some(inner) => (true, inner),
        None => (false, text),
    };
    let is_name = |c: char| c == '_' || unicode::is_letter_or_digit(c);
    let (name, rest) = text.split_at(text.find(|c| !is_name(c)).unwrap_or(text.len()));
    let rest = if braced {
        rest.strip_prefix('}')?
    } else {
        rest
    };
    (!name.is_empty()).then_some((name, rest))
}

/// A number without padding means that group, everything else all groups of this name.
fn groups_named(name: &str, group_names: &[Option<String>]) -> Vec<usize> {
    let padded = name.len() > 1 && name.starts_with('0');
    let numeric = name.bytes().all(|b| b.is_ascii_digit());
    if numeric && !padded && name.len() <= 9 {
        return name
            .parse()
            .into_iter()
            .filter(|index| *index < group_names.len())
            .collect();
    }
    let named = group_names.iter().enumerate();
    named
        .filter(|(_, other)| other.as_deref() == Some(name))
        .map(|(index, _)| index)
        .collect()
}

fn push_text(parts: &mut Vec<Part>, text: &mut String) {
    if !text.is_empty() {
        parts.push(Part::Text(std::mem::take(text)));
    }
}

#[cfg(test)]
mod tests;
