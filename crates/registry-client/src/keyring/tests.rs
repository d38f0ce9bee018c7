use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use secrecy::ExposeSecret as _;

use super::*;

fn keyring(entries: &[(&str, &str)]) -> Keyring {
    let mut keyring = Keyring::new();
    keyring.add_docker_config_json(&config(entries)).unwrap();
    keyring
}

/// A configuration whose users are the second of each pair.
fn config(entries: &[(&str, &str)]) -> Vec<u8> {
    let entry = |&(key, user): &(&str, &str)| {
        let auth = STANDARD.encode(format!("{user}:s3cret"));
        (key.to_owned(), serde_json::json!({ "auth": auth }))
    };
    let auths: serde_json::Map<_, _> = entries.iter().map(entry).collect();
    serde_json::json!({"auths": auths, "credsStore": "desktop"})
        .to_string()
        .into_bytes()
}

fn user(keyring: &Keyring, image: &str) -> String {
    match keyring.find(&ImageName::parse(image).unwrap()) {
        Credentials::Basic { username, .. } => username,
        Credentials::IdentityToken(token) => format!("identity {}", token.expose_secret()),
        Credentials::RegistryToken(token) => format!("registry {}", token.expose_secret()),
        Credentials::Anonymous => String::new(),
    }
}

#[test]
fn keys_match_as_in_the_kubelet() {
    for (key, image, matches) in [
        ("ghcr.io", "ghcr.io/org/app", true),
        ("https://ghcr.io", "ghcr.io/org/app", true),
        ("http://ghcr.io/", "ghcr.io/org/app", true),
        ("https://user:pw@ghcr.io", "ghcr.io/org/app", true),
        ("ghcr.io/org", "ghcr.io/org/app", true),
        ("ghcr.io/org", "ghcr.io/organisation/app", true),
        ("ghcr.io/org/", "ghcr.io/organisation/app", false),
        ("ghcr.io/other", "ghcr.io/org/app", false),
        ("GHCR.io", "ghcr.io/org/app", false),
        ("*.gcr.io", "eu.gcr.io/org/app", true),
        ("*.gcr.io", "gcr.io/org/app", false),
        ("*.gcr.io", "a.b.gcr.io/org/app", false),
        ("*.*.gcr.io", "a.b.gcr.io/org/app", true),
        ("*.g*r.io", "eu.gcr.io/org/app", true),
        ("*u*.gcr.io", "eu.gcr.io/org/app", true),
        ("*x*.gcr.io", "eu.gcr.io/org/app", false),
        ("e[a-u].gcr.io", "eu.gcr.io/org/app", true),
        ("e[a-ct].gcr.io", "eu.gcr.io/org/app", false),
        ("e[a-u.gcr.io", "eu.gcr.io/org/app", false),
        ("e?.gcr.io", "eu.gcr.io/org/app", false),
        ("[::1]:5000", "[::1]:5000/org/app", true),
        ("[::1]:5000", "[::2]:5000/org/app", false),
        ("reg.io", "reg.io:443/org/app", false),
        ("reg.io:443", "reg.io:443/org/app", true),
        ("reg.io:443", "reg.io/org/app", false),
        ("https://index.docker.io/v1/", "alpine", true),
        ("https://index.docker.io/v2/", "org/app", true),
        ("https://index.docker.io/v1", "alpine", false),
        ("docker.io", "alpine", false),
        ("index.docker.io/library", "alpine", true),
        ("", "alpine", false),
    ] {
        let found = user(&keyring(&[(key, "robot")]), image);
        assert_eq!(found == "robot", matches, "{key} {image}");
    }
}

#[test]
fn keys_are_tried_in_descending_byte_order() {
    let keyring = keyring(&[
        ("ghcr.io", "host"),
        ("ghcr.io/org/app", "app"),
        ("ghcr.io/org", "org"),
        ("*.io", "glob"),
    ]);
    assert_eq!(user(&keyring, "ghcr.io/org/app"), "app");
    assert_eq!(user(&keyring, "ghcr.io/org/other"), "org");
    assert_eq!(user(&keyring, "ghcr.io/other/app"), "host");
    assert_eq!(user(&keyring, "quay.io/other/app"), "glob");
}

#[test]
fn among_equal_keys_the_one_added_first_wins() {
    let mut keyring = keyring(&[("ghcr.io", "first")]);
    let second = config(&[("https://ghcr.io/v2/", "second"), ("ghcr.io/org", "org")]);
    keyring.add_docker_config_json(&second).unwrap();
    assert_eq!(user(&keyring, "ghcr.io/a/b"), "first");
    assert_eq!(user(&keyring, "ghcr.io/org/b"), "org");
}

#[test]
fn every_form_of_an_entry_is_understood() {
    let padded = STANDARD.encode("robot:s3cret");
    let bare = STANDARD_NO_PAD.encode("robot:s3cret");
    for (entry, expected) in [
        (format!(r#"{{"auth": "{padded}"}}"#), "robot"),
        (format!(r#"{{"auth": "{bare}"}}"#), "robot"),
        (format!(r#"{{"auth": "{padded}\n"}}"#), "robot"),
        (
            format!(r#"{{"auth": "{padded}", "username": "x", "password": "y"}}"#),
            "robot",
        ),
        (
            r#"{"username": "x", "password": "y", "email": "z"}"#.to_owned(),
            "x",
        ),
        (r#"{"username": "x"}"#.to_owned(), ""),
        (r#"{"identitytoken": "t"}"#.to_owned(), "identity t"),
        (
            r#"{"identitytoken": "t", "registrytoken": "r"}"#.to_owned(),
            "registry r",
        ),
        ("{}".to_owned(), ""),
        ("null".to_owned(), ""),
    ] {
        let mut keyring = Keyring::new();
        let json = format!(r#"{{"ghcr.io": {entry}}}"#);
        keyring.add_dockercfg(json.as_bytes()).unwrap();
        assert_eq!(user(&keyring, "ghcr.io/org/app"), expected, "{entry}");
    }
}

#[test]
fn a_password_may_hold_colons() {
    let mut keyring = Keyring::new();
    let auth = STANDARD.encode("robot:a:b:c");
    let json = format!(r#"{{"ghcr.io": {{"auth": "{auth}"}}}}"#);
    keyring.add_dockercfg(json.as_bytes()).unwrap();
    let found = keyring.find(&ImageName::parse("ghcr.io/org/app").unwrap());
    let Credentials::Basic { password, .. } = found else {
        unreachable!("the entry has a password");
    };
    assert_eq!(password.expose_secret(), "a:b:c");
}

#[test]
fn an_empty_entry_that_matches_first_hides_the_next() {
    let mut keyring = keyring(&[("ghcr.io", "robot")]);
    keyring.add_dockercfg(br#"{"ghcr.io/org": {}}"#).unwrap();
    assert_eq!(user(&keyring, "ghcr.io/org/app"), "");
}

#[test]
fn errors_name_the_entry_and_no_secret() {
    let bad_auth = STANDARD.encode("s3cret-without-colon");
    for (json, expected) in [
        ("[]".to_owned(), "not valid JSON of its kind: line 1"),
        (
            r#"{"auths": {"a": "s3cret"}}"#.to_owned(),
            "not valid JSON of its kind: line 1",
        ),
        (
            r#"{"auths": {"a b": {}}}"#.to_owned(),
            r#""a b", which is not a registry host"#,
        ),
        (
            r#"{"auths": {"a\\b": {}}}"#.to_owned(),
            "a character that hosts have not",
        ),
        (r#"{"auths": {"[a-b]c": {}}}"#.to_owned(), "are not closed"),
        (
            r#"{"auths": {"a:x": {}}}"#.to_owned(),
            "the port is no number",
        ),
        (r#"{"auths": {"a/%zz": {}}}"#.to_owned(), "bad escape"),
        (
            r#"{"auths": {"u:s3cret@a b": {}}}"#.to_owned(),
            r#"entry "a b""#,
        ),
        (
            r#"{"auths": {"a": {"auth": "%s3cret"}}}"#.to_owned(),
            r#"bad auth for "a""#,
        ),
        (
            format!(r#"{{"auths": {{"a": {{"auth": "{bad_auth}"}}}}}}"#),
            r#"bad auth for "a""#,
        ),
    ] {
        let mut keyring = keyring(&[("ghcr.io", "robot")]);
        let error = keyring.add_docker_config_json(json.as_bytes()).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains(expected), "{json}: {text}");
        assert!(!text.contains("s3cret"), "{text}");
        assert_eq!(user(&keyring, "ghcr.io/org/app"), "robot");
    }
}

#[test]
fn a_configuration_without_entries_is_empty() {
    let mut keyring = Keyring::new();
    for json in [
        "{}",
        r#"{"auths": null}"#,
        r#"{"auths": {}, "credHelpers": {"a": "b"}}"#,
    ] {
        keyring.add_docker_config_json(json.as_bytes()).unwrap();
    }
    assert_eq!(user(&keyring, "ghcr.io/org/app"), "");
}

#[test]
fn debug_shows_keys_only() {
    let text = format!("{:?}", keyring(&[("ghcr.io", "robot")]));
    assert_eq!(text, r#"["ghcr.io"]"#);
}
