use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use test_support::gnupg::{GnupgHome, KeySpec};
use test_support::ssh_keys::{KeyFormat, KeyKind, SshKey};

use super::{Signer, SignerError};

const PAYLOAD: &[u8] = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\nmessage\n";
const USER: &str = "Repin Test <repin@example.com>";
const DAY: i64 = 24 * 60 * 60;

fn now() -> i64 {
    let elapsed = SystemTime::UNIX_EPOCH.elapsed().unwrap_or(Duration::ZERO);
    i64::try_from(elapsed.as_secs()).unwrap()
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

fn sign_with(home: &GnupgHome, armored: &[u8], seconds: i64) -> Option<String> {
    let signer = Signer::openpgp(armored, None).unwrap();
    home.verify(PAYLOAD, &signer.sign(PAYLOAD, seconds).unwrap())
}

#[test]
fn gpg_accepts_signatures_of_every_kind_of_key() {
    let home = GnupgHome::new();
    for algorithm in ["ed25519", "rsa2048", "nistp256", "nistp384", "nistp521"] {
        let spec = KeySpec {
            algorithm,
            ..KeySpec::default()
        };
        let fingerprint = home.generate(&format!("{algorithm} <{algorithm}@example.com>"), spec);
        let status = sign_with(&home, &home.export_secret(&[&fingerprint], ""), now());
        let status = status.unwrap_or_else(|| panic!("{algorithm}"));
        assert!(
            status.contains(&format!("VALIDSIG {fingerprint}")),
            "{status}"
        );
    }
}

#[test]
fn an_encrypted_openpgp_key_needs_its_passphrase() {
    let home = GnupgHome::new();
    let spec = KeySpec {
        passphrase: "correct horse",
        ..KeySpec::default()
    };
    let fingerprint = home.generate(USER, spec);
    let armored = home.export_secret(&[&fingerprint], spec.passphrase);
    let signer = Signer::openpgp(&armored, Some(&secret("correct horse"))).unwrap();
    let signature = signer.sign(PAYLOAD, now()).unwrap();
    assert!(home.verify(PAYLOAD, &signature).is_some());
    assert_eq!(home.verify(b"another payload", &signature), None);

    let missing = Signer::openpgp(&armored, None).unwrap_err();
    assert_eq!(
        missing.in_secret("flux/key"),
        "can not use passphrase protected signing key without 'passphrase' field present in secret flux/key"
    );
    let wrong = Signer::openpgp(&armored, Some(&secret("wrong horse"))).unwrap_err();
    let text = wrong.in_secret("flux/key");
    let start = "could not decrypt private key of the signing key present in secret flux/key: ";
    assert!(text.starts_with(start), "{text}");
    assert!(!text.contains("horse"), "{text}");
}

#[test]
fn a_passphrase_for_a_plain_key_is_ignored() {
    let home = GnupgHome::new();
    let fingerprint = home.generate(USER, KeySpec::default());
    let armored = home.export_secret(&[&fingerprint], "");
    assert!(Signer::openpgp(&armored, Some(&secret("unused"))).is_ok());
    let key = SshKey::generate(KeyKind::Ed25519).private_key();
    assert!(Signer::ssh(key.as_bytes(), Some(&secret("unused"))).is_ok());
}

#[test]
fn the_newest_valid_signing_subkey_signs() {
    let home = GnupgHome::new();
    let spec = KeySpec::default();
    let certify = KeySpec {
        usage: "cert",
        ..spec
    };
    let primary = home.generate(USER, certify);
    let older = home.add_subkey(&primary, spec);
    let encrypting = KeySpec {
        algorithm: "cv25519",
        usage: "encr",
        ..spec
    };
    home.add_subkey(&primary, encrypting);
    let short_lived = KeySpec {
        expiry: "1d",
        ..spec
    };
    let newer = home.add_subkey_at(now() + 10, &primary, short_lived);
    assert_ne!(older, newer);
    let armored = home.export_secret(&[&primary], "");
    for (seconds, expected) in [
        (now() + 20, &newer),
        (now() + 2 * DAY, &older),
        (now(), &older),
    ] {
        let signer = Signer::openpgp(&armored, None).unwrap();
        let signature = signer.sign(PAYLOAD, seconds).unwrap();
        let status = home.verify_at(seconds, PAYLOAD, &signature).unwrap();
        assert!(status.contains(&format!("VALIDSIG {expected}")), "{status}");
    }
}

#[test]
fn exported_subkeys_sign_without_the_primary_key() {
    let home = GnupgHome::new();
    let primary = home.generate(USER, KeySpec::default());
    let subkey = home.add_subkey(&primary, KeySpec::default());
    let status = sign_with(&home, &home.export_secret_subkeys(&primary, ""), now()).unwrap();
    assert!(status.contains(&format!("VALIDSIG {subkey}")), "{status}");
}

#[test]
fn a_revoked_subkey_does_not_sign() {
    let home = GnupgHome::new();
    let primary = home.generate(USER, KeySpec::default());
    home.add_subkey(&primary, KeySpec::default());
    home.revoke_first_subkey(&primary);
    let status = sign_with(&home, &home.export_secret(&[&primary], ""), now()).unwrap();
    assert!(status.contains(&format!("VALIDSIG {primary}")), "{status}");
}

#[test]
fn a_key_signs_only_while_it_is_valid() {
    let home = GnupgHome::new();
    let spec = KeySpec {
        expiry: "2d",
        ..KeySpec::default()
    };
    let primary = home.generate(USER, spec);
    let signer = Signer::openpgp(&home.export_secret(&[&primary], ""), None).unwrap();
    assert!(signer.sign(PAYLOAD, now() + DAY).is_ok());
    for seconds in [now() - DAY, now() + 3 * DAY, -1, i64::from(u32::MAX) + 1] {
        let error = signer.sign(PAYLOAD, seconds).unwrap_err();
        assert!(matches!(error, SignerError::NotValidAt { .. }), "{error}");
    }
}

#[test]
fn bytes_that_are_no_single_openpgp_private_key_are_refused() {
    let home = GnupgHome::new();
    let spec = KeySpec::default();
    let one = home.generate("One <one@example.com>", spec);
    let two = home.generate("Two <two@example.com>", spec);
    let encrypting = KeySpec {
        usage: "cert",
        ..spec
    };
    let mute = home.generate("Mute <mute@example.com>", encrypting);
    let several =
        "multiple entities read from secret 's', could not determine which signing key to use";
    let unreadable = "could not read signing key from secret 's': ";
    let (first, second) = (
        home.export_secret(&[&one], ""),
        home.export_secret(&[&two], ""),
    );
    for (armored, expected) in [
        (home.export_secret(&[&one, &two], ""), several),
        ([first.clone(), second].concat(), several),
        (home.export_public(&one), unreadable),
        (home.export_secret(&[&mute], ""), unreadable),
        (first[..first.len() / 2].to_vec(), unreadable),
        (b"not a key".to_vec(), unreadable),
        (Vec::new(), unreadable),
    ] {
        let error = Signer::openpgp(&armored, None).unwrap_err().in_secret("s");
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn ssh_keygen_accepts_signatures_of_every_kind_of_key() {
    for kind in [
        KeyKind::Ed25519,
        KeyKind::Ecdsa(256),
        KeyKind::Ecdsa(384),
        KeyKind::Ecdsa(521),
        KeyKind::Rsa(2048),
    ] {
        let key = SshKey::generate(kind);
        let signer = Signer::ssh(key.private_key().as_bytes(), None).unwrap();
        let signature = signer.sign(PAYLOAD, 0).unwrap();
        assert!(key.verifies(PAYLOAD, &signature), "{kind:?}");
        assert!(!key.verifies(b"another payload", &signature), "{kind:?}");
    }
}

#[test]
fn an_encrypted_ssh_key_needs_its_passphrase() {
    let key = SshKey::generate_as(KeyKind::Ed25519, KeyFormat::OpenSsh, "correct horse");
    let bytes = key.private_key().into_bytes();
    let signer = Signer::ssh(&bytes, Some(&secret("correct horse"))).unwrap();
    assert!(key.verifies(PAYLOAD, &signer.sign(PAYLOAD, 0).unwrap()));
    let missing = Signer::ssh(&bytes, None).unwrap_err();
    assert_eq!(
        missing.in_secret("s"),
        "can not use passphrase protected signing key without 'password' field present in secret s"
    );
    let wrong = Signer::ssh(&bytes, Some(&secret("wrong horse"))).unwrap_err();
    assert_eq!(
        wrong.in_secret("s"),
        "could not parse SSH signing key from secret 's': the private key cannot be decrypted: the passphrase is wrong"
    );
}

#[test]
fn weak_ssh_keys_are_refused_with_the_texts_of_flux() {
    let short = SshKey::generate(KeyKind::Rsa(1024));
    let error = Signer::ssh(short.private_key().as_bytes(), None).unwrap_err();
    assert_eq!(
        error.in_secret("s"),
        "could not parse SSH signing key from secret 's': RSA key size 1024 bits is below the minimum supported by NewSSHSigner; must be at least 2048"
    );
    let dsa = SshKey::generate(KeyKind::Dsa);
    let error = Signer::ssh(dsa.private_key().as_bytes(), None).unwrap_err();
    assert_eq!(
        error.in_secret("s"),
        "could not parse SSH signing key from secret 's': unsupported SSH signing key algorithm: ssh-dss"
    );
}

#[test]
fn signatures_are_reproducible() {
    let home = GnupgHome::new();
    let fingerprint = home.generate(USER, KeySpec::default());
    let openpgp = Signer::openpgp(&home.export_secret(&[&fingerprint], ""), None).unwrap();
    let ssh = SshKey::generate(KeyKind::Ed25519).private_key();
    let ssh = Signer::ssh(ssh.as_bytes(), None).unwrap();
    let seconds = now();
    for signer in [openpgp, ssh] {
        let signature = signer.sign(PAYLOAD, seconds).unwrap();
        assert_eq!(signature, signer.sign(PAYLOAD, seconds).unwrap());
        assert_ne!(signature, signer.sign(b"another payload", seconds).unwrap());
        assert!(signature.starts_with("-----BEGIN ") && signature.ends_with(" SIGNATURE-----"));
    }
}

#[test]
fn a_signature_names_the_key_that_made_it() {
    let home = GnupgHome::new();
    let openpgp = |name: &str| {
        let fingerprint = home.generate(name, KeySpec::default());
        Signer::openpgp(&home.export_secret(&[&fingerprint], ""), None).unwrap()
    };
    let ssh = || {
        let key = SshKey::generate(KeyKind::Ecdsa(256)).private_key();
        Signer::ssh(key.as_bytes(), None).unwrap()
    };
    let signers = [
        openpgp("One <one@example.com>"),
        openpgp("Two <two@example.com>"),
        ssh(),
        ssh(),
    ];
    for (maker, signer) in signers.iter().enumerate() {
        let signature = signer.sign(PAYLOAD, now()).unwrap();
        for (number, signer) in signers.iter().enumerate() {
            assert_eq!(signer.is_named_in(&signature), number == maker);
        }
        assert!(!signer.is_named_in("no signature"));
    }
}

#[test]
fn debug_shows_a_fingerprint_and_no_secret() {
    let home = GnupgHome::new();
    let fingerprint = home.generate(USER, KeySpec::default());
    let signer = Signer::openpgp(&home.export_secret(&[&fingerprint], ""), None).unwrap();
    assert_eq!(
        format!("{signer:?}"),
        format!("Signer(OpenPgp {})", fingerprint.to_lowercase())
    );
    let key = SshKey::generate(KeyKind::Ed25519);
    let signer = Signer::ssh(key.private_key().as_bytes(), None).unwrap();
    assert_eq!(
        format!("{signer:?}"),
        format!("Signer(Ssh {})", key.fingerprint())
    );
}
