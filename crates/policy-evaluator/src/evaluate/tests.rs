mod held_back;

use api::repin::v1alpha1::Observation;
use image_ref::Tags;
use k8s_openapi::jiff::SignedDuration;

use super::*;

const IMAGE: &str = "reg.io/app";

fn policy(spec: &str) -> ImagePolicy {
    let text = format!(
        "{{\"apiVersion\": \"image.toolkit.fluxcd.io/v1\", \"kind\": \"ImagePolicy\", \"metadata\": {{\"name\": \"app\"}}, \
         \"spec\": {{\"imageRepositoryRef\": {{\"name\": \"app\"}}, {spec}}}}}"
    );
    serde_json::from_str(&text).unwrap()
}

fn evaluator(spec: &str) -> Evaluator {
    Evaluator::new(&policy(spec)).unwrap()
}

/// A moment, in seconds after the first of January 2026.
fn at(second: i64) -> Time {
    let start: Time = serde_json::from_str("\"2026-01-01T00:00:00Z\"").unwrap();
    Time(start.0 + SignedDuration::from_secs(second))
}

fn reference(tag: &str) -> ImageRef {
    ImageRef {
        name: IMAGE.to_owned(),
        tag: tag.to_owned(),
        digest: None,
    }
}

/// Tags with the second at which each was first seen; none for those of the first scan.
fn history(tags: &[(&str, Option<i64>)]) -> TagHistory {
    let observations: Vec<Observation> = tags
        .iter()
        .map(|(tag, seen)| Observation {
            first_seen: seen.map(at),
            tags: vec![(*tag).to_owned()],
        })
        .collect();
    TagHistory::from_observations(&observations).unwrap()
}

fn select(spec: &str, tags: &[&str]) -> Result<String, String> {
    let evaluator = Evaluator::new(&policy(spec)).map_err(|error| error.to_string())?;
    let history = TagHistory::first(Tags::from_unsorted(tags).map_err(|error| error.to_string())?);
    let facts = Facts {
        image: IMAGE,
        history: &history,
        current: None,
        now: &at(0),
    };
    let decision = evaluator
        .decide(&facts)
        .map_err(|error| error.to_string())?;
    assert_eq!(decision.latest.name, IMAGE);
    Ok(decision.latest.tag)
}

#[test]
fn each_kind_of_policy_selects() {
    let tags = ["1.0.0", "1.1.0", "2.0.0", "main-1-10", "main-2-9"];
    for (spec, expected) in [
        (r#""policy": {"semver": {"range": "1.x"}}"#, "1.1.0"),
        (r#""policy": {"alphabetical": {}}"#, "main-2-9"),
        (r#""policy": {"alphabetical": {"order": "desc"}}"#, "1.0.0"),
        (
            r#""policy": {"numerical": {"order": "asc"}}, "filterTags": {"pattern": "^main-\\d+-(?P<n>\\d+)$", "extract": "$n"}"#,
            "main-1-10",
        ),
        // Several members may be set: semver goes before alphabetical, that before numerical.
        (
            r#""policy": {"alphabetical": {}, "semver": {"range": "*"}}"#,
            "2.0.0",
        ),
        (
            r#""policy": {"numerical": {}, "alphabetical": {}}"#,
            "main-2-9",
        ),
    ] {
        assert_eq!(select(spec, &tags).as_deref(), Ok(expected), "{spec}");
    }
}

#[test]
fn what_cannot_be_evaluated_says_so_in_the_words_of_flux() {
    for (spec, tags, expected) in [
        (
            r#""policy": {}"#,
            &["1.0.0"][..],
            "invalid policy: given ImagePolicyChoice object is invalid",
        ),
        (
            r#""policy": {"semver": {"range": "x.y"}}"#,
            &["1.0.0"],
            "invalid policy: improper constraint: \"x.y\"",
        ),
        (
            r#""policy": {"semver": {"range": "1.x"}}"#,
            &[],
            "no tags in database",
        ),
        (
            r#""policy": {"semver": {"range": "9.x"}}"#,
            &["1.0.0"],
            "unable to determine latest version from provided list",
        ),
        (
            r#""policy": {"semver": {"range": "9.x"}}, "filterTags": {"pattern": "none"}"#,
            &["1.0.0"],
            "version list argument cannot be empty",
        ),
    ] {
        assert_eq!(select(spec, tags), Err(expected.to_owned()), "{spec}");
    }
}
