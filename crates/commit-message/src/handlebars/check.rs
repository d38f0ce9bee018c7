//! What a handlebars template must not hold: nesting that would exhaust the stack, and partials.

use handlebars::Template;
use handlebars::template::{HelperTemplate, TemplateElement};

use super::position;
use crate::error::{Error, Position};
use crate::limits::{Limit, MAX_NESTING, MAX_TAGS};

/// Bounds the number of tags, and the nesting of blocks, chains of `else`, parentheses and literals, before the
/// template is parsed: the parser recurses.
///
/// Where a tag ends must be certain for that. So a tag that holds `}}` within quotes or brackets is refused.
pub(super) fn tags(template: &str) -> Result<(), Error> {
    // The branches of each block that is open: those of a chain of `else` nest, too.
    let mut blocks: Vec<usize> = vec![0];
    let tags = Tags { template, at: 0 };
    for (count, (start, tag)) in tags.enumerate() {
        let at = || Position::of_offset(template, start);
        let Some(brackets) = bracket_depth(tag) else {
            return Err(Error::Parse {
                at: at(),
                problem: "quotes or brackets are not closed within the tag".to_owned(),
            });
        };
        let word = tag.trim_start();
        let is_else = word.starts_with("else") || word.starts_with('^');
        match word.chars().next() {
            Some('#') => blocks.push(0),
            Some('/') if blocks.len() > 1 => drop(blocks.pop()),
            _ if is_else => *blocks.last_mut().unwrap_or(&mut 0) += 1,
            _ => {}
        }
        let depth = blocks.len() - 1 + blocks.iter().sum::<usize>() + brackets;
        if depth > MAX_NESTING {
            return Err(Error::Limit {
                limit: Limit::Nesting,
                at: at(),
            });
        }
        if count == MAX_TAGS {
            return Err(Error::Limit {
                limit: Limit::Tags,
                at: at(),
            });
        }
    }
    Ok(())
}

/// The tags of a template: where each starts, and what is between its braces. Comments are empty tags.
struct Tags<'t> {
    template: &'t str,
    at: usize,
}

impl<'t> Iterator for Tags<'t> {
    type Item = (usize, &'t str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let start = self.at + self.template[self.at..].find("{{")?;
            let rest = &self.template[start..];
            if !is_escaped(&self.template[self.at..start]) {
                return Some((start, self.tag(start, rest)));
            }
            self.at = start + if rest.starts_with("{{{{") { 4 } else { 2 };
        }
    }
}

impl<'t> Tags<'t> {
    fn tag(&mut self, start: usize, rest: &'t str) -> &'t str {
        let inside = rest.trim_start_matches(['{', '~']);
        let comment_end = if inside.starts_with("!--") {
            inside.find("--}}")
        } else {
            None
        };
        let length = comment_end
            .or_else(|| inside.find("}}"))
            .unwrap_or(inside.len());
        self.at = start + rest.len() - inside.len() + length;
        if inside.starts_with('!') {
            ""
        } else {
            &inside[..length]
        }
    }
}

/// A single backslash before the braces makes them text; more are backslashes before a tag.
fn is_escaped(before: &str) -> bool {
    before.ends_with('\\') && !before.ends_with("\\\\")
}

/// How deep brackets nest within a tag. None if a bracket or a quoted text is not closed in it.
fn bracket_depth(tag: &str) -> Option<usize> {
    let (mut depth, mut deepest) = (0usize, 0);
    let mut chars = tag.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' | '\'' => quoted(&mut chars, c)?,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    (depth == 0).then_some(deepest)
}

/// Skips to the closing quote.
fn quoted(chars: &mut std::str::Chars<'_>, quote: char) -> Option<()> {
    loop {
        match chars.next()? {
            '\\' => drop(chars.next()),
            c if c == quote => return Some(()),
            _ => {}
        }
    }
}

/// Refuses partials and decorators, wherever they stand.
pub(super) fn elements(template: &Template) -> Result<(), Error> {
    for (element, mapping) in template.elements.iter().zip(&template.mapping) {
        let what = match element {
            TemplateElement::HelperBlock(block) => {
                branches(block).try_for_each(elements)?;
                continue;
            }
            TemplateElement::PartialExpression(_) | TemplateElement::PartialBlock(_) => "a partial",
            TemplateElement::DecoratorExpression(_) | TemplateElement::DecoratorBlock(_) => {
                "a decorator"
            }
            _ => continue,
        };
        return Err(Error::Refused {
            what: what.to_owned(),
            reason: "a commit message has one template",
            at: position(Some(mapping.0), Some(mapping.1)),
        });
    }
    Ok(())
}

fn branches(block: &HelperTemplate) -> impl Iterator<Item = &Template> {
    block.template.iter().chain(&block.inverse)
}
