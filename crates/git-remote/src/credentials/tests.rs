use super::*;

/// The credentials of a Secret, told in a line.
fn read(url: &str, data: &[(&str, &str)]) -> Result<String, String> {
    let data = data
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec()))
        .collect();
    Credentials::from_secret(url, &data)
        .map(|(credentials, tls)| {
            let ca = tls.ca_bundle.map_or(String::new(), |pem| {
                format!(" ca={}", String::from_utf8_lossy(&pem))
            });
            format!("{}{ca}", told(&credentials))
        })
        .map_err(|error| error.to_string())
}

fn told(credentials: &Credentials) -> String {
    match credentials {
        Credentials::Anonymous => "anonymous".into(),
        Credentials::Basic { username, password } => {
            format!("basic {username}:{}", password.expose_secret())
        }
        Credentials::Bearer(token) => format!("bearer {}", token.expose_secret()),
        Credentials::Ssh(identity) => format!(
            "ssh {} {} {:?}",
            identity.private_key.expose_secret(),
            identity.known_hosts,
            identity
                .passphrase
                .as_ref()
                .map(|secret| secret.expose_secret().to_owned())
        ),
    }
}

#[test]
fn secrets_of_http_remotes() {
    for url in ["https://host/x", "http://host/x"] {
        for (data, expected) in [
            (&[][..], Ok("anonymous")),
            (&[("username", "u"), ("password", "p")], Ok("basic u:p")),
            (&[("username", "u")], Ok("basic u:")),
            (&[("bearerToken", "t"), ("password", "p")], Ok("bearer t")),
            (&[("ca.crt", "A"), ("caFile", "B")], Ok("anonymous ca=A")),
            (
                &[("caFile", "B"), ("identity", "ignored")],
                Ok("anonymous ca=B"),
            ),
            (&[("password", "p")], Ok("basic :p")),
            (
                &[("tls.key", "k"), ("tls.crt", "c")],
                Err(
                    "failed to parse TLS certificate and key: expected a certificate and a private key, both PEM",
                ),
            ),
            (
                &[("tls.crt", "c")],
                Err("contains 'tls.crt' but missing 'tls.key'"),
            ),
            (
                &[("tls.key", "k"), ("tls.crt", "")],
                Err("contains 'tls.key' but missing 'tls.crt'"),
            ),
            (&[("githubAppID", "1")], Ok("anonymous")),
        ] {
            let found = read(url, data);
            assert_eq!(
                found.as_deref().map_err(String::as_str),
                expected,
                "{url} {data:?}"
            );
        }
    }
}

#[test]
fn secrets_of_ssh_remotes() {
    for (data, expected) in [
        (
            &[("identity", "k"), ("known_hosts", "h")][..],
            Ok("ssh k h None"),
        ),
        (
            &[
                ("identity", "k"),
                ("known_hosts", "h"),
                ("password", "p"),
                ("username", "u"),
            ],
            Ok("ssh k h Some(\"p\")"),
        ),
        (
            &[("known_hosts", "h")],
            Err("invalid 'ssh' auth option: 'identity' is required"),
        ),
        (
            &[("identity", "k")],
            Err("invalid 'ssh' auth option: 'known_hosts' is required"),
        ),
    ] {
        let found = read("ssh://git@host/x", data);
        assert_eq!(
            found.as_deref().map_err(String::as_str),
            expected,
            "{data:?}"
        );
    }
}

#[test]
fn user_info_of_the_url_fills_gaps() {
    let basic = |username: &str, password: &str| Credentials::Basic {
        username: username.into(),
        password: password.into(),
    };
    for (url, credentials, expected) in [
        ("https://a:b@h/x", Credentials::Anonymous, Ok("basic a:b")),
        ("https://a@h/x", Credentials::Anonymous, Ok("basic a:")),
        ("https://h/x", Credentials::Anonymous, Ok("anonymous")),
        ("https://a:b@h/x", basic("u", ""), Ok("basic u:b")),
        ("https://a:b@h/x", basic("", "p"), Ok("basic a:p")),
        ("https://a:b@h/x", basic("u", "p"), Ok("basic u:p")),
        (
            "https://:b@h/x",
            basic("", "p"),
            Err("invalid 'https' auth option: 'password' requires 'username' to be set"),
        ),
        (
            "http://:b@h/x",
            Credentials::Anonymous,
            Err("invalid 'http' auth option: 'password' requires 'username' to be set"),
        ),
        (
            "https://a@h/x",
            Credentials::Bearer("t".into()),
            Err("basic auth and bearer token cannot be set at the same time"),
        ),
        (
            "ssh://git@h/x",
            basic("u", "p"),
            Err("HTTP credentials cannot be used with a URL of the scheme 'ssh'"),
        ),
        (
            "ssh://git@h/x",
            Credentials::Anonymous,
            Err("invalid 'ssh' auth option: 'identity' is required"),
        ),
    ] {
        let (parsed, info) = RemoteUrl::parse(url).unwrap();
        let found = credentials.for_url(&parsed, info).map(|found| told(&found));
        let found = found.map_err(|error| error.to_string());
        assert_eq!(found.as_deref().map_err(String::as_str), expected, "{url}");
    }
}

#[test]
fn no_secret_is_shown() {
    let identity = SshIdentity {
        private_key: "s3cret-key".into(),
        passphrase: Some("s3cret-phrase".into()),
        known_hosts: "host".into(),
    };
    for credentials in [
        Credentials::Basic {
            username: "bot".into(),
            password: "s3cret".into(),
        },
        Credentials::Bearer("s3cret".into()),
        Credentials::Ssh(identity),
    ] {
        let shown = format!("{credentials:?}");
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}

#[test]
fn a_certificate_needs_its_own_key() {
    let identities = [(); 2].map(|()| test_support::tls::Authority::new().server(&["repin"]));
    let [one, other] = &identities;
    for (key, expected) in [
        (&one.key_pem, None),
        (
            &other.key_pem,
            Some(
                "failed to parse TLS certificate and key: \
                 the key does not belong to the certificate, or their form is not supported",
            ),
        ),
    ] {
        let made = ClientCertificate::from_pem(one.cert_pem.as_bytes(), key.as_bytes());
        let text = made.err().map(|error| error.to_string());
        assert_eq!(text.as_deref(), expected);
    }
}
