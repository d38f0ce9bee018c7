use std::fs::read_to_string;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use proptest::prelude::*;
use russh::keys::PublicKeyOrCertificate;
use russh::keys::ssh_key::{Algorithm, Certificate, PublicKey};
use sha1::Sha1;
use test_support::ssh_keys::{KeyKind, SshKey, hash_known_hosts};

use super::{Host, KnownHosts, KnownHostsError, Verdict};

/// A key of ed25519 and another one, as the third field of a line.
const KEYS: [&str; 2] = [
    "AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti",
    "AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio",
];

fn line(hosts: &str, key: usize) -> String {
    format!("{hosts} ssh-ed25519 {}", KEYS[key])
}

fn public(text: &str) -> PublicKeyOrCertificate {
    PublicKey::from_openssh(text).unwrap().into()
}

fn judge(text: &str, host: (&str, u16), key: usize) -> Verdict {
    let offered = public(&format!("ssh-ed25519 {}", KEYS[key]));
    KnownHosts::parse(text)
        .unwrap()
        .judge(&Host::new(host.0, host.1), &offered, 0)
}

fn name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Trusted => "trusted",
        Verdict::Unknown { .. } => "unknown",
        Verdict::Mismatch { .. } => "mismatch",
        Verdict::Revoked { .. } => "revoked",
        Verdict::BadCertificate { .. } => "bad certificate",
    }
}

#[test]
fn entries_name_hosts_as_openssh_reads_them() {
    let (git, port) = (("git.example.com", 22), ("git.example.com", 2222));
    for (hosts, host, expected) in [
        ("git.example.com", git, "trusted"),
        ("GIT.Example.com", git, "trusted"),
        ("git.example.com", ("Git.EXAMPLE.com", 22), "trusted"),
        ("git.example.com", port, "unknown"),
        ("[git.example.com]:2222", port, "trusted"),
        ("[git.example.com]:2222", git, "unknown"),
        ("[git.example.com]:22", git, "trusted"),
        ("*", git, "trusted"),
        ("*", port, "trusted"),
        ("*.example.com", git, "trusted"),
        ("*.example.com", ("example.com", 22), "unknown"),
        ("g?t.example.com", git, "trusted"),
        ("g?it.example.com", git, "unknown"),
        ("*.example.com", port, "unknown"),
        ("[*.example.com]:2222", port, "trusted"),
        ("[*.example.com]:*", port, "trusted"),
        ("one,two,git.example.com", git, "trusted"),
        ("*.example.com,!git.example.com", git, "unknown"),
        ("!git.example.com,*.example.com", git, "unknown"),
        ("!other.example.com,*.example.com", git, "trusted"),
        ("!*.org,*", git, "trusted"),
        ("!git.example.com", ("other", 22), "unknown"),
        ("192.0.2.1", ("192.0.2.1", 22), "trusted"),
        ("::1", ("::1", 22), "trusted"),
        ("[::1]:2222", ("::1", 2222), "trusted"),
        ("git.example.com,", git, "trusted"),
    ] {
        let verdict = judge(&line(hosts, 0), host, 0);
        assert_eq!(name(&verdict), expected, "{hosts} {host:?}");
    }
}

#[test]
fn files_are_read_whatever_their_blanks_and_line_ends() {
    let entry = line("git.example.com", 0);
    for text in [
        format!("{entry}\r\n"),
        format!("\u{feff}{entry}"),
        format!("  {entry}  "),
        entry.replace(' ', "\t"),
        entry.replace(' ', "  \t"),
        format!("\n\n# a comment\n   # another\n{entry} a comment # with a hash\n\n"),
        format!("{}\n{entry}", line("other", 1)),
        format!("git.example.com 1024 35 1234567\n{entry}"),
        format!("git.example.com sk-ssh-ed25519@openssh.com AAAA\n{entry}"),
    ] {
        let verdict = judge(&text, ("git.example.com", 22), 0);
        assert_eq!(verdict, Verdict::Trusted, "{text:?}");
    }
}

#[test]
fn a_text_without_a_key_is_an_error() {
    for text in ["", "\n\r\n", "# nothing", "host 1024 35 1234"] {
        assert_eq!(
            KnownHosts::parse(text).unwrap_err(),
            KnownHostsError::Empty,
            "{text:?}"
        );
    }
    let cut = line("host", 0);
    for bad in [
        "host".to_owned(),
        "host ssh-ed25519".to_owned(),
        "@revoked host ssh-ed25519".to_owned(),
        format!("@unheard-of {cut}"),
        cut[..cut.len() - 5].to_owned(),
        format!("host ssh-rsa {}", KEYS[0]),
        format!("|1|short ssh-ed25519 {}", KEYS[0]),
    ] {
        let text = format!("# first\n{bad}\n");
        let error = KnownHosts::parse(&text).unwrap_err();
        assert_eq!(error, KnownHostsError::Line { line: 2 }, "{bad}");
    }
}

#[test]
fn one_host_may_have_several_keys() {
    let text = [line("host", 0), line("host,other", 1)].join("\n");
    let host = ("host", 22);
    assert_eq!(judge(&text, host, 0), Verdict::Trusted);
    assert_eq!(judge(&text, host, 1), Verdict::Trusted);
    let Verdict::Mismatch { expected, found } = judge(&text, ("other", 22), 0) else {
        panic!("the key belongs to another host");
    };
    assert_eq!(expected.len(), 1);
    assert!(
        found.starts_with("ssh-ed25519 SHA256:") && expected[0].starts_with("ssh-ed25519 SHA256:")
    );
    assert_ne!(found, expected[0]);
}

#[test]
fn a_revoked_key_is_refused_for_every_host() {
    for revoked in ["@revoked host", "@revoked *", "@revoked elsewhere"] {
        let text = [line("host", 0), line(revoked, 0), line("host", 1)].join("\n");
        assert_eq!(name(&judge(&text, ("host", 22), 0)), "revoked", "{revoked}");
        assert_eq!(name(&judge(&text, ("host", 22), 1)), "trusted", "{revoked}");
    }
    let only = line("@revoked host", 0);
    assert_eq!(name(&judge(&only, ("host", 22), 1)), "unknown");
}

#[test]
fn an_authority_is_no_host_key() {
    let text = line("@cert-authority host", 0);
    assert_eq!(name(&judge(&text, ("host", 22), 0)), "unknown");
}

#[test]
fn the_known_types_are_asked_for_first() {
    let rsa = SshKey::generate(KeyKind::Rsa(2048));
    let ecdsa = SshKey::generate(KeyKind::Ecdsa(384));
    let text = rsa.known_hosts_line("host")
        + &ecdsa.known_hosts_line("host")
        + &line("@cert-authority ca", 0);
    let known = KnownHosts::parse(&text).unwrap();
    let offer = known.offer(&Host::new("host", 22));
    let names: Vec<&str> = offer.keys.iter().map(Algorithm::as_str).collect();
    assert_eq!(
        names,
        [
            "ecdsa-sha2-nistp384",
            "rsa-sha2-512",
            "rsa-sha2-256",
            "ssh-ed25519",
            "ecdsa-sha2-nistp256",
            "ecdsa-sha2-nistp521",
        ]
    );
    assert!(offer.certificates.is_empty());
    let offer = known.offer(&Host::new("ca", 22));
    assert_eq!(offer.keys, offer.certificates);
}

#[test]
fn names_hashed_by_ssh_keygen_are_found() {
    let text = [
        line("git.example.com", 0),
        line("[git.example.com]:2222", 1),
    ]
    .join("\n");
    let hashed = hash_known_hosts(&text);
    assert!(!hashed.contains("example"));
    for (host, key, expected) in [
        (("git.example.com", 22), 0, "trusted"),
        (("git.example.com", 22), 1, "mismatch"),
        (("git.example.com", 2222), 1, "trusted"),
        (("git.example.com", 2223), 1, "unknown"),
        (("example.com", 22), 0, "unknown"),
    ] {
        assert_eq!(name(&judge(&hashed, host, key)), expected, "{host:?}");
    }
}

/// A host's certificate, made with more arguments of `ssh-keygen -s`.
fn certificate(host: &SshKey, authority: &SshKey, arguments: &[&str]) -> Certificate {
    let file = host.certify(authority, arguments);
    Certificate::from_openssh(&read_to_string(file).unwrap()).unwrap()
}

/// The verdict about a fresh key with a certificate, where the authority is known for example.com.
fn judge_certified(host: (&str, u16), known: bool, arguments: &[&str]) -> Verdict {
    // Only RSA keys can sign over SHA-1.
    let kind = if arguments.contains(&"ssh-rsa") {
        KeyKind::Rsa(2048)
    } else {
        KeyKind::Ed25519
    };
    let (key, authority) = (SshKey::generate(KeyKind::Ed25519), SshKey::generate(kind));
    let listed = if known { &authority } else { &key };
    let patterns = "@cert-authority *.example.com,[*.example.com]:2222";
    let known = KnownHosts::parse(&listed.known_hosts_line(patterns)).unwrap();
    let certificate = certificate(&key, &authority, arguments);
    known.judge(
        &Host::new(host.0, host.1),
        &certificate.into(),
        1_700_000_000,
    )
}

#[test]
fn a_certificate_is_for_its_principals() {
    let both = [
        "-h",
        "-n",
        "a.example.com,B.example.com",
        "-V",
        "always:forever",
    ];
    let any = ["-h", "-V", "always:forever"];
    for (host, known, arguments, expected) in [
        (("a.example.com", 22), true, &both[..], "trusted"),
        (("b.example.com", 22), true, &both, "trusted"),
        (("a.example.com", 2222), true, &both, "trusted"),
        (("c.example.com", 22), true, &both, "bad certificate"),
        (("c.example.com", 22), true, &any, "trusted"),
        (("a.example.org", 22), true, &any, "unknown"),
        (("a.example.com", 22), false, &both, "unknown"),
    ] {
        let verdict = judge_certified(host, known, arguments);
        assert_eq!(name(&verdict), expected, "{host:?} {arguments:?}");
    }
}

#[test]
fn a_certificate_must_hold_in_all_its_parts() {
    let always = "always:forever";
    for (arguments, expected) in [
        (&["-n", "a.example.com", "-V", always][..], "user's"),
        (
            &["-h", "-n", "other.example.com", "-V", always],
            "other.example.com",
        ),
        (&["-h", "-V", "20200101:20210101"], "valid from"),
        (&["-h", "-V", "20400101:20410101"], "valid from"),
        (&["-h", "-V", always, "-O", "critical:odd=1"], "'odd'"),
        (&["-h", "-V", always, "-t", "ssh-rsa"], "SHA-1"),
    ] {
        let verdict = judge_certified(("a.example.com", 22), true, arguments);
        let Verdict::BadCertificate { problem } = verdict else {
            panic!("{arguments:?}: {verdict:?}");
        };
        assert!(problem.contains(expected), "{problem}");
    }
}

#[test]
fn a_certificate_with_a_broken_signature_is_refused() {
    let (host, authority) = (
        SshKey::generate(KeyKind::Ed25519),
        SshKey::generate(KeyKind::Ed25519),
    );
    let known = KnownHosts::parse(&authority.known_hosts_line("@cert-authority *")).unwrap();
    let intact = certificate(
        &host,
        &authority,
        &["-h", "-n", "good.example", "-V", "always:forever"],
    );
    let mut bytes = intact.to_bytes().unwrap();
    let at = bytes
        .windows(12)
        .position(|window| window == b"good.example")
        .unwrap();
    bytes[at..at + 12].copy_from_slice(b"evil.example");
    let forged = Certificate::from_bytes(&bytes).unwrap();
    assert_eq!(
        known.judge(&Host::new("good.example", 22), &intact.into(), 1),
        Verdict::Trusted
    );
    let verdict = known.judge(&Host::new("evil.example", 22), &forged.into(), 1);
    assert_eq!(name(&verdict), "bad certificate");
}

#[test]
fn a_certificate_is_worth_no_more_than_its_keys() {
    let (host, authority) = (
        SshKey::generate(KeyKind::Ed25519),
        SshKey::generate(KeyKind::Ed25519),
    );
    let arguments = ["-h", "-V", "always:forever"];
    let judge = |text: &str| {
        let certificate = certificate(&host, &authority, &arguments);
        let known = KnownHosts::parse(text).unwrap();
        known.judge(&Host::new("host", 22), &certificate.into(), 1)
    };
    let trust = authority.known_hosts_line("@cert-authority host");
    for revoked in [&host, &authority] {
        let text = trust.clone() + &revoked.known_hosts_line("@revoked *");
        assert_eq!(name(&judge(&text)), "revoked");
    }
    // Without the authority the certificate is just the key in it.
    assert_eq!(judge(&host.known_hosts_line("host")), Verdict::Trusted);
    assert_eq!(
        name(&judge(&authority.known_hosts_line("host"))),
        "mismatch"
    );
}

/// Whether a pattern matches, in the plainest way.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), None) => matches(rest, text),
        (Some((b'*', rest)), Some((_, tail))) => matches(rest, text) || matches(pattern, tail),
        (Some((b'?', rest)), Some((_, tail))) => matches(rest, tail),
        (Some((byte, rest)), Some((first, tail))) => byte == first && matches(rest, tail),
        _ => false,
    }
}

proptest! {
    #[test]
    fn a_hashed_name_means_what_the_plain_one_does(
        host in "[a-c]{1,2}(\\.[a-c])?",
        port in prop::sample::select(vec![22_u16, 2222]),
        asked in "[a-c]{1,2}(\\.[a-c])?",
        asked_port in prop::sample::select(vec![22_u16, 2222]),
        same in any::<bool>(),
        key in 0..2_usize,
        salt in prop::collection::vec(any::<u8>(), 20),
    ) {
        let written = if port == 22 { host.clone() } else { format!("[{host}]:{port}") };
        let hash = Hmac::<Sha1>::new_from_slice(&salt).unwrap().chain_update(&written).finalize();
        let hashed = format!(
            "|1|{}|{}",
            BASE64_STANDARD.encode(&salt),
            BASE64_STANDARD.encode(hash.into_bytes())
        );
        let asked = if same { (host.as_str(), port) } else { (asked.as_str(), asked_port) };
        prop_assert_eq!(judge(&line(&written, 0), asked, key), judge(&line(&hashed, 0), asked, key));
    }

    #[test]
    fn patterns_match_as_their_definition_says(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
        let expected = matches(pattern.as_bytes(), text.as_bytes());
        prop_assert_eq!(super::host::is_match(pattern.as_bytes(), text.as_bytes()), expected);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,80}", hosts in "[!*?a|1@\\[\\]:,]{1,10}") {
        KnownHosts::parse(&text).ok();
        if let Ok(known) = KnownHosts::parse(&line(&hosts, 0)) {
            known.offer(&Host::new("a", 22));
        }
    }
}
