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
