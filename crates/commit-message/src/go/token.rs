//! The tokens of a Go template.

/// A piece of the template: `text` starts at byte `start`.
#[derive(Clone, Debug)]
pub(super) struct Token<'t> {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) text: &'t str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Text,
    LeftDelimiter,
    RightDelimiter,
    Space,
    Assign,
    Declare,
    Pipe,
    LeftParen,
    RightParen,
    /// A printable ASCII character without a meaning of its own, such as `,`.
    Character,
    Dot,
    Nil,
    Bool,
    Number,
    CharConstant,
    Quoted,
    RawQuoted,
    /// `.Name`
    Field,
    /// `$` or `$name`
    Variable,
    Identifier,
    Keyword(Keyword),
    Error(String),
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

impl TokenKind {
    /// What a word stands for that begins with no sign of its own.
    pub(super) fn of_word(word: &str) -> Self {
        match word {
            "block" => Self::Keyword(Keyword::Block),
            "break" => Self::Keyword(Keyword::Break),
            "continue" => Self::Keyword(Keyword::Continue),
            "define" => Self::Keyword(Keyword::Define),
            "else" => Self::Keyword(Keyword::Else),
            "end" => Self::Keyword(Keyword::End),
            "if" => Self::Keyword(Keyword::If),
            "range" => Self::Keyword(Keyword::Range),
            "template" => Self::Keyword(Keyword::Template),
            "with" => Self::Keyword(Keyword::With),
            "nil" => Self::Nil,
            "true" | "false" => Self::Bool,
            _ => Self::Identifier,
        }
    }
}
