use proptest::prelude::*;

use super::*;

fn name(image: &str) -> ImageName {
    ImageName::parse(image).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(image: &str) -> String {
    ImageName::parse(image).expect_err(image).to_string()
}

#[test]
fn accepted_names_have_the_registry_and_repository_of_go_containerregistry() {
    let table = [
        ("alpine", "index.docker.io", "library/alpine"),
        ("ab", "index.docker.io", "library/ab"),
        ("org/app", "index.docker.io", "org/app"),
        ("docker.io/app", "index.docker.io", "library/app"),
        ("docker.io/x/y", "index.docker.io", "x/y"),
        (
            "index.docker.io/alpine",
            "index.docker.io",
            "library/alpine",
        ),
        ("docker.io:443/xy", "docker.io:443", "xy"),
        (
            "registry-1.docker.io/library/alpine",
            "registry-1.docker.io",
            "library/alpine",
        ),
        ("localhost/ab", "index.docker.io", "localhost/ab"),
        ("ghcr.io", "index.docker.io", "library/ghcr.io"),
        ("-foo", "index.docker.io", "library/-foo"),
        ("ghcr.io/org/app", "ghcr.io", "org/app"),
        ("GHCR.io/org/app", "GHCR.io", "org/app"),
        ("reg:5000/ab", "reg:5000", "ab"),
        ("localhost:5000/team/app", "localhost:5000", "team/app"),
        ("[::1]:5000/xy", "[::1]:5000", "xy"),
        ("[::1]/cd", "[::1]", "cd"),
        ("a_b.c/de", "a_b.c", "de"),
        ("ghcr.io/a__b/c--d", "ghcr.io", "a__b/c--d"),
        ("gcr.io/a//b", "gcr.io", "a//b"),
        ("gcr.io/a/b/", "gcr.io", "a/b/"),
        ("é.io/ab", "é.io", "ab"),
        ("a.b:/cd", "a.b:", "cd"),
        ("a.b]/cd", "a.b]", "cd"),
    ];
    for (image, registry, repository) in table {
        let name = name(image);
        assert_eq!(
            (name.registry(), name.repository()),
            (registry, repository),
            "{image}"
        );
        assert_eq!(name.canonical(), format!("{registry}/{repository}"));
        assert_eq!(
            (name.as_written(), name.to_string().as_str()),
            (image, image)
        );
    }
}

#[test]
fn texts_that_are_no_reference_are_repeated_in_the_error() {
    let table = [
        "",
        "x",
        " alpine",
        "alpine ",
        "Alpine",
        "ghcr.io/A/b",
        "127.0.0.1:5000/a",
        "user@reg.io/ab",
        "reg.io:abc/ab",
        "ghcr.io/a/b:",
        "ghcr.io/a/b:tag:x",
        "ghcr.io/a/b:t?g",
        "ghcr.io/a@sha256:abc",
        "ghcr.io/a/b@md5:0a",
        "a.b%20/cd",
        "a.b?/cd",
        "a.b#/cd",
        "[::1/cd.e",
        "[::1]x/ab",
        "[1.2.3.4]/ab",
        "[fe80::1%25eth0]/ab",
        "a.b[c]/de",
        "/ab:x/",
    ];
    for image in table {
        assert_eq!(
            refusal(image),
            format!("could not parse reference: {image}")
        );
    }
}

#[test]
fn schemes_tags_and_digests_are_to_be_removed() {
    let digest = "a".repeat(64);
    let table = [
        (
            "https://ghcr.io/org/app".to_owned(),
            "URL scheme; remove 'https://'".to_owned(),
        ),
        (
            "oci://x".to_owned(),
            "URL scheme; remove 'oci://'".to_owned(),
        ),
        ("://x".to_owned(), "URL scheme; remove '://'".to_owned()),
        (
            "a://b://c".to_owned(),
            "URL scheme; remove 'a://'".to_owned(),
        ),
        ("alpine:3".to_owned(), "a tag; remove ':3'".to_owned()),
        ("alpine:-x".to_owned(), "a tag; remove ':-x'".to_owned()),
        (
            "localhost:5000".to_owned(),
            "a tag; remove ':5000'".to_owned(),
        ),
        (
            "reg:5000/ab:v1".to_owned(),
            "a tag; remove ':v1'".to_owned(),
        ),
        (
            format!("ghcr.io/a/b@sha256:{digest}"),
            format!("a tag; remove ':{digest}'"),
        ),
        (
            format!("ghcr.io/a/b:v1@sha256:{digest}"),
            "a tag; remove ':v1@sha256'".to_owned(),
        ),
    ];
    for (image, rest) in table {
        assert_eq!(
            refusal(&image),
            format!("image '{image}' should not include {rest}")
        );
    }
}

#[test]
fn repositories_have_2_to_255_bytes() {
    assert!(ImageName::parse(&format!("reg.io/{}", "a".repeat(255))).is_ok());
    assert!(ImageName::parse(&format!("reg.io/{}", "a".repeat(256))).is_err());
    assert!(ImageName::parse(&"a".repeat(255)).is_ok());
    assert!(ImageName::parse("reg.io/a").is_err());
}

#[test]
fn plain_http_is_for_private_and_loopback_hosts() {
    let http = [
        "10.0.0.1/ab",
        "172.16.0.1:5000/ab",
        "172.31.255.255/ab",
        "192.168.1.1:80/ab",
        "localhost:5000/ab",
        "app.localhost/ab",
        "app.localhost:5000/ab",
        "127.0.0.1:5000/ab",
        "127.0.0.1.example/ab",
        "[::1]:5000/ab",
    ];
    let https = [
        "alpine",
        "localhost/ab",
        "reg.local/ab",
        "host.docker.internal:5000/ab",
        "172.32.0.1/ab",
        "11.0.0.1/ab",
        "010.0.0.1/ab",
        "[::ffff:10.0.0.1]/ab",
        "app.localhost:123456/ab",
        "app.localhost.example/ab",
    ];
    for image in http {
        assert!(name(image).speaks_http_by_default(), "{image}");
    }
    for image in https {
        assert!(!name(image).speaks_http_by_default(), "{image}");
    }
}

proptest! {
    #[test]
    fn parsing_is_total_and_names_print_as_written(image in "[a-zA-Z0-9./:@_\\-\\[\\]%? é]{0,40}") {
        if let Ok(name) = ImageName::parse(&image) {
            prop_assert_eq!(name.to_string(), image);
        }
    }

    #[test]
    fn canonical_names_are_their_own_canonical_names(image in "([a-z]{1,5}\\.[a-z]{2}(:[0-9]{1,4})?/)?[a-z0-9]{2,9}(/[a-z0-9]{1,9}){0,2}") {
        let canonical = name(&image).canonical();
        prop_assert_eq!(name(&canonical).canonical(), canonical);
    }
}
