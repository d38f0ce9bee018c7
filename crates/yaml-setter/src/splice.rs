/// One replacement of bytes: what an edit comes down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Splice<'a> {
    /// Byte offset into the bytes before any splice.
    pub offset: usize,
    /// The bytes that must be there.
    pub old: &'a str,
    /// The bytes to put there.
    pub new: &'a str,
}

/// Why splices do not fit the bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpliceError {
    /// A splice reaches past the end.
    #[error(
        "edit at byte {offset} ends at byte {end}, past the end of the file at {length}; plan the file again"
    )]
    OutOfBounds {
        /// Where the splice begins.
        offset: usize,
        /// Where it would end.
        end: usize,
        /// How many bytes there are.
        length: usize,
    },
    /// A splice begins before the one ahead of it ends, or two begin at the same byte.
    #[error(
        "edit at byte {offset} begins before byte {expected}, where the edit ahead of it ends; sort the edits"
    )]
    Overlap {
        /// Where the splice begins.
        offset: usize,
        /// The first byte at which it could.
        expected: usize,
    },
    /// Other bytes stand where the old ones were expected.
    #[error("edit at byte {offset} expects {expected:?} and finds {found:?}; plan the file again")]
    Changed {
        /// Where the splice begins.
        offset: usize,
        /// The bytes it replaces.
        expected: String,
        /// The bytes that are there; broken UTF-8 is shown as U+FFFD.
        found: String,
    },
}

/// Applies splices, sorted by offset, to the bytes they were made from.
///
/// Nothing is written unless every splice fits: inside the bytes, in order, without overlap, and with its
/// `old` bytes in place.
///
/// ```
/// use yaml_setter::{Splice, splice};
///
/// let edit = Splice { offset: 3, old: "v1", new: "v2" };
/// assert_eq!(splice(b"a: v1 # tag", &[edit]).unwrap(), b"a: v2 # tag");
/// assert!(splice(b"a: v3 # tag", &[edit]).is_err());
/// ```
pub fn splice(bytes: &[u8], edits: &[Splice<'_>]) -> Result<Vec<u8>, SpliceError> {
    let growth: usize = edits.iter().map(|edit| edit.new.len()).sum();
    let mut result = Vec::with_capacity(bytes.len() + growth);
    let mut done = 0;
    for (number, edit) in edits.iter().enumerate() {
        let ahead = number.checked_sub(1).and_then(|ahead| edits.get(ahead));
        let kept = check(bytes, done, ahead, edit)?;
        result.extend_from_slice(kept);
        result.extend_from_slice(edit.new.as_bytes());
        done = edit.offset + edit.old.len();
    }
    result.extend_from_slice(bytes.get(done..).unwrap_or_default());
    Ok(result)
}

/// The bytes between the end of the splice ahead, at `done`, and this splice.
fn check<'b>(
    bytes: &'b [u8],
    done: usize,
    ahead: Option<&Splice<'_>>,
    edit: &Splice<'_>,
) -> Result<&'b [u8], SpliceError> {
    let offset = edit.offset;
    if offset < done || ahead.is_some_and(|ahead| ahead.offset == offset) {
        return Err(SpliceError::Overlap {
            offset,
            expected: done,
        });
    }
    let end = offset.saturating_add(edit.old.len());
    let (Some(kept), Some(found)) = (bytes.get(done..offset), bytes.get(offset..end)) else {
        let length = bytes.len();
        return Err(SpliceError::OutOfBounds {
            offset,
            end,
            length,
        });
    };
    if found != edit.old.as_bytes() {
        return Err(SpliceError::Changed {
            offset,
            expected: edit.old.to_owned(),
            found: String::from_utf8_lossy(found).into_owned(),
        });
    }
    Ok(kept)
}

#[cfg(test)]
mod tests;
