use std::io::Write as _;

use gix_zlib::{Compression, stream::deflate};
use proptest::prelude::*;

use super::*;

fn deflated(content: &[u8]) -> Vec<u8> {
    let mut writer = deflate::Write::new(Vec::new(), Compression::DEFAULT);
    writer.write_all(content).unwrap();
    writer.flush().unwrap();
    writer.into_inner()
}

/// A pack of blobs, without the checksum at its end.
fn pack(blobs: &[&[u8]]) -> Vec<u8> {
    let count = u32::try_from(blobs.len()).unwrap();
    let mut bytes = gix_pack::data::header::encode(gix_pack::data::Version::V2, count).to_vec();
    for blob in blobs {
        Header::Blob
            .write_to(blob.len() as u64, &mut bytes)
            .unwrap();
        bytes.extend(deflated(blob));
    }
    bytes
}

/// Every entry of a pack.
fn read(bytes: &[u8]) -> io::Result<Vec<Vec<u8>>> {
    let mut entries = Entries::new(bytes)?;
    let mut found = Vec::new();
    while let Some(item) = entries.next()? {
        found.push(entries.bytes(to_usize(item.size))?);
    }
    Ok(found)
}

/// A delta that copies and inserts.
#[derive(Clone, Debug)]
enum Step {
    Copy(usize, usize),
    Insert(Vec<u8>),
}

fn varint_of(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
    bytes
}

/// The delta of some steps, and what it makes of `base`.
fn delta(base: &[u8], steps: &[Step]) -> (Vec<u8>, Vec<u8>) {
    let (mut commands, mut result) = (Vec::new(), Vec::new());
    for step in steps {
        match step {
            Step::Insert(bytes) => {
                commands.push(u8::try_from(bytes.len()).unwrap());
                commands.extend(bytes);
                result.extend(bytes);
            }
            Step::Copy(offset, size) => {
                commands.push(0b1111_1111);
                commands.extend(&u32::try_from(*offset).unwrap().to_le_bytes());
                commands.extend(&u32::try_from(*size).unwrap().to_le_bytes()[..3]);
                result.extend(&base[*offset..*offset + *size]);
            }
        }
    }
    let mut bytes = varint_of(base.len());
    bytes.extend(varint_of(result.len()));
    bytes.extend(commands);
    (bytes, result)
}

fn steps(base: usize) -> impl Strategy<Value = Vec<Step>> {
    let copy = (0..base).prop_flat_map(move |offset| {
        (1..=base - offset).prop_map(move |size| Step::Copy(offset, size))
    });
    let insert = proptest::collection::vec(any::<u8>(), 1..127).prop_map(Step::Insert);
    proptest::collection::vec(prop_oneof![copy, insert], 0..20)
}

proptest! {
    #[test]
    fn what_was_packed_is_read(blobs in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..400), 0..8)) {
        let blobs: Vec<&[u8]> = blobs.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(read(&pack(&blobs)).unwrap(), blobs);
    }

    #[test]
    fn a_pack_that_ends_early_is_an_error(cut in 0_usize..50) {
        let whole = pack(&[b"first", b"second, somewhat longer"]);
        let cut = cut.min(whole.len() - 1);
        prop_assert!(read(&whole[..cut]).is_err());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut pack = gix_pack::data::header::encode(gix_pack::data::Version::V2, 3).to_vec();
        pack.extend(&bytes);
        let mut entries = Entries::new(pack.as_slice()).unwrap();
        while let Ok(Some(item)) = entries.next() {
            if item.size > 1 << 20 || entries.content(item.size, |_| ()).is_err() {
                break;
            }
        }
    }

    #[test]
    fn deltas_copy_and_insert(steps in steps(300), base in proptest::collection::vec(any::<u8>(), 300)) {
        let (delta, result) = delta(&base, &steps);
        prop_assert_eq!(apply_delta(&base, &delta, 1 << 20), Some(result.clone()));
        prop_assert_eq!(apply_delta(&base[1..], &delta, 1 << 20), None, "another base");
        if !result.is_empty() {
            prop_assert_eq!(apply_delta(&base, &delta, result.len() as u64 - 1), None, "over the limit");
        }
    }

    #[test]
    fn no_bytes_make_a_delta_panic(base in proptest::collection::vec(any::<u8>(), 0..50), delta in proptest::collection::vec(any::<u8>(), 0..50)) {
        if let Some(result) = apply_delta(&base, &delta, 1000) {
            prop_assert!(result.len() <= 1000);
        }
    }
}

#[test]
fn an_entry_that_lies_about_its_size_is_an_error() {
    for (said, content) in [(4, &b"12345"[..]), (6, b"12345"), (0, b"1")] {
        let mut bytes = gix_pack::data::header::encode(gix_pack::data::Version::V2, 1).to_vec();
        Header::Blob.write_to(said, &mut bytes).unwrap();
        bytes.extend(deflated(content));
        assert!(read(&bytes).is_err(), "{said}");
        let mut entries = Entries::new(bytes.as_slice()).unwrap();
        let item = entries.next().unwrap().unwrap();
        assert!(entries.content(item.size, |_| ()).is_err(), "{said}");
    }
}

#[test]
fn what_is_no_pack_is_an_error() {
    for bytes in [
        &b""[..],
        b"PACK",
        b"<html><body>no",
        b"PACK\0\0\0\x09\0\0\0\x01",
    ] {
        assert!(Entries::new(bytes).is_err());
    }
}
