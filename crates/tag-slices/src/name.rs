use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// The longest name of an object, in bytes.
const MAX_NAME: usize = 253;
/// The longest value of a label, in bytes.
const MAX_LABEL: usize = 63;
/// How many hex digits of a hash a name carries.
const HASH_DIGITS: usize = 10;

/// Name of the slice that follows the tag `before`, which is empty for the first slice.
///
/// It depends on where a slice begins and not on what it holds, so that a slice keeps its name while it changes.
pub(crate) fn slice_name(repository: &str, before: &str) -> String {
    let prefix = shortened(repository, MAX_NAME - HASH_DIGITS - 1);
    format!("{prefix}-{}", hash(before))
}

/// The value of the label [`IMAGE_REPOSITORY`](api::labels::IMAGE_REPOSITORY) on the slices of a repository: its name, cut
/// and hashed where it is longer than a label may be.
pub fn label(repository: &str) -> String {
    shortened(repository, MAX_LABEL)
}

/// `name`, which is ASCII as all names of objects are, or its beginning and its hash where it is longer than `limit`.
fn shortened(name: &str, limit: usize) -> String {
    if name.len() <= limit {
        return name.to_owned();
    }
    let kept: String = name.chars().take(limit - HASH_DIGITS - 1).collect();
    let beginning = kept.trim_end_matches(['.', '-']);
    format!("{beginning}-{}", hash(name))
}

fn hash(text: &str) -> String {
    let mut hex = HEXLOWER.encode(&Sha256::digest(text));
    hex.truncate(HASH_DIGITS);
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_after_which_tag_the_slice_begins() {
        assert_eq!(slice_name("podinfo", ""), "podinfo-e3b0c44298");
        assert_eq!(slice_name("app.v1", "1.0.0"), "app.v1-92521fc3cb");
    }

    #[test]
    fn long_names_stay_valid_and_distinct() {
        let long = |end: &str| format!("{}.{}{end}", "a".repeat(230), "b".repeat(21));
        let name = slice_name(&long("x"), "");
        assert_eq!(name.len(), 252, "the dot before the cut is left out");
        assert!(name.starts_with(&format!("{}-", "a".repeat(230))));
        assert_ne!(name, slice_name(&long("y"), ""));
    }

    #[test]
    fn a_label_has_at_most_63_bytes() {
        assert_eq!(label(&"a".repeat(63)), "a".repeat(63));
        assert_eq!(label(&"a".repeat(64)).len(), 63);
        assert_ne!(label(&"a".repeat(64)), label(&"a".repeat(65)));
    }
}
