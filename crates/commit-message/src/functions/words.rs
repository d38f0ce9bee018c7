//! Upper and lower case, and the cases that programs give to names.

use regex::Regex;
use std::sync::LazyLock;

use crate::go::function::{Call, Outcome};
use crate::go::value::Value;

/// Case by single characters, as Go does it: `ß` has no upper case of its own.
fn to_upper(c: char) -> char {
    let mut upper = c.to_uppercase();
    if upper.len() == 1 {
        upper.next().unwrap_or(c)
    } else {
        c
    }
}

fn to_lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

fn mapped(call: &Call<'_>, map: impl FnMut(char) -> char) -> Outcome {
    Ok(Value::text(
        call.text(0)?.chars().map(map).collect::<String>(),
    ))
}

pub(super) fn upper(call: &mut Call<'_>) -> Outcome {
    mapped(call, to_upper)
}

pub(super) fn lower(call: &mut Call<'_>) -> Outcome {
    mapped(call, to_lower)
}

pub(super) fn swapcase(call: &mut Call<'_>) -> Outcome {
    mapped(call, |c| {
        if c.is_uppercase() {
            to_lower(c)
        } else {
            to_upper(c)
        }
    })
}

/// The first letter of each word in upper case. Digits and `_` belong to words.
pub(super) fn title(call: &mut Call<'_>) -> Outcome {
    let mut in_word = false;
    mapped(call, |c| {
        let titled = if in_word { c } else { to_upper(c) };
        in_word = c.is_alphanumeric() || c == '_' || (!c.is_ascii() && !c.is_whitespace());
        titled
    })
}

/// The first letter of each word, words being what spaces separate, in lower case.
pub(super) fn untitle(call: &mut Call<'_>) -> Outcome {
    let mut in_word = false;
    mapped(call, |c| {
        let untitled = if in_word { c } else { to_lower(c) };
        in_word = !c.is_whitespace();
        untitled
    })
}

pub(super) fn initials(call: &mut Call<'_>) -> Outcome {
    let words = call.text(0)?.split_whitespace();
    Ok(Value::text(
        words
            .filter_map(|word| word.chars().next())
            .collect::<String>(),
    ))
}

fn is_connector(c: char) -> bool {
    c == '-' || c == '_' || c.is_whitespace()
}

/// `foo_bar` to `FooBar`. Connectors at the front stay, of several in a row one goes.
pub(super) fn camelcase(call: &mut Call<'_>) -> Outcome {
    let text = call.text(0)?;
    let body = text.trim_start_matches(is_connector);
    let mut out = text[..text.len() - body.len()].to_owned();
    let mut previous: Option<char> = None;
    // Whether the word so far is all upper case, so that the rest of it becomes lower case.
    let mut shouting = false;
    for c in body.chars() {
        let next = match previous {
            None => {
                shouting = c.is_uppercase();
                to_upper(c)
            }
            Some(before) if is_connector(before) && is_connector(c) => {
                out.push(before);
                c
            }
            Some(before) if is_connector(before) => {
                shouting = c.is_uppercase();
                to_upper(c)
            }
            Some(before) => {
                out.push(before);
                let lowers = shouting && c.is_uppercase();
                shouting = lowers;
                if lowers { to_lower(c) } else { c }
            }
        };
        previous = Some(next);
    }
    out.extend(previous);
    Ok(Value::text(out))
}

pub(super) fn snakecase(call: &mut Call<'_>) -> Outcome {
    Ok(Value::text(connected(call.text(0)?, '_')))
}

pub(super) fn kebabcase(call: &mut Call<'_>) -> Outcome {
    Ok(Value::text(connected(call.text(0)?, '-')))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WordKind {
    Number,
    /// Begins with an upper-case letter.
    Upper,
    Letters,
    Connector,
    Punctuation,
    Other,
}

impl WordKind {
    /// Whether a connector is written between this word and what stands before it.
    fn starts_word(self) -> bool {
        !matches!(self, Self::Connector | Self::Punctuation)
    }

    fn continues_number(self) -> bool {
        matches!(self, Self::Letters | Self::Number)
    }
}

/// Unicode's category P, which leaves out symbols such as `+`.
fn is_punctuation(c: char) -> bool {
    static BEYOND_ASCII: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{P}$").ok());
    if c.is_ascii() {
        return c.is_ascii_punctuation() && !"$+<=>^`|~".contains(c);
    }
    BEYOND_ASCII
        .as_ref()
        .is_some_and(|regex| regex.is_match(c.encode_utf8(&mut [0; 4])))
}

fn kind_of(c: char) -> WordKind {
    match c {
        c if is_connector(c) => WordKind::Connector,
        c if is_punctuation(c) => WordKind::Punctuation,
        c if c.is_uppercase() => WordKind::Upper,
        c if c.is_lowercase() => WordKind::Letters,
        c if c.is_numeric() => WordKind::Number,
        _ => WordKind::Other,
    }
}

/// The words of a name: runs of one kind; an upper-case letter begins a word, or belongs to a run of upper-case
/// letters that ends before the last one if a lower-case letter follows (`HTTPServer`: `HTTP`, `Server`).
fn words_of(text: &str) -> Vec<(WordKind, String)> {
    let chars: Vec<char> = text.chars().collect();
    let kinds: Vec<WordKind> = chars.iter().map(|c| kind_of(*c)).collect();
    let mut words = Vec::new();
    let mut start = 0;
    while start < chars.len() {
        let kind = kinds[start];
        let run = |from: usize, kind: WordKind| {
            from + kinds[from..].iter().take_while(|k| **k == kind).count()
        };
        let mut end = run(start, kind);
        if kind == WordKind::Punctuation {
            // Connectors other than spaces are punctuation, too, once there is some.
            end = start
                + chars[start..]
                    .iter()
                    .take_while(|c| is_punctuation(**c))
                    .count();
        }
        if kind == WordKind::Upper {
            let followed_by_letters = kinds.get(end) == Some(&WordKind::Letters);
            if end == start + 1 && followed_by_letters {
                end = run(end, WordKind::Letters);
            } else if followed_by_letters {
                end -= 1;
            }
        }
        words.push((kind, chars[start..end].iter().collect()));
        start = end;
    }
    words
}

fn write_word(out: &mut String, (kind, word): &(WordKind, String), connector: char) {
    match kind {
        WordKind::Upper => out.extend(word.chars().map(to_lower)),
        WordKind::Connector => out.extend(word.chars().map(|_| connector)),
        _ => out.push_str(word),
    }
}

/// `HTTPServer2xx` to `http_server_2xx`. Numbers belong to the word before them unless letters follow.
fn connected(text: &str, connector: char) -> String {
    let words = words_of(text);
    let mut out = String::new();
    let mut index = 0;
    while index < words.len() {
        let kind = words[index].0;
        write_word(&mut out, &words[index], connector);
        index += 1;
        index = match kind {
            WordKind::Connector | WordKind::Punctuation => index,
            WordKind::Number => number_tail(&words, index, connector, &mut out),
            _ => word_tail(&words, index, connector, &mut out),
        };
    }
    out
}

/// After a number: letters and numbers go on without a connector.
fn number_tail(
    words: &[(WordKind, String)],
    from: usize,
    connector: char,
    out: &mut String,
) -> usize {
    let mut index = from;
    while let Some(word) = words.get(index).filter(|(kind, _)| kind.continues_number()) {
        write_word(out, word, connector);
        index += 1;
    }
    if words.get(index).is_some_and(|(kind, _)| kind.starts_word()) {
        out.push(connector);
    }
    index
}

/// After a word: a connector before the next one; before a number only if letters follow that.
fn word_tail(
    words: &[(WordKind, String)],
    index: usize,
    connector: char,
    out: &mut String,
) -> usize {
    let Some(next) = words.get(index) else {
        return index;
    };
    if next.0 != WordKind::Number {
        if next.0.starts_word() {
            out.push(connector);
        }
        return index;
    }
    let Some((after, _)) = words.get(index + 1) else {
        return index;
    };
    if *after == WordKind::Letters {
        out.push(connector);
        write_word(out, next, connector);
        return number_tail(words, index + 1, connector, out);
    }
    write_word(out, next, connector);
    if after.starts_word() {
        out.push(connector);
    }
    index + 1
}
