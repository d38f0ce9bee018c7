use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;

use super::*;

/// 2026-01-01T00:00:00Z
const NOW: u64 = 1_767_225_600;

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW)
}

#[test]
fn the_next_page_is_the_first_target() {
    for (value, expected) in [
        (
            "</v2/a/tags/list?n=1>; rel=\"next\"",
            Some("/v2/a/tags/list?n=1"),
        ),
        ("<https://r.io/v2/a?x=1>", Some("https://r.io/v2/a?x=1")),
        ("<a>; rel=\"prev\", <b>; rel=\"next\"", Some("a")),
        ("junk < /a > junk", Some("/a")),
        ("<>", None),
        ("</v2/a", None),
        ("/v2/a>", None),
        ("", None),
    ] {
        assert_eq!(next_page(value), expected, "{value}");
    }
}

#[test]
fn retry_after_takes_seconds_and_dates() {
    for (value, expected) in [
        ("0", Some(0)),
        (" 120 ", Some(120)),
        ("Thu, 01 Jan 2026 00:00:30 GMT", Some(30)),
        ("Thursday, 01-Jan-26 00:01:00 GMT", Some(60)),
        ("Wed, 31 Dec 2025 23:59:59 GMT", Some(0)),
        ("1767225630", Some(30)),
        ("999999999", Some(86_400)),
        ("18446744073709551615", Some(86_400)),
        ("Fri, 01 Jan 2027 00:00:00 GMT", Some(86_400)),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
    ] {
        let expected = expected.map(Duration::from_secs);
        assert_eq!(retry_after(value, now()), expected, "{value}");
    }
}

fn shown(value: &str) -> String {
    let show = |challenge: &Challenge| {
        let parameters: Vec<String> = challenge
            .parameters
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        format!("{}({})", challenge.scheme, parameters.join(" "))
    };
    let all: Vec<String> = challenges(value).iter().map(show).collect();
    all.join(" ")
}

#[test]
fn challenges_are_read_in_every_shape() {
    for (value, expected) in [
        ("Basic", "basic()"),
        ("Basic realm=\"a b\"", "basic(realm=a b)"),
        (
            "Bearer realm=\"https://a/t?x=1,2\",service=\"s\",scope=\"repository:a/b:pull,push\"",
            "bearer(realm=https://a/t?x=1,2 service=s scope=repository:a/b:pull,push)",
        ),
        (
            "BEARER Realm = https://a/t , Service=s",
            "bearer(realm=https://a/t service=s)",
        ),
        (
            "Basic realm=x, Bearer realm=y",
            "basic(realm=x) bearer(realm=y)",
        ),
        ("Negotiate, Basic", "negotiate() basic()"),
        ("Bearer realm=\"a\\\"b\"", "bearer(realm=a\"b)"),
        ("Bearer realm=\"unclosed", "bearer(realm=unclosed)"),
        ("realm=\"x\"", ""),
        (",, ,", ""),
        ("", ""),
    ] {
        assert_eq!(shown(value), expected, "{value}");
    }
}

fn limit_of(headers: &[(&str, &'static str)]) -> Option<(u64, u64)> {
    let headers: HashMap<&str, &'static str> = headers.iter().copied().collect();
    let limit = rate_limit(&|name| headers.get(name).copied(), now())?;
    Some((limit.remaining, limit.renewed_in.as_secs()))
}

#[test]
fn rate_limits_of_the_field_are_understood() {
    let docker_hub = [
        ("ratelimit-limit", "100;w=21600"),
        ("ratelimit-remaining", "0;w=21600"),
    ];
    assert_eq!(limit_of(&docker_hub), Some((0, 216)));
    let no_limit = [("ratelimit-remaining", "0;w=21600")];
    assert_eq!(limit_of(&no_limit), Some((0, 60)));
    let short_window = [("ratelimit-remaining", "0;w=5")];
    assert_eq!(limit_of(&short_window), Some((0, 5)));
    let github = [
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "1767225690"),
    ];
    assert_eq!(limit_of(&github), Some((0, 90)));
    let milliseconds = [
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "1767225607000"),
    ];
    assert_eq!(limit_of(&milliseconds), Some((0, 7)));
    let seconds = [("ratelimit-remaining", "3"), ("ratelimit-reset", "50")];
    assert_eq!(limit_of(&seconds), Some((3, 50)));
    let passed = [
        ("ratelimit-remaining", "0"),
        ("ratelimit-reset", "1767225000"),
    ];
    assert_eq!(limit_of(&passed), Some((0, 0)));
    let old_draft = [("ratelimit", "limit=100, remaining=0, reset=5")];
    assert_eq!(limit_of(&old_draft), Some((0, 5)));
    let new_draft = [("ratelimit", "\"burst\";r=7;t=1, \"daily\";r=0;t=30")];
    assert_eq!(limit_of(&new_draft), Some((0, 30)));
    let bare = [("x-ratelimit-remaining", "0")];
    assert_eq!(limit_of(&bare), Some((0, 60)));
    let for_ever = [
        ("ratelimit-remaining", "0"),
        ("ratelimit-reset", "999999999"),
    ];
    assert_eq!(limit_of(&for_ever), Some((0, 86_400)));
}

#[test]
fn what_is_no_rate_limit_is_none() {
    for headers in [
        [("ratelimit-remaining", "many")],
        [("ratelimit-remaining", "")],
        [("ratelimit-limit", "100")],
        [("ratelimit", "nonsense;;=,")],
        [("ratelimit-remaining", "99999999999999999999999")],
    ] {
        assert_eq!(limit_of(&headers), None, "{headers:?}");
    }
}

fn token() -> impl Strategy<Value = String> {
    "[a-zA-Z][a-zA-Z0-9_-]{0,10}"
}

fn quote(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

proptest! {
    #[test]
    fn written_challenges_are_read_back(
        expected in prop::collection::vec((token(), prop::collection::vec((token(), ".{0,20}"), 0..4)), 0..4)
    ) {
        let write = |(scheme, parameters): &(String, Vec<(String, String)>)| {
            let written: Vec<String> = parameters.iter().map(|(k, v)| format!("{k}={}", quote(v))).collect();
            format!("{scheme} {}", written.join(","))
        };
        let header: Vec<String> = expected.iter().map(write).collect();
        let found = challenges(&header.join(", "));
        let found: Vec<_> = found.into_iter().map(|c| (c.scheme, c.parameters)).collect();
        let lower = |(k, v): (String, String)| (k.to_ascii_lowercase(), v);
        let expected: Vec<_> = expected.into_iter()
            .map(|(s, p)| (s.to_ascii_lowercase(), p.into_iter().map(lower).collect::<Vec<_>>()))
            .collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_written_link_is_read_back(target in "[^<> ][^<>]{0,40}[^<> ]", rest in ".{0,20}") {
        prop_assume!(target.trim() == target);
        let header = format!("<{target}>{rest}");
        prop_assert_eq!(next_page(&header), Some(target.as_str()));
    }

    #[test]
    fn no_value_panics(value in ".{0,200}", seconds in any::<u64>()) {
        let now = UNIX_EPOCH + Duration::from_secs(seconds >> 24);
        next_page(&value);
        challenges(&value);
        prop_assert!(retry_after(&value, now).is_none_or(|wait| wait <= LONGEST_WAIT));
        let limit = rate_limit(&|_| Some(&value), now);
        prop_assert!(limit.is_none_or(|limit| limit.renewed_in <= LONGEST_WAIT));
    }

    #[test]
    fn no_reset_panics(reset in any::<u64>(), remaining in any::<u64>()) {
        let (reset, remaining) = (reset.to_string(), remaining.to_string());
        let header = |name: &str| match name {
            "ratelimit-reset" => Some(reset.as_str()),
            "ratelimit-remaining" => Some(remaining.as_str()),
            _ => None,
        };
        prop_assert!(rate_limit(&header, now()).is_some());
        prop_assert!(super::retry_after(&reset, now()).is_some());
    }
}
