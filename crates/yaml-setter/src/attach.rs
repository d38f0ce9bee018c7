use crate::finding::Place;
use crate::layout::{Layout, Role, Scalar};
use crate::pieces::{Kind, Piece};
use crate::source::Source;

/// Says which comment belongs to which scalar value, as Flux (yaml.v3 under kyaml) does.
///
/// A value takes the comment on its own line. Without one it takes the comment above it: above the dash of
/// a sequence item, or between a key and a value that stands on a later line. Two comments that compete for
/// the same place cancel each other.
pub(crate) struct Attachment<'l, 'a> {
    pub(crate) source: &'l Source<'a>,
    pub(crate) layout: &'l Layout,
}

/// How many comments in a row are looked through for what they may stand above, when no value takes them.
const MAX_COMMENTS: usize = 100;

impl Attachment<'_, '_> {
    /// For each piece that is a comment, the scalar that takes it.
    pub(crate) fn takers(&self) -> Vec<Option<usize>> {
        let mut takers = vec![None; self.layout.pieces.len()];
        for (number, scalar) in self.layout.scalars.iter().enumerate() {
            if let Some(comment) = self.comment_of(scalar) {
                takers[comment] = Some(number);
            }
        }
        takers
    }

    /// The piece of the one comment that counts for this scalar.
    fn comment_of(&self, scalar: &Scalar) -> Option<usize> {
        if !matches!(scalar.slot.role, Role::Value | Role::Item) {
            return None;
        }
        match self.line_comments(scalar)[..] {
            [] => sole(&self.head_comments(scalar)),
            [comment] => Some(comment),
            _ => None,
        }
    }

    /// Where a comment stands that no scalar value takes.
    pub(crate) fn place(&self, comment: usize) -> Place {
        let comma = comment
            .checked_sub(1)
            .filter(|before| self.kind(*before) == Kind::Comma);
        let before = comma.unwrap_or(comment).checked_sub(1);
        let behind = before.filter(|before| self.same_line(*before, comment));
        match behind.map(|before| self.kind(before)) {
            Some(Kind::Scalar(number)) if self.is_key(number) => Place::Key,
            Some(Kind::Scalar(_)) => Place::SeveralComments,
            Some(Kind::Colon | Kind::Question) => Place::Key,
            Some(Kind::Open | Kind::Close) => Place::Collection,
            Some(Kind::Alias) => Place::Alias,
            Some(Kind::Separator) => Place::Document,
            Some(_) => Place::Nothing,
            None => self.place_above(comment),
        }
    }

    /// Where a comment on a line of its own stands, by what follows it.
    fn place_above(&self, comment: usize) -> Place {
        let nearby = self.layout.pieces.iter().skip(comment).take(MAX_COMMENTS);
        let below = nearby
            .map(|piece| piece.kind)
            .find(|kind| *kind != Kind::Comment);
        match below {
            Some(Kind::Question) => Place::Key,
            Some(Kind::Scalar(number)) if self.is_key(number) => Place::Key,
            Some(Kind::Scalar(_)) => Place::SeveralComments,
            Some(Kind::Open) => Place::Collection,
            _ => Place::Nothing,
        }
    }

    fn is_key(&self, scalar: usize) -> bool {
        self.layout.scalars[scalar].slot.role == Role::Key
    }

    /// The comments on the line of the scalar's end, behind the comma after it, and behind its anchor or tag.
    fn line_comments(&self, scalar: &Scalar) -> Vec<usize> {
        let mut found = Vec::new();
        let properties = self.properties(scalar);
        for at in properties..scalar.piece {
            if self.kind(at) == Kind::Comment && at > properties && self.same_line(at - 1, at) {
                found.push(at);
            }
        }
        let next = scalar.piece + 1;
        if self.is_comment(next) && self.same_line(scalar.piece, next) {
            found.push(next);
        }
        if scalar.in_flow {
            let comma = (next..self.layout.pieces.len())
                .find(|at| !self.is_comment(*at))
                .unwrap_or(next);
            let is_comma = self
                .piece(comma)
                .is_some_and(|piece| piece.kind == Kind::Comma);
            if is_comma && self.is_comment(comma + 1) && self.same_line(comma, comma + 1) {
                found.push(comma + 1);
            }
        }
        found
    }

    /// The comments above the scalar that are its own.
    fn head_comments(&self, scalar: &Scalar) -> Vec<usize> {
        let start = self.properties(scalar);
        let mut found: Vec<usize> = (start..scalar.piece)
            .filter(|at| self.is_comment(*at))
            .collect();
        let above = self.comments_before(start);
        match (scalar.in_flow, scalar.slot.role) {
            (false, Role::Item) => {
                let dash = above.start.saturating_sub(1);
                found.extend(self.comments_below_dash(dash, start));
                found.extend(self.comments_above_dash(scalar, dash));
            }
            (false, _) => found.extend(self.below_line_of(above)),
            (true, Role::Item) => {
                let comma = above.start.saturating_sub(1);
                found.extend(self.below_line_of(above));
                if self.kind(comma) == Kind::Comma {
                    found.extend(self.below_line_of(self.comments_before(comma)));
                }
            }
            (true, _) => found.extend(above),
        }
        found
    }

    /// The comments between a dash and what follows it. The one on the dash's line counts in any case.
    fn comments_below_dash(&self, dash: usize, next: usize) -> Vec<usize> {
        let all = dash + 1..next;
        let mut heads = self.below_line_of(all.clone());
        let on_line = all.len() - heads.len();
        self.drop_foot(dash, next, &mut heads);
        all.take(on_line).chain(heads).collect()
    }

    /// The comments above a dash, without one that is the last line of the item before.
    fn comments_above_dash(&self, scalar: &Scalar, dash: usize) -> Vec<usize> {
        let above = self.comments_before(dash);
        let Some(before) = above.start.checked_sub(1).filter(|_| !above.is_empty()) else {
            return above.collect();
        };
        match self.kind(before) {
            // The dash of the sequence around this one.
            Kind::Dash if self.column(before) < self.column(dash) => above.collect(),
            // The anchor or tag of the sequence.
            Kind::Anchor | Kind::Tag => above.collect(),
            // An empty item above: the comment may be meant for it.
            Kind::Dash => Vec::new(),
            Kind::Colon => self.below_line_of(above),
            _ => {
                let mut heads = self.below_line_of(above.clone());
                self.drop_foot(before, dash, &mut heads);
                let column = self.column(dash);
                let aligned = |at: &usize| self.column(*at) == column;
                if scalar.slot.after_block && !heads.iter().all(aligned) {
                    heads.clear();
                }
                heads
            }
        }
    }

    /// Drops the first comments where they follow the value above without a blank line, and a blank line
    /// follows them: they are the foot of that value.
    fn drop_foot(&self, value: usize, next: usize, heads: &mut Vec<usize>) {
        let Some(first) = heads.first().copied() else {
            return;
        };
        if self.blank_line_between(first.saturating_sub(1).max(value), first) {
            return;
        }
        let followers = heads.iter().skip(1).copied().chain([next]);
        let gap = heads
            .iter()
            .copied()
            .zip(followers)
            .position(|(at, next)| self.blank_line_between(at, next));
        if let Some(gap) = gap {
            heads.drain(..=gap);
        }
    }

    /// The first piece of the scalar's anchor and tag, or the scalar itself. Comments may lie in between.
    fn properties(&self, scalar: &Scalar) -> usize {
        let mut first = scalar.piece;
        let mut at = scalar.piece;
        while let Some(before) = at.checked_sub(1) {
            match self.kind(before) {
                Kind::Anchor | Kind::Tag => first = before,
                Kind::Comment => {}
                _ => break,
            }
            at = before;
        }
        first
    }

    /// The comments that lie directly before a piece.
    fn comments_before(&self, at: usize) -> std::ops::Range<usize> {
        let mut first = at;
        while first > 0 && self.is_comment(first - 1) {
            first -= 1;
        }
        first..at
    }

    /// The comments without the one that stands on the line of the piece before them.
    fn below_line_of(&self, mut comments: std::ops::Range<usize>) -> Vec<usize> {
        let before = comments.start.checked_sub(1);
        if !comments.is_empty()
            && before.is_some_and(|before| self.same_line(before, comments.start))
        {
            comments.start += 1;
        }
        comments.collect()
    }

    fn piece(&self, at: usize) -> Option<&Piece> {
        self.layout.pieces.get(at)
    }

    fn kind(&self, at: usize) -> Kind {
        self.layout.pieces[at].kind
    }

    fn is_comment(&self, at: usize) -> bool {
        self.piece(at)
            .is_some_and(|piece| piece.kind == Kind::Comment)
    }

    fn column(&self, at: usize) -> usize {
        let start = self.layout.pieces[at].start;
        start - self.source.line_start(start)
    }

    fn between(&self, before: usize, after: usize) -> &str {
        let range = self.layout.pieces[before].end..self.layout.pieces[after].start;
        self.source.text.get(range).unwrap_or_default()
    }

    fn same_line(&self, before: usize, after: usize) -> bool {
        !self.between(before, after).contains(['\n', '\r'])
    }

    fn blank_line_between(&self, before: usize, after: usize) -> bool {
        let breaks = self.between(before, after).replace("\r\n", "\n");
        breaks
            .bytes()
            .filter(|byte| matches!(byte, b'\n' | b'\r'))
            .count()
            > 1
    }
}

fn sole(comments: &[usize]) -> Option<usize> {
    match comments {
        [comment] => Some(*comment),
        _ => None,
    }
}
