use data_encoding::HEXLOWER;
use image_ref::Tags;
use sha2::{Digest as _, Sha256};

/// The `revision` of a list: `sha256:` and the hex digest over the tags in descending byte order, each followed by a
/// newline, as Flux's file store computes it. Equal lists have equal revisions.
///
/// ```
/// let tags = image_ref::Tags::default();
/// let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// assert_eq!(tag_slices::revision(&tags), empty);
/// ```
pub fn revision(tags: &Tags) -> String {
    let mut hasher = Sha256::new();
    let mut block = Vec::with_capacity(BLOCK_BYTES + 256);
    for bytes in tags.checksum_input() {
        block.extend_from_slice(bytes);
        if block.len() >= BLOCK_BYTES {
            hasher.update(&block);
            block.clear();
        }
    }
    hasher.update(&block);
    format!("sha256:{}", HEXLOWER.encode(&hasher.finalize()))
}

/// Tags are a few bytes each; hashed in blocks they cost a tenth.
const BLOCK_BYTES: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_over_descending_tags_with_newlines() {
        let tags = Tags::from_unsorted(["a", "c", "b"]).unwrap();
        let expected = HEXLOWER.encode(&Sha256::digest("c\nb\na\n"));
        assert_eq!(revision(&tags), format!("sha256:{expected}"));
    }

    #[test]
    fn blocks_do_not_show() {
        let tags: Vec<String> = (0..20_000).map(|n| format!("v{n:05}")).collect();
        let descending: Vec<&str> = tags.iter().rev().map(String::as_str).collect();
        let expected = HEXLOWER.encode(&Sha256::digest(descending.join("\n") + "\n"));
        let tags = Tags::from_unsorted(tags).unwrap();
        assert_eq!(revision(&tags), format!("sha256:{expected}"));
    }
}
