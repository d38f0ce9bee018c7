use tag_policy::Pattern;

use crate::ScanError;

/// The compiled `spec.exclusionList`: RE2 patterns, unanchored; a tag that matches any is dropped.
#[derive(Debug)]
pub struct Exclusions(Vec<Pattern>);

impl Exclusions {
    /// Compiles the patterns.
    pub fn new(patterns: &[String]) -> Result<Self, ScanError> {
        patterns
            .iter()
            .map(|pattern| compile(pattern))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether `tag` is left out of the list.
    pub fn excludes(&self, tag: &str) -> bool {
        self.0.iter().any(|pattern| pattern.matches(tag))
    }
}

fn compile(pattern: &str) -> Result<Pattern, ScanError> {
    Pattern::new(pattern).map_err(|source| ScanError::CompileExclusion {
        pattern: pattern.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excludes(patterns: &[&str], tag: &str) -> bool {
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        Exclusions::new(&patterns).unwrap().excludes(tag)
    }

    #[test]
    fn the_default_list_drops_signatures() {
        assert!(excludes(
            &[api::image::v1::DEFAULT_EXCLUSION],
            "sha256-0a1b.sig"
        ));
        assert!(!excludes(&[api::image::v1::DEFAULT_EXCLUSION], "1.0.0"));
    }

    #[test]
    fn patterns_are_alternatives_and_not_anchored() {
        assert!(excludes(&["rc", "^dev$"], "1.0.0-rc.1"));
        assert!(!excludes(&["^dev$"], "dev-1"));
    }

    #[test]
    fn a_bad_pattern_is_named() {
        let error = Exclusions::new(&["(".to_owned()]).unwrap_err().to_string();
        assert_eq!(error, "scan failed: failed to compile regex (");
    }
}
