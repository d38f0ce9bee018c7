//! Rewrites an expression from Go's syntax to that of the `regex` crate.
//!
//! The two agree but for this: in Go `\d`, `\w`, `\s` and `\b` are ASCII; `\Q…\E` quotes; within a class, `[`,
//! `&&`, `--` and `~~` mean themselves, and so does a brace that begins no repetition. What only the `regex` crate knows is refused as Go refuses it.

use std::iter::Peekable;
use std::str::Chars;

/// Groups and repetitions may nest this deep.
pub(super) const MAX_NESTING: u32 = 50;

/// The ASCII classes, as the inside of a bracket, and their opposites.
const PERL_CLASSES: [(char, &str); 3] = [('d', "0-9"), ('w', "0-9A-Za-z_"), ('s', r"\t\n\x0C\r ")];

pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => escape(&mut rest, &mut out)?,
            '[' => class(&mut rest, &mut out)?,
            '(' if rest.peek() == Some(&'?') => group(&mut rest, &mut out)?,
            '{' if !begins_repetition(rest.clone()) => out.push_str("\\{"),
            c => out.push(c),
        }
    }
    Ok(out)
}

/// Whether `n}`, `n,}` or `n,m}` follows; a brace before anything else is a brace.
fn begins_repetition(mut rest: Peekable<Chars<'_>>) -> bool {
    let digits = |rest: &mut Peekable<Chars<'_>>| {
        let mut count = 0;
        while rest.next_if(char::is_ascii_digit).is_some() {
            count += 1;
        }
        count
    };
    if digits(&mut rest) == 0 {
        return false;
    }
    if rest.next_if_eq(&',').is_some() {
        digits(&mut rest);
    }
    rest.next() == Some('}')
}

fn escape(rest: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), String> {
    let Some(c) = rest.next() else {
        return Err("trailing backslash at end of expression".to_owned());
    };
    match c {
        'Q' => quoted(rest, out),
        // Go quotes nothing between a lone \E and what is before it.
        'E' => {}
        'b' | 'B' => out.extend(["(?-u:\\", c.encode_utf8(&mut [0; 4]), ")"]),
        _ if push_perl_class(c, out, false) => {}
        'A' | 'z' | 'p' | 'P' | 'x' | 'a' | 'f' | 't' | 'n' | 'r' | 'v' => {
            out.push('\\');
            out.push(c);
            if matches!(c, 'x' | 'p' | 'P') && rest.peek() == Some(&'{') {
                braces(rest, out);
            }
        }
        c if c.is_ascii_punctuation() => {
            out.push('\\');
            out.push(c);
        }
        c => return Err(format!("invalid escape sequence: `\\{c}`")),
    }
    Ok(())
}

/// Copies `{…}`.
fn braces(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    for c in rest.by_ref() {
        out.push(c);
        if c == '}' {
            break;
        }
    }
}

fn quoted(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    while let Some(c) = rest.next() {
        if c == '\\' && rest.peek() == Some(&'E') {
            rest.next();
            return;
        }
        if c.is_ascii_punctuation() {
            out.push('\\');
        }
        out.push(c);
    }
}

/// Writes `\d` and its kin, in brackets unless they are already in some.
fn push_perl_class(c: char, out: &mut String, in_class: bool) -> bool {
    let Some((_, inside)) = PERL_CLASSES
        .iter()
        .find(|(name, _)| *name == c.to_ascii_lowercase())
    else {
        return false;
    };
    match (c.is_ascii_uppercase(), in_class) {
        (true, _) => out.extend(["[^", inside, "]"]),
        (false, true) => out.push_str(inside),
        (false, false) => out.extend(["[", inside, "]"]),
    }
    true
}

/// A bracket, its `[` past.
fn class(rest: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), String> {
    out.push('[');
    if rest.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    let mut is_first = true;
    while let Some(c) = rest.next() {
        match c {
            ']' if !is_first => {
                out.push(']');
                return Ok(());
            }
            '\\' => class_escape(rest, out)?,
            '[' if rest.peek() == Some(&':') => {
                // `[:alpha:]`; a `[` that begins none is a `[`.
                let ahead: String = rest.clone().take_while(|c| *c != ']').collect();
                if ahead.len() > 2 && ahead.ends_with(':') {
                    out.push('[');
                    out.push_str(&ahead);
                    out.push(']');
                    rest.by_ref().take(ahead.chars().count() + 1).for_each(drop);
                } else {
                    out.push_str("\\[");
                }
            }
            // A range keeps its hyphen; any other of these would be an operator when doubled.
            '-' if rest.peek() == Some(&'-') => out.push_str("\\-"),
            '[' | ']' | '&' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        is_first = false;
    }
    Err("missing closing ]".to_owned())
}

fn class_escape(rest: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), String> {
    let Some(c) = rest.peek().copied() else {
        return Err("trailing backslash at end of expression".to_owned());
    };
    if matches!(c, 'b' | 'B' | 'A' | 'z' | 'Q' | 'E') {
        return Err(format!("invalid escape sequence: `\\{c}`"));
    }
    if push_perl_class(c, out, true) {
        rest.next();
        return Ok(());
    }
    escape(rest, out)
}

/// `(?…`: a named group or flags, the `(` past.
fn group(rest: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), String> {
    rest.next();
    out.push_str("(?");
    let names_group = matches!(rest.peek(), Some('P' | '<'));
    if names_group {
        return Ok(());
    }
    for c in rest.by_ref() {
        match c {
            'i' | 'm' | 's' | 'U' | '-' => out.push(c),
            ':' | ')' => {
                out.push(c);
                return Ok(());
            }
            c => return Err(format!("invalid or unsupported Perl syntax: `(?{c}`")),
        }
    }
    Err("missing closing )".to_owned())
}
