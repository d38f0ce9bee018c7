use super::*;

fn policy(spec: &str) -> ImagePolicy {
    let text = format!(
        "{{\"apiVersion\": \"image.toolkit.fluxcd.io/v1\", \"kind\": \"ImagePolicy\", \"metadata\": {{\"name\": \"app\"}}, \
         \"spec\": {{\"imageRepositoryRef\": {{\"name\": \"app\"}}, {spec}}}}}"
    );
    serde_json::from_str(&text).unwrap()
}

fn select(spec: &str, tags: &[&str]) -> Result<String, String> {
    let evaluator = Evaluator::new(&policy(spec)).map_err(|error| error.to_string())?;
    let tags = Tags::from_unsorted(tags).map_err(|error| error.to_string())?;
    let latest = evaluator
        .select("reg.io/app", &tags)
        .map_err(|error| error.to_string())?;
    assert_eq!(latest.name, "reg.io/app");
    Ok(latest.tag)
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

#[test]
fn a_safeguard_that_needs_a_memory_is_not_ignored() {
    for field in [r#""minimumAge": "24h""#, r#""downgradePolicy": "Refuse""#] {
        let error = select(
            &format!(r#""policy": {{"semver": {{"range": "1.x"}}}}, {field}"#),
            &["1.0.0"],
        )
        .unwrap_err();
        assert!(error.contains("cannot be honoured here"), "{error}");
    }
    let allowed =
        r#""policy": {"semver": {"range": "1.x"}}, "minimumAge": "0s", "downgradePolicy": "Allow""#;
    assert_eq!(select(allowed, &["1.0.0"]).as_deref(), Ok("1.0.0"));
}

#[test]
fn the_ready_message_is_that_of_flux() {
    let reference = |tag: &str, digest: Option<&str>| ImageRef {
        name: "reg.io/app".to_owned(),
        tag: tag.to_owned(),
        digest: digest.map(str::to_owned),
    };
    let latest = reference("1.1.0", Some("sha256:1"));
    assert_eq!(
        ready_message(&latest, Some(&reference("1.0.0", None))),
        "Latest image tag for reg.io/app resolved to 1.1.0 with digest sha256:1 (previously reg.io/app:1.0.0)"
    );
    assert_eq!(
        ready_message(&reference("1.1.0", None), None),
        "Latest image tag for reg.io/app resolved to 1.1.0"
    );
    assert_eq!(
        ready_message(&latest, Some(&latest)),
        "Latest image tag for reg.io/app resolved to 1.1.0 with digest sha256:1"
    );
}
