//! What a request carries that must not come back in a text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use registry_client::Proxy;
use secrecy::{ExposeSecret as _, SecretString};
use url::form_urlencoded;

/// The shortest password that is taken out: a shorter one is in many words by chance.
const MIN_CHARS: usize = 4;

/// Headers whose values are secrets.
const HEADERS: [&str; 4] = [
    "authorization",
    "x-amz-security-token",
    "x-aws-ec2-metadata-token",
    "x-identity-header",
];

/// Fields of forms and of JSON objects whose values are secrets.
const FIELDS: [&str; 7] = [
    "WebIdentityToken",
    "access_token",
    "assertion",
    "client_assertion",
    "client_secret",
    "refresh_token",
    "subject_token",
];

/// All secrets in a request.
pub(super) fn secrets_of(request: &Request<Bytes>) -> Vec<String> {
    let values = HEADERS
        .iter()
        .flat_map(|name| request.headers().get_all(*name));
    let values = values.filter_map(|value| value.to_str().ok());
    // With the scheme and without.
    let headers = values.flat_map(|value| [value, value.rsplit(' ').next().unwrap_or_default()]);
    let mut secrets: Vec<String> = headers.map(str::to_owned).collect();
    let form = form_urlencoded::parse(request.body());
    let form = form.filter(|(name, _)| FIELDS.contains(&name.as_ref()));
    secrets.extend(form.map(|(_, value)| value.into_owned()));
    let json: Option<serde_json::Value> = serde_json::from_slice(request.body()).ok();
    let fields = FIELDS
        .iter()
        .filter_map(|name| json.as_ref()?.get(name)?.as_str());
    secrets.extend(fields.map(str::to_owned));
    secrets.retain(|secret| !secret.is_empty());
    secrets
}

/// What a proxy is shown of its user, which it may repeat in its answers.
pub(super) fn secrets_of_proxy(proxy: &Proxy) -> Vec<SecretString> {
    let (username, password) = proxy.user();
    let password = password.expose_secret();
    let header = STANDARD.encode(format!("{username}:{password}"));
    let texts = [header.trim_end_matches('='), password].into_iter();
    let texts = texts.filter(|text| text.chars().count() >= MIN_CHARS);
    texts.map(SecretString::from).collect()
}

/// The text without these secrets.
pub(super) fn scrub(text: &str, secrets: &[String]) -> String {
    let mut clean = text.to_owned();
    for secret in secrets {
        clean = clean.replace(secret.as_str(), "***");
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_headers_forms_and_json_are_found() {
        for (header, body) in [
            (Some(("authorization", "Bearer s3cret")), ""),
            (Some(("x-aws-ec2-metadata-token", "s3cret")), ""),
            (None, "Action=A&WebIdentityToken=s3cret&RoleArn=arn"),
            (None, "client_assertion=s3cret"),
            (None, r#"{"refresh_token": "s3cret", "grant_type": "x"}"#),
        ] {
            let mut request = Request::new(Bytes::from_static(body.as_bytes()));
            if let Some((name, value)) = header {
                request.headers_mut().insert(name, value.parse().unwrap());
            }
            let text = scrub("a s3cret and Bearer s3cret of arn", &secrets_of(&request));
            assert!(!text.contains("s3cret"), "{text}");
            assert!(text.contains("of arn"), "{text}");
        }
    }
}
