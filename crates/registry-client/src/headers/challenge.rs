//! `WWW-Authenticate`, what the registry wants to see.

use std::iter::Peekable;
use std::str::CharIndices;

/// One way to authenticate that a server offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The scheme in lower case: `bearer`, `basic`, …
    pub scheme: String,
    /// Names in lower case with their values, in the order of the header.
    pub parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The first value of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// All challenges of one header value (RFC 9110, section 11.6.1).
///
/// ```
/// use registry_client::headers::challenges;
///
/// let value = r#"Basic realm="x", Bearer realm="https://auth.example/token",service=reg"#;
/// let found = challenges(value);
/// assert_eq!(found[1].scheme, "bearer");
/// assert_eq!(found[1].parameter("realm"), Some("https://auth.example/token"));
/// ```
pub fn challenges(value: &str) -> Vec<Challenge> {
    let mut found: Vec<Challenge> = Vec::new();
    let mut scanner = Scanner::new(value);
    while let Some(word) = scanner.word() {
        match (scanner.value(), found.last_mut()) {
            (Some(value), Some(challenge)) => challenge.parameters.push((word, value)),
            // A parameter before any scheme belongs to nothing.
            (Some(_), None) => {}
            (None, _) => found.push(Challenge {
                scheme: word,
                parameters: Vec::new(),
            }),
        }
    }
    found
}

struct Scanner<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            chars: text.char_indices().peekable(),
        }
    }

    /// The next scheme or parameter name, in lower case; skips whatever cannot be part of one.
    fn word(&mut self) -> Option<String> {
        self.skip_while(|c| !is_token(c));
        let word = self.take_while(is_token);
        (!word.is_empty()).then(|| word.to_ascii_lowercase())
    }

    /// The value behind an equals sign, unquoted; nothing when no equals sign follows.
    fn value(&mut self) -> Option<String> {
        let before = self.chars.clone();
        self.skip_while(|c| c == ' ' || c == '\t');
        if self.chars.next_if(|&(_, c)| c == '=').is_none() {
            self.chars = before;
            return None;
        }
        self.skip_while(|c| c == ' ' || c == '\t');
        if self.chars.next_if(|&(_, c)| c == '"').is_some() {
            return Some(self.quoted());
        }
        Some(
            self.take_while(|c| c != ',' && !c.is_whitespace())
                .to_owned(),
        )
    }

    /// Up to the closing quote, or to the end when there is none.
    fn quoted(&mut self) -> String {
        let mut text = String::new();
        while let Some((_, c)) = self.chars.next() {
            match c {
                '"' => break,
                '\\' => text.extend(self.chars.next().map(|(_, escaped)| escaped)),
                c => text.push(c),
            }
        }
        text
    }

    fn skip_while(&mut self, skip: impl Fn(char) -> bool) {
        while self.chars.next_if(|&(_, c)| skip(c)).is_some() {}
    }

    fn take_while(&mut self, take: impl Fn(char) -> bool) -> &'a str {
        let start = self.position();
        self.skip_while(take);
        &self.text[start..self.position()]
    }

    fn position(&mut self) -> usize {
        self.chars.peek().map_or(self.text.len(), |&(at, _)| at)
    }
}

/// The characters of a token, RFC 9110, section 5.6.2.
fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}
