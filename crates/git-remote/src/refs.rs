//! Lists of references, as servers send them.

use gix::{
    ObjectId,
    bstr::{BStr, ByteSlice as _},
};

use crate::{
    error::{At, Error},
    fault::Faults,
    session::RemoteRef,
};

/// What Git appends to the name of a tag for the line that tells what it points to.
const PEELED: &[u8] = b"^{}";

/// References read so far.
pub(crate) struct Listing {
    limit: usize,
    refs: Vec<RemoteRef>,
}

/// Why a line was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// One more than the limit.
    TooMany(usize),
    /// Not a reference: the line as it came.
    Malformed(String),
}

impl Problem {
    /// The error that a caller sees.
    pub(crate) fn into_error(self, at: At, faults: &Faults) -> Error {
        match self {
            Self::TooMany(limit) => Error::Limit {
                at,
                what: "a list of more references",
                limit: limit as u64,
            },
            Self::Malformed(line) => Error::Protocol {
                at,
                problem: format!(
                    "expected '<object id> <reference>', found '{}'",
                    faults.sanitise(&line)
                ),
            },
        }
    }
}

impl Listing {
    /// An empty list that takes at most `limit` references.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            refs: Vec::new(),
        }
    }

    /// Takes a line of a greeting (protocol v0 and v1): `<id> <name>`, tags followed by `<id> <name>^{}`.
    pub(crate) fn push_advertised(&mut self, line: &BStr) -> Result<(), Problem> {
        let line = line.trim_end();
        if line.starts_with(b"shallow ") || line.ends_with(b" capabilities^{}") {
            return Ok(());
        }
        let (id, name) = line.split_once_str(" ").ok_or_else(|| malformed(line))?;
        let id = object_id(id, line)?;
        if let Some(tag) = name.strip_suffix(PEELED) {
            let last = self
                .refs
                .last_mut()
                .filter(|last| last.name.as_bytes() == tag);
            last.ok_or_else(|| malformed(line))?.peeled = Some(id);
            return Ok(());
        }
        self.push(id, name, None)
    }

    /// Takes a line of `ls-refs` (protocol v2): `<id> <name>[ peeled:<id>][ symref-target:<name>]`.
    pub(crate) fn push_listed(&mut self, line: &BStr) -> Result<(), Problem> {
        let line = line.trim_end();
        let mut words = line.split(|byte| *byte == b' ');
        let (Some(id), Some(name)) = (words.next(), words.next()) else {
            return Err(malformed(line));
        };
        if id == b"unborn" {
            return Ok(());
        }
        let peeled = words
            .find_map(|word| word.strip_prefix(b"peeled:"))
            .map(|id| object_id(id, line));
        self.push(object_id(id, line)?, name, peeled.transpose()?)
    }

    fn push(
        &mut self,
        object: ObjectId,
        name: &[u8],
        peeled: Option<ObjectId>,
    ) -> Result<(), Problem> {
        // Alternates of the server (`.have`) have no name, and a name that is no text cannot be asked for.
        let Ok(name) = std::str::from_utf8(name) else {
            return Ok(());
        };
        if name == ".have" {
            return Ok(());
        }
        if self.refs.len() >= self.limit {
            return Err(Problem::TooMany(self.limit));
        }
        self.refs.push(RemoteRef {
            name: name.to_owned(),
            object,
            peeled,
        });
        Ok(())
    }

    /// The references, sorted by name.
    pub(crate) fn finish(mut self) -> Vec<RemoteRef> {
        self.refs.sort_by(|a, b| a.name.cmp(&b.name));
        self.refs
    }
}

fn object_id(hex: &[u8], line: &[u8]) -> Result<ObjectId, Problem> {
    ObjectId::from_hex(hex).map_err(|_| malformed(line))
}

fn malformed(line: &[u8]) -> Problem {
    Problem::Malformed(line.to_str_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1111111111111111111111111111111111111111";
    const OTHER: &str = "2222222222222222222222222222222222222222";

    fn advertised(lines: &[&str]) -> Result<Vec<RemoteRef>, Problem> {
        let mut listing = Listing::new(3);
        lines
            .iter()
            .try_for_each(|line| listing.push_advertised(line.as_bytes().as_bstr()))?;
        Ok(listing.finish())
    }

    fn id(hex: &str) -> ObjectId {
        ObjectId::from_hex(hex.as_bytes()).unwrap()
    }

    #[test]
    fn a_greeting_is_sorted_and_tags_are_peeled() {
        let refs = advertised(&[
            &format!("{ID} refs/tags/v1\n"),
            &format!("{OTHER} refs/tags/v1^{{}}\n"),
            &format!("{ID} refs/heads/main"),
            &format!("{ID} .have"),
            &format!("shallow {ID}"),
        ])
        .unwrap();
        let names: Vec<_> = refs.iter().map(|found| found.name.as_str()).collect();
        assert_eq!(names, ["refs/heads/main", "refs/tags/v1"]);
        assert_eq!(refs[1].commit(), id(OTHER));
        assert_eq!(refs[0].commit(), id(ID));
    }

    #[test]
    fn an_empty_repository_lists_nothing() {
        let none = "0000000000000000000000000000000000000000 capabilities^{}";
        assert_eq!(advertised(&[none]), Ok(vec![]));
    }

    #[test]
    fn a_listing_reads_its_attributes() {
        let mut listing = Listing::new(3);
        for line in [
            format!("{ID} HEAD symref-target:refs/heads/main"),
            format!("{ID} refs/tags/v1 peeled:{OTHER}\n"),
            "unborn refs/heads/x symref-target:refs/heads/x".to_owned(),
        ] {
            listing.push_listed(line.as_bytes().as_bstr()).unwrap();
        }
        let refs = listing.finish();
        assert_eq!(refs.len(), 2);
        assert_eq!(refs[0].peeled, None);
        assert_eq!(refs[1].peeled, Some(id(OTHER)));
    }

    #[test]
    fn lines_that_are_no_references_are_refused() {
        for line in [
            "",
            "refs/heads/main",
            "xyz refs/heads/main",
            &format!("{ID} refs/tags/v1^{{}}"),
        ] {
            assert!(
                matches!(advertised(&[line]), Err(Problem::Malformed(_))),
                "{line}"
            );
        }
    }

    #[test]
    fn more_references_than_the_limit_are_refused() {
        let lines: Vec<String> = (0..4).map(|i| format!("{ID} refs/heads/{i}")).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert_eq!(advertised(&lines), Err(Problem::TooMany(3)));
        assert!(advertised(&lines[..3]).is_ok());
    }
}
