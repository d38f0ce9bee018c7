//! The secrets of one remote, taken out of what its server says.
//!
//! A server may send back what it was shown: proxies quote headers, and hooks print their environment. Such words reach
//! errors and reports, which end in logs and in the status of objects.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use secrecy::{ExposeSecret as _, SecretString};

use crate::credentials::Credentials;
use crate::proxy::Proxy;

/// The shortest text that is taken for a secret: a shorter one is in many words by chance.
const MIN_CHARS: usize = 4;

/// A user name of so many characters is no name: some servers take a token there, and CodeCommit takes one behind a `%`.
const LONGEST_NAME: usize = 20;

/// The secrets of one remote, the longest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets(Arc<[SecretString]>);

impl Secrets {
    /// What must never be repeated of these credentials, and of the user of a proxy: what a proxy answers looks like a
    /// server's words.
    pub(crate) fn of(credentials: &Credentials, proxy: Option<&Proxy>) -> Self {
        let mut texts = match credentials {
            Credentials::Anonymous => Vec::new(),
            Credentials::Basic { username, password } => of_basic(username, password),
            Credentials::Bearer(token) => vec![token.expose_secret().to_owned()],
            Credentials::Ssh(identity) => {
                let passphrase = identity.passphrase.iter();
                passphrase
                    .map(|text| text.expose_secret().to_owned())
                    .collect()
            }
        };
        if let Some((username, password)) = proxy.and_then(Proxy::user) {
            texts.extend(of_basic(username, password));
        }
        texts.retain(|text| text.chars().count() >= MIN_CHARS);
        // One may be a part of another, and must not break it.
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self(texts.into_iter().map(SecretString::from).collect())
    }

    /// `text` with `***` in the place of each secret, whether it is written as it is or as URLs, forms and JSON write it.
    pub(crate) fn hide(&self, text: &str) -> String {
        let mut rest = text.as_bytes();
        let mut visible = Vec::with_capacity(rest.len());
        while let Some((first, others)) = rest.split_first() {
            let mut secrets = self
                .0
                .iter()
                .map(|secret| secret.expose_secret().as_bytes());
            if let Some(length) = secrets.find_map(|secret| matched(secret, rest)) {
                visible.extend_from_slice(b"***");
                rest = &rest[length..];
            } else {
                visible.push(*first);
                rest = others;
            }
        }
        String::from_utf8_lossy(&visible).into_owned()
    }
}

/// A password, the header that it is sent in, and a user name that is a token or holds one.
fn of_basic(username: &str, password: &SecretString) -> Vec<String> {
    let password = password.expose_secret();
    let tokens = [username]
        .into_iter()
        .chain(username.split_once('%').map(|(_, token)| token));
    let mut texts: Vec<String> = tokens
        .filter(|token| token.chars().count() >= LONGEST_NAME)
        .map(str::to_owned)
        .collect();
    if !password.is_empty() || !texts.is_empty() {
        let header = BASE64_STANDARD.encode(format!("{username}:{password}"));
        // Some leave the padding out.
        texts.push(header.trim_end_matches('=').to_owned());
    }
    texts.push(password.to_owned());
    texts
}

/// How many bytes of `text` are the secret, if it starts with it.
fn matched(secret: &[u8], text: &[u8]) -> Option<usize> {
    if text.starts_with(secret) {
        return Some(secret.len());
    }
    secret.iter().try_fold(0, |length, byte| {
        Some(length + written(*byte, &text[length..])?)
    })
}

/// How many bytes of `text` stand for `byte`: itself, `%` and two digits, `+` for a space, or itself after a `\`.
fn written(byte: u8, text: &[u8]) -> Option<usize> {
    match text {
        [b'%', high, low, ..] if hex(*high, *low) == Some(byte) => Some(3),
        [b'\\', escaped, ..] if *escaped == byte => Some(2),
        [found, ..] if *found == byte || (*found == b'+' && byte == b' ') => Some(1),
        _ => None,
    }
}

/// The byte of two hexadecimal digits.
fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |digit| char::from(digit).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::SshIdentity;

    fn basic(password: &str) -> Secrets {
        let credentials = Credentials::Basic {
            username: "bot".into(),
            password: password.into(),
        };
        Secrets::of(&credentials, None)
    }

    #[test]
    fn every_form_of_a_password_is_hidden() {
        let secrets = basic("p@ss w-rd");
        let header = BASE64_STANDARD.encode("bot:p@ss w-rd");
        for (text, expected) in [
            ("p@ss w-rd", "***"),
            ("is p@ss w-rdp@ss w-rd.", "is ******."),
            ("p%40ss%20w%2Drd", "***"),
            ("p%40ss%20w-rd", "***"),
            ("p%40ss+w-rd", "***"),
            ("p%40ss w%2drd", "***"),
            ("p@ss", "p@ss"),
            ("p%41ss w-rd, p%4", "p%41ss w-rd, p%4"),
        ] {
            assert_eq!(secrets.hide(text), expected);
        }
        assert!(!secrets.hide(&header).contains(header.trim_end_matches('=')));
    }

    #[test]
    fn what_escapes_is_hidden_too() {
        for (password, text) in [
            ("a\\b\"c", r#"a\\b\"c"#),
            ("a%41b", "a%41b"),
            ("a%41b", "a%2541b"),
            ("pässwörd", "pässw%C3%B6rd"),
        ] {
            assert_eq!(basic(password).hide(&format!("ö{text}ö")), "ö***ö");
        }
    }

    #[test]
    fn tokens_and_passphrases_are_hidden() {
        let ssh = Credentials::Ssh(SshIdentity {
            private_key: "key".into(),
            passphrase: Some("t0ken".into()),
            known_hosts: String::new(),
        });
        for credentials in [Credentials::Bearer("t0ken".into()), ssh] {
            assert_eq!(Secrets::of(&credentials, None).hide("a t0ken!"), "a ***!");
        }
    }

    #[test]
    fn tokens_in_the_place_of_user_names_are_hidden() {
        let token = "a-token-of-many-characters";
        for username in [token.to_owned(), format!("AKID%{token}")] {
            let credentials = Credentials::Basic {
                username: username.clone(),
                password: "".into(),
            };
            let secrets = Secrets::of(&credentials, None);
            let header = BASE64_STANDARD.encode(format!("{username}:"));
            for text in [token, &username, &header] {
                let hidden = secrets.hide(text);
                assert!(hidden.contains("***"), "{hidden}");
                assert!(!hidden.contains("token"), "{hidden}");
            }
        }
        assert_eq!(basic("s3cret").hide("bot"), "bot");
    }

    #[test]
    fn what_is_no_secret_stays() {
        for secrets in [Secrets::default(), basic(""), basic("a")] {
            assert_eq!(secrets.hide("a password"), "a password");
        }
    }

    #[test]
    fn a_secret_within_another_does_not_break_it() {
        // The password is a part of the header's text too.
        let secrets = Secrets(["abcdefgh", "cdef"].map(SecretString::from).into());
        assert_eq!(secrets.hide("abcdefgh cdef"), "*** ***");
        assert!(!format!("{secrets:?}").contains("cdef"));
    }
}
