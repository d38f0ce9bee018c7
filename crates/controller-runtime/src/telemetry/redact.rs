//! The last fence between secrets and logs. Nothing above it logs a secret on purpose.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// The forms that a credential takes on its way: in headers, in URLs, in queries, and tokens that name their own kind.
/// What a group holds is kept.
const FORMS: [&str; 5] = [
    r"\b((?i:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}",
    r"(://)[^/@\s]*:[^/@\s]*@",
    r"\b((?i:password|passwd|secret|token|authorization|signature|credential)=)[^&\s]{4,}",
    r"\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]*",
    r"\b(?:ghp|gho|ghs|ghu|github_pat|glpat|dckr_pat)[_-][A-Za-z0-9_-]{8,}",
];

static SECRETS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(&FORMS.join("|")).expect("the forms are regular expressions"));

/// `text` with `***` in the place of what looks like a secret.
pub(super) fn redact(text: &str) -> Cow<'_, str> {
    SECRETS.replace_all(text, |found: &Captures<'_>| {
        let kept = found.iter().skip(1).flatten().next();
        format!("{}***", kept.map_or("", |kept| kept.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked() {
        for (text, masked) in [
            (
                "Authorization: Bearer abcdefgh12345",
                "Authorization: Bearer ***",
            ),
            (
                "authorization: basic dXNlcjpwYXNz",
                "authorization: basic ***",
            ),
            (
                "GET https://user:pa55@ghcr.io/v2/",
                "GET https://***ghcr.io/v2/",
            ),
            (
                "/token?service=x&token=abcd1234&a=b",
                "/token?service=x&token=***&a=b",
            ),
            ("got eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln.", "got ***."),
            ("ghp_0123456789abcdef is bad", "*** is bad"),
        ] {
            assert_eq!(redact(text), masked);
        }
    }

    #[test]
    fn other_text_stays() {
        for text in [
            "successful scan: found 1,000 tags with checksum 3012519456",
            "basic facts",
            "failed to get token: 401 Unauthorized",
            "https://ghcr.io/v2/stefanprodan/podinfo/tags/list?n=1000",
            "sha256:eyJ0",
            "no secret=",
        ] {
            assert_eq!(redact(text), text);
        }
    }
}
