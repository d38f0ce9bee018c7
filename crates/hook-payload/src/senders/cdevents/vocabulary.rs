//! The types of CDEvents 0.4, subject by subject.

const KNOWN: &[(&str, &[&str])] = &[
    (
        "artifact",
        &["deleted", "downloaded", "packaged", "published", "signed"],
    ),
    ("branch", &["created", "deleted"]),
    ("build", &["finished", "queued", "started"]),
    (
        "change",
        &["abandoned", "created", "merged", "reviewed", "updated"],
    ),
    ("environment", &["created", "deleted", "modified"]),
    ("incident", &["detected", "reported", "resolved"]),
    ("pipelinerun", &["finished", "queued", "started"]),
    ("repository", &["created", "deleted", "modified"]),
    (
        "service",
        &["deployed", "published", "removed", "rolledback", "upgraded"],
    ),
    ("taskrun", &["finished", "started"]),
    ("testcaserun", &["finished", "queued", "skipped", "started"]),
    ("testoutput", &["published"]),
    ("testsuiterun", &["finished", "queued", "started"]),
    ("ticket", &["closed", "created", "updated"]),
];

/// Whether there is such a type: a known one of any version 0.x, or somebody's own.
pub(super) fn is_known(kind: &str) -> bool {
    standard(kind).unwrap_or_default() || custom(kind).unwrap_or_default()
}

/// `dev.cdevents.<subject>.<predicate>.<version>`.
fn standard(kind: &str) -> Option<bool> {
    let rest = kind.strip_prefix("dev.cdevents.")?;
    let (subject, rest) = rest.split_once('.')?;
    let (predicate, version) = rest.split_once('.')?;
    let (_, predicates) = KNOWN.iter().find(|(known, _)| *known == subject)?;
    Some(predicates.contains(&predicate) && version.starts_with("0."))
}

/// `dev.cdeventsx.<tool>-<subject>.<predicate>.<version>`.
fn custom(kind: &str) -> Option<bool> {
    let rest = kind.strip_prefix("dev.cdeventsx.")?;
    let (name, rest) = rest.split_once('.')?;
    let (tool, subject) = name.split_once('-')?;
    let (predicate, version) = rest.split_once('.')?;
    let parts = [tool, subject, predicate, version];
    Some(parts.iter().all(|part| !part.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_known_by_subject_predicate_and_major_version() {
        let cases = [
            ("dev.cdevents.artifact.published.0.2.0", true),
            ("dev.cdevents.artifact.published.0.3.0-draft", true),
            ("dev.cdeventsx.myregistry-quota.exceeded.0.1.0", true),
            ("dev.cdevents.artifact.published.1.0.0", false),
            ("dev.cdevents.artifact.published", false),
            ("dev.cdevents.artifact.eaten.0.2.0", false),
            ("dev.cdevents.taskrun.queued.0.2.0", false),
            ("dev.cdeventsx.quota.exceeded.0.1.0", false),
            ("com.example.artifact.published.0.2.0", false),
            ("", false),
        ];
        for (kind, known) in cases {
            assert_eq!(is_known(kind), known, "{kind}");
        }
    }
}
