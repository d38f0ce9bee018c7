//! Which image a hook is about.

/// How many tags of a hook count: nobody pushes as many at once, and each one is looked for among the others.
const MAX_TAGS: usize = 100;

/// The image that a hook names.
///
/// It says what the sender says: where Harbor calls itself by another name than the cluster does, so does this.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pushed {
    /// The host, with its port, of the registry. `None` where the sender does not tell it (Nexus): the repository is
    /// then that path in whichever registry the Receiver is about.
    pub registry: Option<String>,
    /// The path of the image within the registry, such as `library/alpine`.
    pub repository: String,
    /// The tags that the hook names, the first hundred of them; may be empty.
    pub tags: Vec<String>,
    /// The digest of the manifest, such as `sha256:6c3c…`, where the hook names it.
    pub digest: Option<String>,
}

impl Pushed {
    /// The image's name, `registry/repository`, as an ImageRepository writes it; `None` without a registry.
    pub fn image(&self) -> Option<String> {
        let registry = self.registry.as_deref()?;
        Some(format!("{registry}/{}", self.repository))
    }

    /// What a full reference names, with its host before the first slash: `host/path[:tag][@digest]`.
    pub(crate) fn parse(reference: &str) -> Option<Self> {
        let (name, digest) = match reference.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (reference, None),
        };
        let (registry, path) = name.split_once('/')?;
        let (repository, tag) = match path.split_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (path, None),
        };
        let named = Self::at(registry, repository)?;
        Some(named.with_tag(tag).with_digest(digest))
    }

    /// An image without tags; `None` if either part is missing.
    pub(crate) fn at(registry: &str, repository: &str) -> Option<Self> {
        let pushed = Self {
            registry: Some(registry.to_owned()).filter(|registry| !registry.is_empty()),
            repository: repository.to_owned(),
            ..Self::default()
        };
        Some(pushed).filter(|pushed| pushed.registry.is_some() && !repository.is_empty())
    }

    /// With one tag more, unless it is missing, empty or there already, or there are too many.
    pub(crate) fn with_tag(mut self, tag: Option<&str>) -> Self {
        if self.tags.len() == MAX_TAGS {
            return self;
        }
        let new = tag.filter(|tag| !tag.is_empty() && !self.tags.iter().any(|have| have == tag));
        self.tags.extend(new.map(str::to_owned));
        self
    }

    /// With a digest, unless it is missing or empty.
    pub(crate) fn with_digest(mut self, digest: Option<&str>) -> Self {
        let digest = digest.filter(|digest| !digest.is_empty());
        self.digest = digest.map(str::to_owned).or(self.digest);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(reference: &str) -> Option<(String, Vec<String>, Option<String>)> {
        let pushed = Pushed::parse(reference)?;
        Some((pushed.image()?, pushed.tags, pushed.digest))
    }

    #[test]
    fn a_reference_is_taken_apart() {
        let image = |tags: &[&str], digest: Option<&str>| {
            let tags = tags.iter().map(|&tag| tag.to_owned()).collect();
            Some(("host:5000/a/b".to_owned(), tags, digest.map(str::to_owned)))
        };
        let cases = [
            ("host:5000/a/b", image(&[], None)),
            ("host:5000/a/b:v1", image(&["v1"], None)),
            ("host:5000/a/b@sha256:00", image(&[], Some("sha256:00"))),
            (
                "host:5000/a/b:v1@sha256:00",
                image(&["v1"], Some("sha256:00")),
            ),
            ("host:5000/a/b:", image(&[], None)),
            ("alpine:3", None),
            ("host/:3", None),
            ("/a/b", None),
            ("", None),
        ];
        for (reference, expected) in cases {
            assert_eq!(parsed(reference), expected, "{reference:?}");
        }
    }
}
