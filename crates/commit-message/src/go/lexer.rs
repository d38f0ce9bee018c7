//! Cuts a Go template into tokens.
//!
//! The rules are those of Go's `text/template/parse`: spaces are tokens, because they separate arguments; a `-`
//! beside a delimiter trims the text next to it; a comment must touch its delimiters. A lexical error is the
//! last token, so that an earlier grammatical error is reported first.

use super::token::{Token, TokenKind};

const LEFT: &str = "{{";
const RIGHT: &str = "}}";
const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];

pub(super) fn tokens(template: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer {
        input: template,
        at: 0,
        parens: 0,
        tokens: Vec::new(),
    };
    if let Err(message) = lexer.text() {
        let start = lexer
            .tokens
            .last()
            .map_or(0, |token| token.start + token.text.len())
            .min(lexer.at);
        lexer.tokens.push(Token {
            kind: TokenKind::Error(message),
            start,
            text: "",
        });
    }
    lexer.tokens.push(Token {
        kind: TokenKind::End,
        start: template.len(),
        text: "",
    });
    lexer.tokens
}

struct Lexer<'t> {
    input: &'t str,
    at: usize,
    parens: usize,
    tokens: Vec<Token<'t>>,
}

type Lexed = Result<(), String>;

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        &self.input[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn accept(&mut self, valid: &str) -> bool {
        let found = self.peek().is_some_and(|c| valid.contains(c));
        if found {
            self.at += 1;
        }
        found
    }

    fn accept_run(&mut self, valid: &str) {
        while self.accept(valid) {}
    }

    fn emit(&mut self, kind: TokenKind, start: usize) {
        self.tokens.push(Token {
            kind,
            start,
            text: &self.input[start..self.at],
        });
    }

    /// The text outside actions, and the actions within it, to the end.
    fn text(&mut self) -> Lexed {
        loop {
            let start = self.at;
            let Some(found) = self.rest().find(LEFT) else {
                self.at = self.input.len();
                if self.at > start {
                    self.emit(TokenKind::Text, start);
                }
                return Ok(());
            };
            let delimiter = start + found;
            let trims = has_left_trim_marker(&self.input[delimiter + LEFT.len()..]);
            let text = &self.input[start..delimiter];
            let text = if trims {
                text.trim_end_matches(SPACES)
            } else {
                text
            };
            if !text.is_empty() {
                self.tokens.push(Token {
                    kind: TokenKind::Text,
                    start,
                    text,
                });
            }
            self.at = delimiter;
            self.action(trims)?;
        }
    }

    fn action(&mut self, trims: bool) -> Lexed {
        let start = self.at;
        let marker = if trims { 2 } else { 0 };
        if self.input[start + LEFT.len() + marker..].starts_with("/*") {
            self.at = start + LEFT.len() + marker;
            return self.comment();
        }
        self.at = start + LEFT.len();
        self.emit(TokenKind::LeftDelimiter, start);
        self.at += marker;
        self.parens = 0;
        loop {
            if self.at_right_delimiter().is_some() {
                if self.parens > 0 {
                    return Err("unclosed left paren".to_owned());
                }
                self.right_delimiter();
                return Ok(());
            }
            if self.inside()? {
                return Ok(());
            }
        }
    }

    fn comment(&mut self) -> Lexed {
        let Some(length) = self.rest()[2..].find("*/") else {
            return Err("unclosed comment".to_owned());
        };
        self.at += 2 + length + 2;
        let Some(trims) = self.at_right_delimiter() else {
            return Err("comment ends before closing delimiter".to_owned());
        };
        self.at += if trims { 2 } else { 0 } + RIGHT.len();
        if trims {
            self.skip_spaces();
        }
        Ok(())
    }

    /// Whether a right delimiter starts here, and if so, whether it trims.
    fn at_right_delimiter(&self) -> Option<bool> {
        let rest = self.rest();
        if let Some(after) = rest
            .strip_prefix(SPACES)
            .and_then(|after| after.strip_prefix('-'))
            && after.starts_with(RIGHT)
        {
            return Some(true);
        }
        rest.starts_with(RIGHT).then_some(false)
    }

    fn right_delimiter(&mut self) {
        let trims = self.at_right_delimiter() == Some(true);
        if trims {
            self.at += 2;
        }
        let start = self.at;
        self.at += RIGHT.len();
        self.emit(TokenKind::RightDelimiter, start);
        if trims {
            self.skip_spaces();
        }
    }

    fn skip_spaces(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches(SPACES).len();
    }

    /// One token inside an action. True when it was the action's right delimiter.
    fn inside(&mut self) -> Result<bool, String> {
        let start = self.at;
        let Some(c) = self.next() else {
            return Err("unclosed action".to_owned());
        };
        match c {
            c if SPACES.contains(&c) => return Ok(self.space(start)),
            '=' => self.emit(TokenKind::Assign, start),
            ':' if self.accept("=") => self.emit(TokenKind::Declare, start),
            ':' => return Err("expected :=".to_owned()),
            '|' => self.emit(TokenKind::Pipe, start),
            '"' => self.quoted(start, '"', TokenKind::Quoted, "unterminated quoted string")?,
            '\'' => self.quoted(
                start,
                '\'',
                TokenKind::CharConstant,
                "unterminated character constant",
            )?,
            '`' => self.raw_quoted(start)?,
            '$' => self.field_or_variable(start, &TokenKind::Variable)?,
            '.' if !self.peek().is_some_and(|c| c.is_ascii_digit()) => {
                self.field_or_variable(start, &TokenKind::Field)?;
            }
            '.' | '+' | '-' | '0'..='9' => self.number(start)?,
            c if is_alphanumeric(c) => self.identifier(start)?,
            '(' => {
                self.parens += 1;
                self.emit(TokenKind::LeftParen, start);
            }
            ')' if self.parens == 0 => return Err("unexpected right paren".to_owned()),
            ')' => {
                self.parens -= 1;
                self.emit(TokenKind::RightParen, start);
            }
            c if c.is_ascii_graphic() => self.emit(TokenKind::Character, start),
            c => return Err(format!("unrecognized character in action: {}", describe(c))),
        }
        Ok(false)
    }

    /// A run of spaces; the last one can belong to a trimming right delimiter.
    fn space(&mut self, start: usize) -> bool {
        self.skip_spaces();
        self.at -= 1;
        if self.at_right_delimiter() != Some(true) {
            self.at += 1;
        } else if self.at == start && self.parens == 0 {
            self.right_delimiter();
            return true;
        }
        if self.at > start {
            self.emit(TokenKind::Space, start);
        }
        false
    }

    fn quoted(&mut self, start: usize, quote: char, kind: TokenKind, unterminated: &str) -> Lexed {
        loop {
            match self.next() {
                Some('\\') if self.peek().is_some_and(|c| c != '\n') => {
                    self.next();
                }
                None | Some('\n' | '\\') => return Err(unterminated.to_owned()),
                Some(c) if c == quote => break,
                Some(_) => {}
            }
        }
        self.emit(kind, start);
        Ok(())
    }

    fn raw_quoted(&mut self, start: usize) -> Lexed {
        let Some(length) = self.rest().find('`') else {
            return Err("unterminated raw quoted string".to_owned());
        };
        self.at += length + 1;
        self.emit(TokenKind::RawQuoted, start);
        Ok(())
    }

    fn field_or_variable(&mut self, start: usize, kind: &TokenKind) -> Lexed {
        if self.at_terminator() {
            let alone = if *kind == TokenKind::Field {
                TokenKind::Dot
            } else {
                TokenKind::Variable
            };
            self.emit(alone, start);
            return Ok(());
        }
        self.word()?;
        self.emit(kind.clone(), start);
        Ok(())
    }

    fn identifier(&mut self, start: usize) -> Lexed {
        self.word()?;
        let kind = TokenKind::of_word(&self.input[start..self.at]);
        self.emit(kind, start);
        Ok(())
    }

    fn word(&mut self) -> Lexed {
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        if self.at_terminator() {
            return Ok(());
        }
        Err(format!(
            "bad character {}",
            self.peek().map_or_else(String::new, describe)
        ))
    }

    /// Whether a word may end here.
    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some(' ' | '\t' | '\r' | '\n' | '.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(_) => self.rest().starts_with(RIGHT),
        }
    }

    fn number(&mut self, start: usize) -> Lexed {
        self.at = start;
        self.accept("+-");
        let mut digits = "0123456789_";
        if self.accept("0") {
            if self.accept("xX") {
                digits = "0123456789abcdefABCDEF_";
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        self.accept_run(digits);
        if self.accept(".") {
            self.accept_run(digits);
        }
        let exponent = match digits.len() {
            11 => "eE",
            23 => "pP",
            _ => "",
        };
        if self.accept(exponent) {
            self.accept("+-");
            self.accept_run("0123456789_");
        }
        if self
            .peek()
            .is_some_and(|c| is_alphanumeric(c) || c == '+' || c == '-')
        {
            self.next();
            return Err(format!(
                "bad number syntax: {:?}",
                &self.input[start..self.at]
            ));
        }
        self.emit(TokenKind::Number, start);
        Ok(())
    }
}

fn has_left_trim_marker(after_delimiter: &str) -> bool {
    after_delimiter
        .strip_prefix('-')
        .is_some_and(|after| after.starts_with(SPACES))
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// A character as Go's `%#U` shows it: `U+0040 '@'`.
fn describe(c: char) -> String {
    if c.is_control() {
        format!("U+{:04X}", u32::from(c))
    } else {
        format!("U+{:04X} '{c}'", u32::from(c))
    }
}
