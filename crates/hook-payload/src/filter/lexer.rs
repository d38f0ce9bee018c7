//! Tokens of CEL, by the lexer rules of its grammar.

use super::problem::Problem;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    End,
    /// Operators, brackets, separators, and the words `in`, `true`, `false`, `null`.
    Sign,
    Ident,
    Int,
    Uint,
    Double,
    String,
    Bytes,
}

/// A token and the bytes of the source it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'s> {
    pub(super) kind: TokenKind,
    pub(super) at: usize,
    pub(super) text: &'s str,
}

/// Longest first, as the longest match wins.
const SIGNS: [&str; 26] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "[", "]", "{", "}", "(", ")", ".", ",", "-", "!",
    "?", ":", "+", "*", "/", "%", "=", "&",
];
const WORDS: [&str; 4] = ["in", "true", "false", "null"];
const QUOTES: [&str; 4] = ["\"\"\"", "'''", "\"", "'"];

#[derive(Debug, Clone)]
pub(super) struct Lexer<'s> {
    source: &'s str,
    at: usize,
}

impl<'s> Lexer<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        Self { source, at: 0 }
    }

    pub(super) fn next_token(&mut self) -> Result<Token<'s>, Problem> {
        self.skip_blanks();
        let rest = &self.source[self.at..];
        let (kind, length) = match rest.chars().next() {
            None => (TokenKind::End, 0),
            Some(_) if literal_prefix(rest).is_some() => self.quoted(rest)?,
            Some(c) if c.is_ascii_alphabetic() || c == '_' => word(rest),
            Some(c) if c.is_ascii_digit() || begins_fraction(rest) => number(rest),
            Some(c) => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) if !matches!(*sign, "=" | "&") => (TokenKind::Sign, sign.len()),
                _ => return Err(unrecognized(self.at, c.encode_utf8(&mut [0; 4]))),
            },
        };
        let token = Token {
            kind,
            at: self.at,
            text: &rest[..length],
        };
        self.at += length;
        Ok(token)
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = &self.source[self.at..];
            let blanks = rest.len()
                - rest
                    .trim_start_matches(['\t', ' ', '\r', '\n', '\u{c}'])
                    .len();
            let comment = if rest[blanks..].starts_with("//") {
                rest[blanks..].find('\n').unwrap_or(rest.len() - blanks)
            } else {
                0
            };
            if blanks + comment == 0 {
                return;
            }
            self.at += blanks + comment;
        }
    }

    /// A string or bytes literal, prefix and quotes included.
    fn quoted(&self, rest: &str) -> Result<(TokenKind, usize), Problem> {
        let (prefix, quote) = literal_prefix(rest).unwrap_or_default();
        let raw = prefix.contains(['r', 'R']);
        let kind = if prefix.contains(['b', 'B']) {
            TokenKind::Bytes
        } else {
            TokenKind::String
        };
        let opened = prefix.len() + quote.len();
        let mut at = opened;
        while let Some(c) = rest[at..].chars().next() {
            if rest[at..].starts_with(quote) {
                return Ok((kind, at + quote.len()));
            }
            let line_ends = matches!(c, '\n' | '\r') && quote.len() == 1;
            if line_ends {
                break;
            }
            at += c.len_utf8();
            if c == '\\' && !raw {
                at += rest[at..].chars().next().map_or(0, char::len_utf8);
            }
        }
        // Three quotes of which none closes are an empty literal and the rest.
        match quote.len() {
            3 => Ok((kind, opened - 1)),
            _ => Err(unrecognized(self.at, &rest[..at])),
        }
    }
}

/// The letters before a quote, and the quote, where a literal begins.
fn literal_prefix(rest: &str) -> Option<(&str, &'static str)> {
    let letters = rest.len() - rest.trim_start_matches(['b', 'B', 'r', 'R']).len();
    let prefix = &rest[..letters];
    let quote = *QUOTES
        .iter()
        .find(|quote| rest[letters..].starts_with(**quote))?;
    let known = matches!(prefix.to_ascii_lowercase().as_str(), "" | "b" | "r" | "br");
    known.then_some((prefix, quote))
}

fn word(rest: &str) -> (TokenKind, usize) {
    let length = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    if WORDS.contains(&&rest[..length]) {
        (TokenKind::Sign, length)
    } else {
        (TokenKind::Ident, length)
    }
}

fn digits(text: &str) -> usize {
    text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len()
}

fn begins_fraction(rest: &str) -> bool {
    rest.starts_with('.') && digits(&rest[1..]) > 0
}

fn number(rest: &str) -> (TokenKind, usize) {
    let hex = rest.strip_prefix("0x").map_or(0, |hex| {
        hex.len()
            - hex
                .trim_start_matches(|c: char| c.is_ascii_hexdigit())
                .len()
    });
    let mut length = match hex {
        0 => digits(rest),
        hex => hex + 2,
    };
    let whole = length;
    if hex == 0 {
        if begins_fraction(&rest[length..]) {
            length += 1 + digits(&rest[length + 1..]);
        }
        length += exponent(&rest[length..]);
    }
    if length > whole {
        (TokenKind::Double, length)
    } else if rest[length..].starts_with(['u', 'U']) {
        (TokenKind::Uint, length + 1)
    } else {
        (TokenKind::Int, length)
    }
}

/// The length of `e1`, `E+2`, `e-3`.
fn exponent(rest: &str) -> usize {
    let Some(after) = rest.strip_prefix(['e', 'E']) else {
        return 0;
    };
    let unsigned = after.strip_prefix(['+', '-']).unwrap_or(after);
    match digits(unsigned) {
        0 => 0,
        count => rest.len() - unsigned.len() + count,
    }
}

fn unrecognized(at: usize, text: &str) -> Problem {
    Problem::new(
        at,
        format!("Syntax error: token recognition error at: '{text}'"),
    )
}
