use super::*;

fn policy(age: Option<&str>, annotation: Option<&str>) -> ImagePolicy {
    let mut policy = ImagePolicy::default();
    policy.spec.minimum_age = age.map(|age| age.parse().unwrap());
    if let Some(text) = annotation {
        policy
            .annotations_mut()
            .insert(annotations::MINIMUM_AGE.to_owned(), text.to_owned());
    }
    policy
}

fn age(field: Option<&str>, annotation: Option<&str>) -> Result<String, String> {
    let found = minimum_age(&policy(field, annotation));
    found
        .map(|age| age.to_string())
        .map_err(|error| error.to_string())
}

#[test]
fn field_or_annotation_is_enough() {
    assert_eq!(age(None, None), Ok("0s".to_owned()));
    assert_eq!(age(Some("1h"), None), Ok("1h0m0s".to_owned()));
    assert_eq!(age(None, Some("2h")), Ok("2h0m0s".to_owned()));
}

#[test]
fn equal_values_agree_in_whatever_spelling() {
    assert_eq!(age(Some("1h"), Some("60m")), Ok("1h0m0s".to_owned()));
}

#[test]
fn different_values_are_an_error_that_names_both() {
    let expected = "spec.minimumAge is '1h0m0s' but annotation repin.dev/minimum-age is '2h': \
                    remove one of them or make them equal";
    assert_eq!(age(Some("1h"), Some("2h")), Err(expected.to_owned()));
}

#[test]
fn an_annotation_that_cannot_be_read_holds_back() {
    let expected =
        "annotation repin.dev/minimum-age is 'a week': expected a duration such as '72h'";
    assert_eq!(age(None, Some("a week")), Err(expected.to_owned()));
    assert!(age(None, Some("")).is_err());
}

#[test]
fn a_negative_age_is_told_where_it_stands() {
    let expected = "is '-1h0m0s': expected a duration that is not negative";
    for (field, annotation, place) in [
        (Some("-1h"), None, "spec.minimumAge"),
        (Some("-1h"), Some("-60m"), "spec.minimumAge"),
        (None, Some("-1h"), "annotation repin.dev/minimum-age"),
    ] {
        assert_eq!(age(field, annotation), Err(format!("{place} {expected}")));
    }
}

#[test]
fn downgrades_are_allowed_unless_something_refuses_them() {
    let mut policy = ImagePolicy::default();
    assert_eq!(downgrade_policy(&policy), Ok(DowngradePolicy::Allow));
    policy.annotations_mut().insert(
        annotations::DOWNGRADE_POLICY.to_owned(),
        "Refuse".to_owned(),
    );
    assert_eq!(downgrade_policy(&policy), Ok(DowngradePolicy::Refuse));
    policy.spec.downgrade_policy = Some(DowngradePolicy::Allow);
    assert!(matches!(
        downgrade_policy(&policy),
        Err(SafeguardError::Disagreement { .. })
    ));
}

#[test]
fn approval_is_not_required_unless_something_requires_it() {
    let mut automation = ImageUpdateAutomation::default();
    assert_eq!(approval(&automation), Ok(Approval::NotRequired));
    automation.spec.approval = Some(Approval::Required);
    assert_eq!(approval(&automation), Ok(Approval::Required));
    automation
        .annotations_mut()
        .insert(annotations::APPROVAL.to_owned(), "required".to_owned());
    assert!(matches!(
        approval(&automation),
        Err(SafeguardError::Malformed { .. })
    ));
}
