//! The password of a repository of CodeCommit: a signature (SigV4) over its host and path.

use std::time::Duration;

use chrono::DateTime;
use reqsign::aws::Credential;
use reqsign::hash;

use crate::cache::Fetched;
use crate::cloud::clock;
use crate::cloud::git_server::CodeCommit;
use crate::cloud::problem::Problem;
use crate::credential::Credential as Given;

/// How long a signature is good for.
const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// The user and the password for Git, made at `now` (since 1970).
pub(super) fn sign(
    place: &CodeCommit,
    credential: &Credential,
    now: Duration,
) -> Result<Fetched, Problem> {
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let time = DateTime::from_timestamp(seconds, 0).ok_or_else(|| Problem::Variable {
        variable: "the clock".to_owned(),
        detail: "shows no time that can be signed".to_owned(),
    })?;
    let (day, time) = (time.format("%Y%m%d"), time.format("%Y%m%dT%H%M%S"));
    let CodeCommit { region, host, path } = place;
    let request = format!("GIT\n{path}\n\nhost:{host}\n\nhost\n");
    let request = hash::hex_sha256(request.as_bytes());
    let scope = format!("{day}/{region}/codecommit/aws4_request");
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{request}");
    let first = format!("AWS4{}", credential.secret_access_key).into_bytes();
    let key = scope
        .split('/')
        .fold(first, |key, part| hash::hmac_sha256(&key, part.as_bytes()));
    let signature = hash::hex_hmac_sha256(&key, text.as_bytes());
    let key_id = &credential.access_key_id;
    let username = match credential.session_token.as_deref() {
        Some(token) if !token.is_empty() => format!("{key_id}%{token}"),
        _ => key_id.clone(),
    };
    let end = credential
        .expires_in
        .and_then(|end| u64::try_from(end.as_second()).ok());
    let left = end.map_or(LIFETIME, |end| clock::until(Duration::from_secs(end)));
    Ok(Fetched {
        credential: Given::Basic {
            username,
            password: format!("{time}Z{signature}").into(),
        },
        lifetime: LIFETIME.min(left),
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn signed(token: Option<&str>) -> (String, String) {
        let place = CodeCommit {
            region: "us-east-1".to_owned(),
            host: "git-codecommit.us-east-1.amazonaws.com".to_owned(),
            path: "/v1/repos/app".to_owned(),
        };
        let credential = Credential {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: token.map(str::to_owned),
            expires_in: None,
        };
        // 2026-01-02T03:04:05Z
        let fetched = sign(&place, &credential, Duration::from_secs(1_767_323_045)).unwrap();
        assert_eq!(fetched.lifetime, Duration::from_secs(900));
        let Given::Basic { username, password } = fetched.credential else {
            unreachable!("CodeCommit takes a user and a password");
        };
        (username, password.expose_secret().to_owned())
    }

    #[test]
    fn the_password_is_a_signature_over_host_and_path() {
        // Made with Python's hmac from the description of SigV4 and the canonical request of git-remote-codecommit.
        let signature = "63866f1e90ca3638ec11820a0648898caf0a1682b2e023227ca26d2c63ff6ec3";
        let expected = format!("20260102T030405Z{signature}");
        assert_eq!(signed(None), ("AKIDEXAMPLE".to_owned(), expected.clone()));
        let with_token = ("AKIDEXAMPLE%token".to_owned(), expected);
        assert_eq!(signed(Some("token")), with_token);
    }
}
