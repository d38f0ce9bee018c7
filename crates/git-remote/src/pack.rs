//! Packs as streams: entry by entry, never whole.

use std::io::{self, BufRead, Read as _};

use gix_pack::data::{Entry, entry::Header};
use gix_zlib::{Decompress, FlushDecompress, Status};

/// Length of the header: signature, version, number of entries.
const HEADER_BYTES: usize = 12;
/// Length of an object id.
const ID_BYTES: usize = 20;

/// Reads a pack from its header to its last entry.
pub(crate) struct Entries<R> {
    source: Counted<R>,
    inflate: Decompress,
    left: u32,
}

/// An entry whose content has not been read yet.
pub(crate) struct Item {
    /// Where it starts; what a delta's distance counts from.
    pub(crate) offset: u64,
    /// What it is.
    pub(crate) header: Header,
    /// Bytes of the content: of the object, or of the delta.
    pub(crate) size: u64,
}

impl<R: BufRead> Entries<R> {
    /// Reads the header.
    pub(crate) fn new(source: R) -> io::Result<Self> {
        let mut source = Counted {
            inner: source,
            offset: 0,
        };
        let mut header = [0; HEADER_BYTES];
        source.read_exact(&mut header)?;
        let (_, left) = gix_pack::data::header::decode(&header)
            .map_err(|_| invalid("expected the header of a pack"))?;
        Ok(Self {
            source,
            inflate: Decompress::new(),
            left,
        })
    }

    /// The header of the next entry. The content of the one before must have been read.
    pub(crate) fn next(&mut self) -> io::Result<Option<Item>> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        let offset = self.source.offset;
        let entry = Entry::from_read(&mut self.source, offset, ID_BYTES)?;
        Ok(Some(Item {
            offset,
            header: entry.header,
            size: entry.decompressed_size,
        }))
    }

    /// Reads the content of the entry whose header was read last, in chunks.
    pub(crate) fn content(&mut self, size: u64, mut chunk: impl FnMut(&[u8])) -> io::Result<()> {
        let mut out = [0; 16 * 1024];
        let mut total = 0_u64;
        self.inflate.reset();
        loop {
            let (status, written) = self.step(&mut out)?;
            chunk(&out[..written]);
            total += written as u64;
            if total > size {
                return Err(invalid("an entry is longer than it says"));
            }
            if status == Status::StreamEnd {
                break;
            }
        }
        if total == size {
            Ok(())
        } else {
            Err(invalid("an entry is shorter than it says"))
        }
    }

    /// Reads the content of the entry whose header was read last.
    pub(crate) fn bytes(&mut self, size: usize) -> io::Result<Vec<u8>> {
        // One more byte than announced: the end of the stream shows only when there is room after the last one.
        let mut out = vec![0; size + 1];
        let mut total = 0;
        self.inflate.reset();
        loop {
            let (status, written) = self.step(&mut out[total..])?;
            total += written;
            if status == Status::StreamEnd {
                break;
            }
            if total > size {
                return Err(invalid("an entry is longer than it says"));
            }
        }
        if total != size {
            return Err(invalid("an entry is shorter than it says"));
        }
        out.truncate(size);
        Ok(out)
    }

    /// Inflates once. Every call makes progress or fails.
    fn step(&mut self, out: &mut [u8]) -> io::Result<(Status, usize)> {
        loop {
            let input = self.source.fill_buf()?;
            if input.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self
                .inflate
                .decompress(input, out, FlushDecompress::None)
                .map_err(|_| invalid("an entry is not compressed as it should be"))?;
            let read = to_usize(self.inflate.total_in() - before_in);
            let written = to_usize(self.inflate.total_out() - before_out);
            self.source.consume(read);
            if written > 0 || status == Status::StreamEnd {
                return Ok((status, written));
            }
            if read == 0 {
                return Err(invalid("an entry is longer than it says"));
            }
        }
    }
}

/// Counts what was read: entries refer to each other by distance.
struct Counted<R> {
    inner: R,
    offset: u64,
}

impl<R: BufRead> io::Read for Counted<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(bytes)?;
        self.offset += count as u64;
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.offset += amount as u64;
        self.inner.consume(amount);
    }
}

/// Applies a delta (format of Git's packs) to its base. `None`: it does not fit, or its result is over `limit`.
pub(crate) fn apply_delta(base: &[u8], delta: &[u8], limit: u64) -> Option<Vec<u8>> {
    let mut bytes = delta;
    let base_size = varint(&mut bytes)?;
    let result_size = varint(&mut bytes)?;
    if base_size != base.len() as u64 || result_size > limit {
        return None;
    }
    let result_size = usize::try_from(result_size).ok()?;
    let mut result = Vec::with_capacity(result_size);
    while let Some(command) = bytes.split_off_first() {
        let part = if command & 0x80 == 0 {
            bytes
                .split_off(..usize::from(*command))
                .filter(|part| !part.is_empty())?
        } else {
            let offset = operand(&mut bytes, *command, 4)?;
            let size = operand(&mut bytes, *command >> 4, 3)?;
            let size = if size == 0 { 0x1_0000 } else { size };
            base.get(offset..offset.checked_add(size)?)?
        };
        if result.len() + part.len() > result_size {
            return None;
        }
        result.extend_from_slice(part);
    }
    (result.len() == result_size).then_some(result)
}

/// A number of seven bits a byte, the lowest first.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..63).step_by(7) {
        let byte = *bytes.split_off_first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A number of up to `count` bytes, the lowest first; a bit of `present` says for each whether it is there.
fn operand(bytes: &mut &[u8], present: u8, count: u32) -> Option<usize> {
    let mut value = 0;
    for index in (0..count).filter(|index| present >> index & 1 == 1) {
        value |= usize::from(*bytes.split_off_first()?) << (8 * index);
    }
    Some(value)
}

fn invalid(problem: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

fn to_usize(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
