//! Files that the environment names: tokens and configurations.

use std::fs::File;
use std::io::{self, Read as _};

/// The most that is read of a file.
const FILE_BYTES: u64 = 1 << 20;

/// The whole file; one larger than a mebibyte is an error.
pub(super) fn read(path: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(FILE_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES {
        let text = format!("larger than {FILE_BYTES} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}

/// The same for reqsign.
#[derive(Debug)]
pub(super) struct Files;

impl reqsign::FileRead for Files {
    async fn file_read(&self, path: &str) -> reqsign::Result<Vec<u8>> {
        let path = path.to_owned();
        let read = tokio::task::spawn_blocking(move || read(&path)).await;
        let failed = |error: io::Error| {
            reqsign::Error::config_invalid("the file cannot be read").with_source(error)
        };
        read.map_err(|error| failed(io::Error::other(error)))?
            .map_err(failed)
    }
}
