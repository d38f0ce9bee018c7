use std::collections::BTreeSet;

use yaml_rust2::scanner::TScalarStyle;

use crate::attach::Attachment;
use crate::comment::{self, Reading, SetterKey};
use crate::finding::{Finding, NeverAMarker, Problem};
use crate::layout::{Layout, Scalar};
use crate::marker::{Marker, ObjectId, PolicyName};
use crate::pieces::{Kind, Piece};
use crate::screen::{TOKEN, may_hold_marker};
use crate::setters::Setters;
use crate::source::Source;
use crate::splice::Splice;
use crate::{walk, write};

/// The most markers, good and bad, that are read of one file.
const MAX_MARKERS: usize = 10_000;

/// One change: at `offset`, the bytes of `old` become `new`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Byte offset into the file.
    pub offset: usize,
    /// The bytes there now, quotes included.
    pub old: String,
    /// The bytes to put there.
    pub new: String,
    /// 1-based line on which the value begins.
    pub line: usize,
    /// The object the value belongs to.
    pub object: ObjectId,
    /// Path of the value in the object: `.spec.template.spec.containers[0].image`.
    pub field: String,
    /// The marker's setter key.
    pub setter: String,
    /// The value now, decoded.
    pub old_value: String,
    /// The value that the setter stands for.
    pub new_value: String,
}

impl Edit {
    /// The change of bytes alone.
    pub fn splice(&self) -> Splice<'_> {
        Splice {
            offset: self.offset,
            old: &self.old,
            new: &self.new,
        }
    }
}

/// What a file says, and what is to change in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileEdits {
    /// The changes, in order of their offsets, without overlap. Empty where every value is up to date.
    pub edits: Vec<Edit>,
    /// What keeps a marker or the file from being applied, in order of position.
    pub findings: Vec<Finding>,
    /// Every well-formed marker on a scalar value, in order of position, whether or not its policy is known.
    pub markers: Vec<Marker>,
}

/// Finds the markers of a file and the edits that bring the marked values up to date.
///
/// A file that does not hold the text `"$imagepolicy"` is not parsed. A file that cannot be parsed, or that
/// Flux skips as a whole, has one finding and nothing else. A marked value that already says what its setter
/// stands for is left as it is written.
pub fn edit(bytes: &[u8], setters: &Setters) -> FileEdits {
    let mut edits = FileEdits::default();
    if !may_hold_marker(bytes) {
        return edits;
    }
    let parsed =
        Source::new(bytes).and_then(|source| walk::layout(&source).map(|layout| (source, layout)));
    match parsed {
        Ok((source, layout)) => Pass {
            source: &source,
            layout: &layout,
            setters,
            edits: &mut edits,
        }
        .run(),
        Err(finding) => edits.findings.push(finding),
    }
    edits
}

/// The policies that the markers of a file name: what a file depends on, to be remembered by its content.
pub fn policies(bytes: &[u8]) -> BTreeSet<PolicyName> {
    let markers = edit(bytes, &Setters::new()).markers;
    markers.into_iter().map(|marker| marker.policy).collect()
}

struct Pass<'p, 'a> {
    source: &'p Source<'a>,
    layout: &'p Layout,
    setters: &'p Setters,
    edits: &'p mut FileEdits,
}

impl Pass<'_, '_> {
    fn run(mut self) {
        let attachment = Attachment {
            source: self.source,
            layout: self.layout,
        };
        let takers = attachment.takers();
        let mut markers = 0;
        for (at, piece) in self.layout.pieces.iter().enumerate() {
            if piece.kind != Kind::Comment {
                continue;
            }
            let text = self
                .source
                .text
                .get(piece.start..piece.end)
                .unwrap_or_default();
            let reading = comment::read(text, self.is_own_line(piece.start));
            markers += usize::from(reading != Reading::Prose);
            if markers > MAX_MARKERS {
                self.find(piece.start, Problem::TooManyMarkers(MAX_MARKERS));
                break;
            }
            match (reading, takers[at]) {
                (Reading::Prose, _) => {}
                (Reading::Broken(problem), _) => self.find(piece.start, problem),
                (Reading::Marker(_), None) => {
                    self.find(
                        piece.start,
                        Problem::MarkerNotOnScalar(attachment.place(at)),
                    );
                }
                (Reading::Marker(key), Some(scalar)) => self.apply(piece.start, key, scalar),
            }
        }
        if let Some(at) = self.token_in_value() {
            self.find(at, Problem::NeverAMarker(NeverAMarker::Blank));
        }
        self.edits.edits.sort_by_key(|edit| edit.offset);
        self.edits
            .findings
            .sort_by_key(|finding| (finding.line, finding.column));
    }

    /// The first `value# {…}`: without a blank before the `#` this is all one plain value.
    fn token_in_value(&self) -> Option<usize> {
        let pieces = &self.layout.pieces;
        let mut tokens = self.source.text.match_indices(TOKEN).map(|(at, _)| at);
        tokens.find(|at| {
            let behind = pieces.partition_point(|piece| piece.start <= *at);
            let piece = behind.checked_sub(1).map(|number| pieces[number]);
            matches!(piece, Some(Piece { kind: Kind::Scalar(number), end, .. })
                if *at < end && self.layout.scalars[number].style == TScalarStyle::Plain)
        })
    }

    fn is_own_line(&self, at: usize) -> bool {
        let before = self.source.text.get(self.source.line_start(at)..at);
        before.is_some_and(|before| before.trim_start().is_empty())
    }

    fn find(&mut self, at: usize, problem: Problem) {
        self.edits.findings.push(self.source.finding(at, problem));
    }

    /// Applies a marker to the scalar that takes it.
    fn apply(&mut self, comment: usize, key: SetterKey, number: usize) {
        let scalar = &self.layout.scalars[number];
        let value = scalar.value(self.source);
        let (object, field) = self.layout.address(self.source, number);
        let marker = Marker {
            setter: key.text,
            policy: key.policy,
            part: key.part,
            line: self.source.line(scalar.token.start),
            value,
            object,
            field,
        };
        match self.setters.value(&marker.setter) {
            None => self.find(comment, Problem::UnknownPolicy(marker.policy.clone())),
            Some(wanted) if write::says(scalar.style, &marker.value, wanted) => {}
            Some(wanted) => match foreign_tag(scalar) {
                Some(tag) => self.find(scalar.token.start, Problem::NotAString(tag)),
                None => self.change(scalar, &marker, wanted),
            },
        }
        self.edits.markers.push(marker);
    }

    fn change(&mut self, scalar: &Scalar, marker: &Marker, wanted: &str) {
        let replacement = write::replacement(self.source, scalar, wanted);
        let old = self
            .source
            .text
            .get(replacement.range.clone())
            .unwrap_or_default();
        self.edits.edits.push(Edit {
            offset: self.source.in_file(replacement.range.start),
            old: old.to_owned(),
            new: replacement.text,
            line: marker.line,
            object: marker.object.clone(),
            field: marker.field.clone(),
            setter: marker.setter.clone(),
            old_value: marker.value.clone(),
            new_value: wanted.to_owned(),
        });
    }
}

/// The short form of an explicit tag of YAML's own that says the scalar is not a string.
fn foreign_tag(scalar: &Scalar) -> Option<String> {
    let kind = scalar.tag.as_deref()?.strip_prefix("tag:yaml.org,2002:")?;
    (kind != "str").then(|| format!("!!{kind}"))
}
