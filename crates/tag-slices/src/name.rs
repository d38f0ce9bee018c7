use api::names::{hash, suffixed};

/// Name of the slice that follows the tag `before`, which is empty for the first slice.
///
/// It depends on where a slice begins and not on what it holds, so that a slice keeps its name while it changes.
pub(crate) fn slice_name(repository: &str, before: &str) -> String {
    suffixed(repository, &hash(before))
}

/// The value of the label [`IMAGE_REPOSITORY`](api::labels::IMAGE_REPOSITORY) on the slices of a repository: its name, cut
/// and hashed where it is longer than a label may be.
pub fn label(repository: &str) -> String {
    api::labels::value(repository)
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
    fn a_label_has_at_most_63_bytes() {
        assert_eq!(label(&"a".repeat(63)), "a".repeat(63));
        assert_eq!(label(&"a".repeat(64)).len(), 63);
        assert_ne!(label(&"a".repeat(64)), label(&"a".repeat(65)));
    }
}
