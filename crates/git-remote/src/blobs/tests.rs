use std::io::Write as _;

use gix_zlib::{Compression, stream::deflate};

use super::*;

/// What a pack is made of.
enum Part<'a> {
    Blob(&'a [u8]),
    /// A delta of the entry with this index, and its result's size: all of the base but its first byte.
    Tail(usize),
    /// The same, by the id of the base.
    TailOf(ObjectId, usize),
}

fn id(content: &[u8]) -> ObjectId {
    gix::objs::compute_hash(gix::hash::Kind::Sha1, Kind::Blob, content).unwrap()
}

/// A delta that copies everything but the first byte of a base of `size` bytes (below 128).
fn tail(size: usize) -> Vec<u8> {
    let size = u8::try_from(size).unwrap();
    vec![size, size - 1, 0b1001_0001, 1, size - 1]
}

fn pack(parts: &[Part<'_>], base_sizes: &[usize]) -> Vec<u8> {
    let count = u32::try_from(parts.len()).unwrap();
    let mut bytes = gix_pack::data::header::encode(gix_pack::data::Version::V2, count).to_vec();
    let mut offsets = Vec::new();
    for part in parts {
        let offset = bytes.len() as u64;
        let (header, content) = match part {
            Part::Blob(content) => (Header::Blob, content.to_vec()),
            Part::Tail(base) => {
                let base_distance = offset - offsets[*base];
                (Header::OfsDelta { base_distance }, tail(base_sizes[*base]))
            }
            Part::TailOf(base_id, size) => (Header::RefDelta { base_id: *base_id }, tail(*size)),
        };
        offsets.push(offset);
        header.write_to(content.len() as u64, &mut bytes).unwrap();
        let mut writer = deflate::Write::new(&mut bytes, Compression::DEFAULT);
        writer.write_all(&content).unwrap();
        writer.flush().unwrap();
    }
    bytes
}

/// What came, what is still wanted, what was too large.
fn read(
    pack: &[u8],
    wanted: &[&[u8]],
    limit: u64,
    bases: usize,
) -> (Vec<String>, usize, Vec<Oversize>) {
    let mut came = Vec::new();
    let mut visit = |found: ObjectId, content: &[u8]| {
        assert_eq!(found, id(content));
        came.push(String::from_utf8_lossy(content).into_owned());
        Ok(())
    };
    let mut receiver = Receiver {
        kind: Kind::Blob,
        wanted: wanted.iter().map(|content| id(content)).collect(),
        oversize: Vec::new(),
        limit,
        visit: &mut visit,
    };
    receiver.read_with(pack, Bases::new(bases)).unwrap();
    let (left, oversize) = (receiver.wanted.len(), receiver.oversize);
    (came, left, oversize)
}

#[test]
fn wanted_blobs_come_once_and_others_not_at_all() {
    let pack = pack(
        &[Part::Blob(b"one"), Part::Blob(b"two"), Part::Blob(b"one")],
        &[],
    );
    let (came, left, _) = read(&pack, &[b"one", b"three"], 100, 100);
    assert_eq!((came, left), (vec!["one".to_owned()], 1));
}

#[test]
fn deltas_of_deltas_are_resolved() {
    let parts = [
        Part::Blob(b"abcdef"),
        Part::Tail(0),
        Part::Tail(1),
        Part::TailOf(id(b"cdef"), 4),
    ];
    let pack = pack(&parts, &[6, 5, 4]);
    let (came, left, _) = read(&pack, &[b"bcdef", b"cdef", b"def"], 100, 100);
    assert_eq!(
        (came, left),
        (vec!["bcdef".into(), "cdef".into(), "def".into()], 0)
    );
}

#[test]
fn a_delta_whose_base_was_dropped_stays_wanted() {
    let parts = [
        Part::Blob(b"abcdef"),
        Part::Blob(b"0123456789"),
        Part::Tail(0),
    ];
    let pack = pack(&parts, &[6]);
    let wanted: [&[u8]; 3] = [b"abcdef", b"0123456789", b"bcdef"];
    assert_eq!(read(&pack, &wanted, 100, 15).1, 1);
    assert_eq!(read(&pack, &wanted, 100, 16).1, 0);
}

#[test]
fn blobs_over_the_limit_are_named_and_skipped() {
    let parts = [
        Part::Blob(b"too large"),
        Part::Blob(b"small"),
        Part::Tail(0),
    ];
    let pack = pack(&parts, &[9]);
    let wanted: [&[u8]; 3] = [b"too large", b"small", b"oo large"];
    let (came, left, oversize) = read(&pack, &wanted, 8, 100);
    assert_eq!(
        (came, left),
        (vec!["small".to_owned()], 1),
        "the delta has no base"
    );
    assert_eq!(
        oversize,
        [Oversize {
            id: id(b"too large"),
            bytes: 9
        }]
    );
}

#[test]
fn a_delta_of_nothing_stays_wanted() {
    let lost = Part::TailOf(id(b"elsewhere"), 9);
    let (came, left, _) = read(&pack(&[lost], &[]), &[b"lsewhere"], 100, 100);
    assert!(came.is_empty());
    assert_eq!(left, 1);
}
