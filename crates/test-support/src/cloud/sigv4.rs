//! Signatures of AWS, version 4, checked.

use sha2::{Digest as _, Sha256};

use super::{Call, expect};

/// The block of SHA-256, in bytes.
const BLOCK: usize = 64;

/// Keys that a request may be signed with: the access key, its secret and its session token.
pub(super) type Key = (&'static str, &'static str, Option<&'static str>);

/// HMAC-SHA256, RFC 2104. Our keys fit into a block.
pub(super) fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    assert!(key.len() <= BLOCK, "the keys of these tests are short");
    let padded = |with: u8| -> Vec<u8> {
        let rest = std::iter::repeat_n(0, BLOCK - key.len());
        key.iter()
            .copied()
            .chain(rest)
            .map(|byte| byte ^ with)
            .collect()
    };
    let inner = Sha256::digest([padded(0x36).as_slice(), message].concat());
    Sha256::digest([padded(0x5c).as_slice(), &inner].concat()).to_vec()
}

/// Whether this is the user name and the password that CodeCommit expects for a repository, signed with one of `keys`.
pub(super) fn is_code_commit(
    (host, path): (&str, &str),
    (username, password): (&str, &str),
    region: &str,
    keys: &[Key],
) -> bool {
    let (id, session) = username
        .split_once('%')
        .map_or((username, None), |(id, session)| (id, Some(session)));
    let key = keys
        .iter()
        .find(|(known, _, known_session)| *known == id && *known_session == session);
    let (Some((_, secret, _)), Some((time, given))) = (key, password.split_once('Z')) else {
        return false;
    };
    let request = format!("GIT\n{path}\n\nhost:{host}\n\nhost\n");
    let day = time.get(..8).unwrap_or_default();
    let scope = format!("{day}/{region}/codecommit/aws4_request");
    let request = hex(&Sha256::digest(request));
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{request}");
    given == signed(&to_sign, &scope, secret)
}

/// The signature of a text by the key of a scope, which is made of its parts, one after the other.
fn signed(text: &str, scope: &str, secret: &str) -> String {
    let first = format!("AWS4{secret}").into_bytes();
    let key = scope
        .split('/')
        .fold(first, |key, part| hmac(&key, part.as_bytes()));
    hex(&hmac(&key, text.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// A part of the `Authorization` header.
fn part(call: &Call<'_>, name: &str) -> String {
    let header = call.header("authorization");
    let (_, rest) = header.split_once(name).unwrap_or_default();
    rest.split([',', ' ']).next().unwrap_or_default().to_owned()
}

/// Which of `keys` signed the request for `service` in `region`; body, host, target and session token included.
pub(super) fn signer(
    call: &Call<'_>,
    service: &str,
    region: &str,
    keys: &[Key],
) -> Result<&'static str, String> {
    let (credential, signed) = (part(call, "Credential="), part(call, "SignedHeaders="));
    let (id, scope) = credential.split_once('/').unwrap_or_default();
    let key = keys.iter().find(|(known, _, _)| *known == id);
    let &(id, secret, session) = key.ok_or_else(|| format!("unknown access key {id:?}"))?;
    let hash = hex(&Sha256::digest(call.body));
    let day = call.header("x-amz-date").get(..8).unwrap_or_default();
    let wanted_scope = format!("{day}/{region}/{service}/aws4_request");
    let given_session = call.header("x-amz-security-token");
    let given_hash = call.header("x-amz-content-sha256");
    expect(
        "the session token",
        given_session,
        session.unwrap_or_default(),
    )?;
    expect("the body's hash", given_hash, &hash)?;
    expect("the scope", scope, &wanted_scope)?;
    for name in ["host", "x-amz-date", "x-amz-target", "x-amz-content-sha256"] {
        if !signed.split(';').any(|known| known == name) {
            return Err(format!("{name} is not signed"));
        }
    }
    let expected = signature(call, (&signed, scope, &hash), secret);
    expect("the signature", &part(call, "Signature="), &expected)?;
    Ok(id)
}

/// The signature over these headers and the body's hash.
fn signature(call: &Call<'_>, (signed, scope, hash): (&str, &str, &str), secret: &str) -> String {
    let headers = signed.split(';').fold(String::new(), |text, name| {
        text + &format!("{name}:{}\n", call.header(name).trim())
    });
    let canonical = format!(
        "{}\n{}\n{}\n{headers}\n{signed}\n{hash}",
        call.method,
        call.uri.path(),
        call.uri.query().unwrap_or_default()
    );
    let date = call.header("x-amz-date");
    let canonical = hex(&Sha256::digest(canonical));
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{canonical}");
    self::signed(&to_sign, scope, secret)
}
