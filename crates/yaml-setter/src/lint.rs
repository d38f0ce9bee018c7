use std::ops::Range;

use crate::comment::{is_commented_out, is_name};
use crate::finding::{Finding, NeverAMarker, Problem};
use crate::pieces::Kind;
use crate::screen::TOKEN;
use crate::source::Source;
use crate::walk;

/// Spellings of the marker's key, in lower case, that a comment is searched for.
const WORDS: [&str; 3] = ["imagepolicy", "image-policy", "image_policy"];

/// Finds what was probably meant as a marker and can never be one, in files that [`edit`](crate::edit()) has
/// nothing to say about: a key with the wrong quotes or the wrong spelling, a comment without braces, a
/// marker inside a multi-line text.
///
/// This is for a linter: it guesses, and takes prose that mentions image policies for prose. A comment that
/// holds the exact text `"$imagepolicy"` is judged by [`edit`](crate::edit()). A file that cannot be parsed is
/// searched line by line.
///
/// ```
/// let found = yaml_setter::suspicious(b"image: app:v1 # {'$imagepolicy': 'ns:app'}\n");
/// assert_eq!(found[0].problem.rule(), "never-a-marker");
/// assert!(yaml_setter::suspicious(b"# Our ImagePolicy objects live elsewhere.\n").is_empty());
/// ```
pub fn suspicious(bytes: &[u8]) -> Vec<Finding> {
    let mentions = |word: &str| {
        bytes
            .windows(word.len())
            .any(|text| text.eq_ignore_ascii_case(word.as_bytes()))
    };
    if !WORDS.iter().any(|word| mentions(word)) {
        return Vec::new();
    }
    let Ok(source) = Source::new(bytes) else {
        return Vec::new();
    };
    let (comments, texts) = comments_and_texts(&source);
    let misspelt = comments.into_iter().filter_map(|comment| {
        let text = source.text.get(comment.clone())?;
        judge(text).map(|why| (comment.start, why))
    });
    let in_text = texts.into_iter().flat_map(|block| {
        let text = source.text.get(block.clone()).unwrap_or_default();
        let found: Vec<usize> = text
            .match_indices(TOKEN)
            .map(|(at, _)| block.start + at)
            .collect();
        found.into_iter().map(|at| (at, NeverAMarker::Text))
    });
    let mut found: Vec<(usize, NeverAMarker)> = misspelt.chain(in_text).collect();
    found.sort_by_key(|(at, _)| *at);
    let finding = |(at, why)| source.finding(at, Problem::NeverAMarker(why));
    found.into_iter().map(finding).collect()
}

/// Why a file cannot be parsed, or is of a shape that Flux skips as a whole, whether or not it holds a marker.
///
/// ```
/// assert!(yaml_setter::syntax(b"image: app:v1\n").is_none());
/// assert_eq!(yaml_setter::syntax(b"a: [1\n").map(|finding| finding.problem.rule()), Some("unparsable-file"));
/// ```
pub fn syntax(bytes: &[u8]) -> Option<Finding> {
    Source::new(bytes)
        .and_then(|source| walk::layout(&source).map(|_| ()))
        .err()
}

/// The comments and the texts of block scalars; of a file that does not parse, what looks like a comment.
fn comments_and_texts(source: &Source<'_>) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
    let Ok(layout) = walk::layout(source) else {
        return (apparent_comments(source.text), Vec::new());
    };
    let of = |kind: Kind| {
        let pieces = layout.pieces.iter().filter(move |piece| piece.kind == kind);
        pieces.map(|piece| piece.start..piece.end).collect()
    };
    (of(Kind::Comment), of(Kind::BlockText))
}

/// On each line, what follows the first `#` that stands at its beginning or behind a blank.
fn apparent_comments(text: &str) -> Vec<Range<usize>> {
    let mut comments = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive(['\n', '\r']) {
        let mut hashes = line.match_indices('#').map(|(at, _)| at);
        let begins = hashes.find(|at| {
            line.get(..*at)
                .is_some_and(|before| before.is_empty() || before.ends_with([' ', '\t']))
        });
        if let Some(at) = begins {
            comments.push(start + at..start + line.trim_end().len());
        }
        start += line.len();
    }
    comments
}

/// Why a comment that looks like a marker is none; `None` for prose, and for what [`crate::comment`] reads.
fn judge(comment: &str) -> Option<NeverAMarker> {
    let text = comment.trim_start_matches('#');
    if text.contains(TOKEN) || is_commented_out(text) {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let (at, word) = WORDS
        .iter()
        .find_map(|word| lower.find(word).map(|at| (at, *word)))?;
    let (before, after) = (text.get(..at)?, text.get(at + word.len()..)?);
    let unquoted = after.trim_start_matches(|character: char| {
        character.is_whitespace() || "'\"`´‘’“”".contains(character)
    });
    let value = unquoted.strip_prefix([':', '='])?;
    let has_dollar = before.ends_with('$');
    if !has_dollar && !before.contains('{') && !is_setter_key(value) {
        return None;
    }
    let is_exact = has_dollar && text.get(at..)?.starts_with(WORDS[0]);
    Some(if !is_exact {
        NeverAMarker::Spelling
    } else if !before.contains('{') || !after.contains('}') {
        NeverAMarker::Braces
    } else {
        NeverAMarker::Quotes
    })
}

/// Whether the text has the form of a setter key, `namespace:name`, quoted or not.
fn is_setter_key(text: &str) -> bool {
    let key = text.trim().trim_matches(['\'', '"', '}', ' ']);
    key.contains(':') && key.split(':').all(is_name)
}

#[cfg(test)]
mod tests;
