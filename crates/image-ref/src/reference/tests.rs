use proptest::prelude::*;

use super::*;

const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn references_are_cut_into_name_tag_and_digest() {
    let digest = format!("sha256:{HEX}");
    let long = format!("sha512:{HEX}{HEX}");
    let table = [
        ("alpine".to_owned(), "alpine", None, None, "latest"),
        (
            "alpine:3.20".to_owned(),
            "alpine",
            Some("3.20"),
            None,
            "3.20",
        ),
        (
            "reg:5000/ab".to_owned(),
            "reg:5000/ab",
            None,
            None,
            "latest",
        ),
        (
            "reg:5000/ab:v1".to_owned(),
            "reg:5000/ab",
            Some("v1"),
            None,
            "v1",
        ),
        (
            format!("ghcr.io/a/b@{digest}"),
            "ghcr.io/a/b",
            None,
            Some(&digest),
            &digest,
        ),
        (
            format!("ghcr.io/a/b:v1@{digest}"),
            "ghcr.io/a/b",
            Some("v1"),
            Some(&digest),
            &digest,
        ),
        (
            format!("ghcr.io/a/b@{long}"),
            "ghcr.io/a/b",
            None,
            Some(&long),
            &long,
        ),
    ];
    for (image, name, tag, digest, identifier) in table {
        let parsed: ImageRef = image.parse().unwrap();
        assert_eq!(parsed.name().as_written(), name);
        assert_eq!(parsed.tag(), tag);
        assert_eq!(
            parsed.digest().map(Digest::as_str),
            digest.map(String::as_str)
        );
        assert_eq!(parsed.identifier(), identifier);
        assert_eq!(parsed.to_string(), image);
    }
}

#[test]
fn broken_references_are_refused() {
    let table = [
        "",
        "ab:",
        "ab:-x",
        "ab:a/b",
        "ab@",
        "ab@sha256:00",
        "ab:v1@sha256",
        "a:b@c@d",
        "AB:v1",
    ];
    for image in table {
        let error = ImageRef::parse(image).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("could not parse reference: {image}")
        );
    }
}

#[test]
fn digests_know_their_algorithm() {
    let digest: Digest = format!("sha256:{HEX}").parse().unwrap();
    assert_eq!((digest.algorithm(), digest.hex()), ("sha256", HEX));
    assert_eq!(digest.to_string(), digest.as_str());
}

#[test]
fn broken_digests_are_refused_with_what_is_expected() {
    let upper = format!("sha256:{}", HEX.to_uppercase());
    for text in [
        "",
        "sha256:",
        "sha256:0a",
        HEX,
        &upper,
        &format!("sha512:{HEX}"),
        &format!("sha384:{HEX}"),
    ] {
        let error = Digest::parse(text).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("invalid digest {text:?}: expected 'sha256:'")),
            "{error}"
        );
    }
    let error = Digest::parse(&"é".repeat(1000)).unwrap_err().to_string();
    assert!(error.len() < 400, "{error}");
}

#[test]
fn tags_follow_the_distribution_specification() {
    let longest = "a".repeat(128);
    for tag in ["a", "_", "0", "A.b-c_d", "v1.2.3", "latest", &longest] {
        assert!(is_valid_tag(tag), "{tag}");
    }
    let too_long = "a".repeat(129);
    for tag in [
        "", ".a", "-a", "a b", "a/b", "a:b", "a+b", "é", "a\n", &too_long,
    ] {
        assert!(!is_valid_tag(tag), "{tag}");
    }
}

proptest! {
    #[test]
    fn references_print_as_they_were_written(
        name in "([a-z]{1,5}\\.[a-z]{2}(:[0-9]{1,4})?/)?[a-z0-9]{2,9}(/[a-z0-9]{1,9}){0,2}",
        tag in "(:[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,20})?",
        digest in "(@sha256:[0-9a-f]{64})?",
    ) {
        let image = format!("{name}{tag}{digest}");
        prop_assert_eq!(ImageRef::parse(&image).unwrap().to_string(), image);
    }

    #[test]
    fn parsing_is_total(image in "\\PC{0,40}") {
        if let Ok(parsed) = ImageRef::parse(&image) {
            prop_assert_eq!(parsed.to_string(), image);
        }
    }
}
