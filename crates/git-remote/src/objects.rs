//! New objects, in memory and as a pack.

use gix::{ObjectId, objs::Kind};
use gix_pack::data::output;
use gix_zlib::Compression;

use crate::error::{Cause, Error};

/// An object that is held in memory.
pub(crate) type Object = (ObjectId, Kind, Vec<u8>);

/// The id of an object.
pub(crate) fn id_of(kind: Kind, content: &[u8]) -> Result<ObjectId, Cause> {
    gix::objs::compute_hash(gix::hash::Kind::Sha1, kind, content).map_err(Into::into)
}

/// The id that a blob of this content has.
pub fn blob_id(content: &[u8]) -> Result<ObjectId, Error> {
    id_of(Kind::Blob, content).map_err(|source| Error::WriteObject { source })
}

/// A pack of these objects, without deltas.
pub(crate) fn encode(objects: &[Object], compression: Compression) -> Result<Vec<u8>, Cause> {
    let count = u32::try_from(objects.len())?;
    let entries = objects
        .iter()
        .map(|object| entry(object, compression).map(|entry| vec![entry]));
    let mut pack = output::bytes::FromEntriesIter::new(
        entries,
        Vec::new(),
        count,
        gix_pack::data::Version::V2,
        gix::hash::Kind::Sha1,
    );
    for written in pack.by_ref() {
        written?;
    }
    Ok(pack.into_write())
}

fn entry((id, kind, data): &Object, compression: Compression) -> gix::error::Result<output::Entry> {
    let object = gix::objs::Data {
        kind: *kind,
        object_hash: gix::hash::Kind::Sha1,
        data,
    };
    output::Entry::from_data(&output::Count::from_data(*id, None), &object, compression)
}
