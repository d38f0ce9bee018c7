use secrecy::SecretString;
use test_support::ssh_keys::{KeyFormat, KeyKind, SshKey};

use super::{PrivateKeyError, read_private_key};

const KINDS: [KeyKind; 5] = [
    KeyKind::Ed25519,
    KeyKind::Ecdsa(256),
    KeyKind::Ecdsa(384),
    KeyKind::Ecdsa(521),
    KeyKind::Rsa(2048),
];
const FORMATS: [KeyFormat; 3] = [KeyFormat::OpenSsh, KeyFormat::Pem, KeyFormat::Pkcs8];

fn secret(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

fn fingerprint(text: &str, passphrase: Option<&str>) -> Result<String, PrivateKeyError> {
    let passphrase = passphrase.map(secret);
    let key = read_private_key(text.as_bytes(), passphrase.as_ref())?;
    Ok(key.fingerprint(super::ssh_key::HashAlg::Sha256).to_string())
}

#[test]
fn every_kind_is_read_from_every_format() {
    for kind in KINDS {
        for format in FORMATS {
            let key = SshKey::generate_as(kind, format, "");
            let text = key.private_key();
            let expected = key.fingerprint();
            for text in [
                text.clone(),
                text.replace('\n', "\r\n"),
                format!("\n  {}", text.trim()),
            ] {
                let found = fingerprint(&text, None);
                assert_eq!(found.ok().as_ref(), Some(&expected), "{kind:?} {format:?}");
            }
            assert!(
                fingerprint(&text, Some("unused")).is_ok(),
                "{kind:?} {format:?}"
            );
        }
    }
}

#[test]
fn encrypted_keys_need_their_passphrase() {
    let cases = [
        (KeyKind::Ed25519, KeyFormat::OpenSsh),
        (KeyKind::Rsa(2048), KeyFormat::OpenSsh),
        (KeyKind::Rsa(2048), KeyFormat::Pem),
        (KeyKind::Rsa(2048), KeyFormat::Pkcs8),
        (KeyKind::Ecdsa(256), KeyFormat::Pkcs8),
    ];
    for (kind, format) in cases {
        let key = SshKey::generate_as(kind, format, "correct horse");
        let text = key.private_key();
        let found = fingerprint(&text, Some("correct horse"));
        assert_eq!(found.ok(), Some(key.fingerprint()), "{kind:?} {format:?}");
        let missing = fingerprint(&text, None).unwrap_err();
        assert!(
            matches!(missing, PrivateKeyError::PassphraseMissing),
            "{kind:?} {format:?}: {missing}"
        );
        let wrong = fingerprint(&text, Some("wrong horse")).unwrap_err();
        assert!(
            matches!(wrong, PrivateKeyError::WrongPassphrase),
            "{kind:?} {format:?}: {wrong}"
        );
    }
}

#[test]
fn what_is_no_private_key_is_named() {
    let key = SshKey::generate(KeyKind::Ed25519);
    let text = key.private_key();
    let pem = |label: &str, more: &str| {
        format!("-----BEGIN {label}-----\n{more}AAAA\n-----END {label}-----\n")
    };
    let legacy = "Proc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,0011223344556677\n\n";
    for (text, expected) in [
        (String::new(), "found nothing"),
        ("  \n".to_owned(), "found nothing"),
        (key.public_key(), "found a public key"),
        ("secret".to_owned(), "found other text"),
        (pem("CERTIFICATE", ""), "a PEM block of another kind"),
        (
            pem("PGP PRIVATE KEY BLOCK", ""),
            "a PEM block of another kind",
        ),
        (
            pem("DSA PRIVATE KEY", ""),
            "the key format 'DSA PRIVATE KEY' is not supported",
        ),
        (
            pem("RSA PRIVATE KEY", legacy),
            "encrypted with DES-EDE3-CBC' is not supported",
        ),
        (
            pem("RSA PRIVATE KEY", ""),
            "the RSA PRIVATE KEY cannot be read",
        ),
        (pem("PRIVATE KEY", ""), "the PRIVATE KEY cannot be read"),
        (
            text.replacen("b3BlbnNza", "!!!!", 1),
            "the OPENSSH PRIVATE KEY cannot be read",
        ),
        (
            text[..text.len() / 2].to_owned(),
            "the OPENSSH PRIVATE KEY cannot be read",
        ),
        (
            SshKey::generate(KeyKind::Dsa).private_key(),
            "the key algorithm ssh-dss is not supported",
        ),
    ] {
        let error = fingerprint(&text, None).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(read_private_key(b"\xff\xfe", None).is_err());
}

/// A key on P-256 whose scalar begins with a zero byte, which one in 256 does, and its fingerprint.
const SHORT_SCALAR: &str = "-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS
1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQQX0JJAyAHsJHyNIZHCjWI9I7APhWJ1
meUCKhlLwR4bw0t3vQsSEjPpnsiPqP/a7dPgSlhNTcOKagnAeyet0tVOAAAAoEKpDmtCqQ
5rAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBBfQkkDIAewkfI0h
kcKNYj0jsA+FYnWZ5QIqGUvBHhvDS3e9CxISM+meyI+o/9rt0+BKWE1Nw4pqCcB7J63S1U
4AAAAfGqxb6CBfHeCaknydX8VQ2/Ya02bmJ21fKQzIrwfAtAAAAAR0ZXN0AQIDBAU=
-----END OPENSSH PRIVATE KEY-----
";
/// The same, encrypted with `correct horse`.
const SHORT_SCALAR_ENCRYPTED: &str = "-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABCxRBPj4B
7pJ1HvS01XS+VzAAAAEAAAAAEAAABoAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlz
dHAyNTYAAABBBBfQkkDIAewkfI0hkcKNYj0jsA+FYnWZ5QIqGUvBHhvDS3e9CxISM+meyI
+o/9rt0+BKWE1Nw4pqCcB7J63S1U4AAACg2kLAqDuFOJrKS+ZTVgNK1U9BQsrFpGQvvCOV
qYQs0xS8y9bVlnY6e/GKxjaMdgztyHUCyTdQ5tMYQm+ZxTBf0VE8DgoFrObPzMLO/4XG6D
g931sguah9ZRKms5oO7jDVDJMIFgWlAclrDUgZQid05siAtFax9xq+IV7GowzbtX8CLU8I
eaAmRVjjvBhJhlA4tpUuFmpeQKVSEAetKzf60g==
-----END OPENSSH PRIVATE KEY-----
";
const SHORT_SCALAR_FINGERPRINT: &str = "SHA256:OSXeE/4o9O38Rram1jesTL/KGKQZ41/AVehHPHFaS2I";

#[test]
fn a_scalar_with_leading_zeros_is_read() {
    for (text, passphrase) in [
        (SHORT_SCALAR, None),
        (SHORT_SCALAR, Some("unused")),
        (SHORT_SCALAR_ENCRYPTED, Some("correct horse")),
    ] {
        let found = fingerprint(text, passphrase);
        assert_eq!(
            found.ok().as_deref(),
            Some(SHORT_SCALAR_FINGERPRINT),
            "{passphrase:?}"
        );
    }
    for passphrase in [None, Some("wrong")] {
        let found = fingerprint(SHORT_SCALAR_ENCRYPTED, passphrase);
        assert!(
            matches!(
                found,
                Err(PrivateKeyError::PassphraseMissing | PrivateKeyError::WrongPassphrase)
            ),
            "{found:?}"
        );
    }
}

#[test]
fn a_scalar_with_leading_zeros_signs() {
    let signer = crate::Signer::ssh(SHORT_SCALAR.as_bytes(), None);
    assert!(signer.is_ok_and(|signer| signer.sign(b"text", 0).is_ok()));
}
