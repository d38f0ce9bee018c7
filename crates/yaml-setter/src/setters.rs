use std::collections::HashMap;

/// The image a policy selected: what its setters write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatestImage<'a> {
    /// Image name as the policy's repository writes it, without tag or digest: `ghcr.io/org/app`.
    pub name: &'a str,
    /// The selected tag: `5.0.3`.
    pub tag: &'a str,
    /// The digest of the tag, `sha256:…`, when the policy reflects digests.
    pub digest: Option<&'a str>,
}

/// The values markers stand for, by setter key.
///
/// A policy defines four keys (Flux): `NS:NAME` for `name:tag[@digest]`, `NS:NAME:tag`, `NS:NAME:name`
/// and `NS:NAME:digest`, which is the empty string when no digest is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Setters {
    values: HashMap<String, String>,
}

impl Setters {
    /// No setters: every marker is unknown.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the four setters of one policy; a policy of the same name is replaced.
    pub fn policy(&mut self, namespace: &str, name: &str, image: &LatestImage<'_>) {
        let key = format!("{namespace}:{name}");
        let digest = image.digest.unwrap_or_default();
        let mut reference = format!("{}:{}", image.name, image.tag);
        if !digest.is_empty() {
            reference.push('@');
            reference.push_str(digest);
        }
        self.set(format!("{key}:tag"), image.tag);
        self.set(format!("{key}:name"), image.name);
        self.set(format!("{key}:digest"), digest);
        self.values.insert(key, reference);
    }

    /// The value of a setter key, `NS:NAME` or `NS:NAME:tag|name|digest`.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    fn set(&mut self, key: String, value: &str) {
        self.values.insert(key, value.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setters(digest: Option<&str>) -> Setters {
        let mut setters = Setters::new();
        let image = LatestImage {
            name: "reg.io/app",
            tag: "v2",
            digest,
        };
        setters.policy("ns", "p", &image);
        setters
    }

    #[test]
    fn a_policy_defines_four_setters() {
        let setters = setters(Some("sha256:abc"));
        assert_eq!(setters.value("ns:p"), Some("reg.io/app:v2@sha256:abc"));
        assert_eq!(setters.value("ns:p:tag"), Some("v2"));
        assert_eq!(setters.value("ns:p:name"), Some("reg.io/app"));
        assert_eq!(setters.value("ns:p:digest"), Some("sha256:abc"));
        assert_eq!(setters.value("ns:p:other"), None);
    }

    #[test]
    fn an_unknown_digest_is_the_empty_string() {
        assert_eq!(setters(None).value("ns:p"), Some("reg.io/app:v2"));
        assert_eq!(setters(None).value("ns:p:digest"), Some(""));
    }
}
