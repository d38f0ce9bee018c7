//! Regular expressions in Go's RE2 syntax.

mod chain;
mod class;
mod error;
mod escape;
mod parser;
mod repetition;

use std::fmt;

use regex_automata::Input;
use regex_automata::meta::{Cache, Config, Regex};
use regex_automata::util::primitives::NonMaxUsize;

use chain::Chain;
pub use error::{PatternError, SyntaxError};

/// Longest pattern, in bytes.
const MAX_PATTERN_BYTES: usize = 16 * 1024;
/// Most memory a compiled pattern may take, in bytes.
const MAX_COMPILED_BYTES: usize = 2 * 1024 * 1024;
/// Most classes such as `\pL` or `\p{Greek}`.
const MAX_UNICODE_CLASSES: usize = 500;

/// A regular expression that means what it means to Go's package `regexp`.
///
/// It is parsed by Go's rules and refused with Go's texts: `\d`, `\w`, `\s` and `\b` are about ASCII,
/// `&&` and `[` in a class are characters, `{,5}` is text, there is no look-around and no
/// back-reference. The engine underneath works in time linear to the text.
///
/// Besides Go's own limits a pattern has at most 16 KiB, 32 groups within each other, 500 classes such as
/// `\pL`, and 2 MiB compiled.
/// Beyond Go's syntax `\p{…}` also takes the four-letter codes of scripts.
///
/// ```
/// use tag_policy::Pattern;
///
/// assert!(Pattern::new(r"^sha256-[0-9a-f]+\.sig$")?.matches("sha256-0a1b.sig"));
/// let error = Pattern::new("(a").unwrap_err();
/// assert_eq!(error.to_string(), "error parsing regexp: missing closing ): `(a`");
/// # Ok::<(), tag_policy::PatternError>(())
/// ```
#[derive(Clone)]
pub struct Pattern {
    text: String,
    regex: Regex,
    /// Stands in for the engine where the pattern is simple enough.
    chain: Option<Chain>,
    /// The name of each capture group; group 0 is the whole match.
    group_names: Vec<Option<String>>,
}

/// Where the groups of one match start and end, as the engine reports it.
pub(crate) type Slots = [Option<NonMaxUsize>];

impl Pattern {
    /// Parses and compiles a pattern.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        if text.len() > MAX_PATTERN_BYTES {
            return Err(PatternError::TooLong);
        }
        if text.matches(r"\p").count() + text.matches(r"\P").count() > MAX_UNICODE_CLASSES {
            return Err(PatternError::TooManyClasses);
        }
        let parsed = parser::parse(text)?;
        let config = Config::new().nfa_size_limit(Some(MAX_COMPILED_BYTES));
        let regex = Regex::builder()
            .configure(config)
            .build_from_hir(&parsed.hir)
            .map_err(|_| PatternError::TooLarge)?;
        Ok(Self {
            text: text.to_owned(),
            regex,
            chain: Chain::new(&parsed.hir),
            group_names: parsed.group_names,
        })
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the pattern matches anywhere in a text.
    pub fn matches(&self, text: &str) -> bool {
        match &self.chain {
            Some(chain) => chain.find(text.as_bytes(), &mut []),
            None => self.regex.is_match(text),
        }
    }

    /// The names of the capture groups in the order of their opening; `None` for one without a name.
    pub fn group_names(&self) -> impl Iterator<Item = Option<&str>> {
        self.group_names.iter().skip(1).map(Option::as_deref)
    }

    /// The same with group 0, which is the whole match and has no name.
    pub(crate) fn all_group_names(&self) -> &[Option<String>] {
        &self.group_names
    }

    /// Working memory for searches; one serves any number of them.
    pub(crate) fn cache(&self) -> Cache {
        self.regex.create_cache()
    }

    /// Finds the leftmost match and the groups for which there are slots, two for each.
    pub(crate) fn find(&self, cache: &mut Cache, text: &str, slots: &mut Slots) -> bool {
        match &self.chain {
            Some(chain) => chain.find(text.as_bytes(), slots),
            None => self.find_by_engine(cache, text, slots),
        }
    }

    fn find_by_engine(&self, cache: &mut Cache, text: &str, slots: &mut Slots) -> bool {
        let input = Input::new(text).earliest(slots.is_empty());
        self.regex.search_slots_with(cache, &input, slots).is_some()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.text).finish()
    }
}

/// The part of a text that a group matched, if it took part in the match.
pub(crate) fn group<'t>(text: &'t str, slots: &Slots, index: usize) -> Option<&'t str> {
    let start = (*slots.get(2 * index)?)?.get();
    let end = (*slots.get(2 * index + 1)?)?.get();
    text.get(start..end)
}

#[cfg(test)]
mod tests;
