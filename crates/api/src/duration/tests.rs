use proptest::prelude::*;

use super::*;

fn parsed(text: &str) -> Result<i64, ParseError> {
    text.parse::<Duration>().map(Duration::as_nanos)
}

#[test]
fn texts_of_go_are_read_and_printed_in_its_canonical_form() {
    let table = [
        ("0", "0s"),
        ("0s", "0s"),
        ("1m", "1m0s"),
        ("1m0s", "1m0s"),
        ("90s", "1m30s"),
        ("10ms", "10ms"),
        ("1h30m", "1h30m0s"),
        ("1h", "1h0m0s"),
        ("24h", "24h0m0s"),
        ("1.5h", "1h30m0s"),
        (".5s", "500ms"),
        ("5.s", "5s"),
        ("1.5ms", "1.5ms"),
        ("1500us", "1.5ms"),
        ("1\u{b5}s", "1\u{b5}s"),
        ("1\u{3bc}s", "1\u{b5}s"),
        ("1100ns", "1.1\u{b5}s"),
        ("999ns", "999ns"),
        ("61.000000001s", "1m1.000000001s"),
        ("-1m30s", "-1m30s"),
        ("+5s", "5s"),
        ("30s1h", "1h0m30s"),
        ("0.0000000000000000000000001s", "0s"),
        ("2562047h47m16.854775807s", "2562047h47m16.854775807s"),
    ];
    for (text, canonical) in table {
        let duration: Duration = text
            .parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(duration.to_string(), canonical, "{text}");
    }
}

#[test]
fn other_texts_are_refused() {
    for text in [
        "", "-", "1", "s", ".s", "1d", "1 s", " 1s", "1s ", "--1s", "1,5s", "1h30", "1S",
    ] {
        assert_eq!(
            parsed(text),
            Err(ParseError::Form {
                text: text.to_owned()
            }),
            "{text:?}"
        );
    }
}

#[test]
fn more_than_64_bits_of_nanoseconds_are_refused() {
    let long = format!("{}h", "9".repeat(60));
    for text in [
        "2562047h47m16.854775808s",
        "9223372036854775808ns",
        long.as_str(),
    ] {
        assert_eq!(
            parsed(text),
            Err(ParseError::Range {
                text: text.to_owned()
            }),
            "{text}"
        );
    }
    assert_eq!(parsed("-9223372036854775808ns"), Ok(i64::MIN));
}

#[test]
fn a_negative_duration_is_no_time_for_the_standard_library() {
    let negative: Duration = "-1s".parse().unwrap();
    assert_eq!(negative.to_std(), std::time::Duration::ZERO);
    assert_eq!(
        Duration::from(std::time::Duration::MAX).as_nanos(),
        i64::MAX
    );
    assert_eq!(
        Duration::from_secs(u32::MAX).to_std().as_secs(),
        u64::from(u32::MAX)
    );
}

#[test]
fn an_error_in_json_names_the_text() {
    let error = serde_json::from_str::<Duration>("\"soon\"").unwrap_err();
    assert!(
        error.to_string().contains("invalid duration \"soon\""),
        "{error}"
    );
    assert!(serde_json::from_str::<Duration>("60").is_err());
}

proptest! {
    #[test]
    fn printing_and_parsing_are_inverse(nanoseconds: i64) {
        let duration = Duration { nanoseconds };
        prop_assert_eq!(duration.to_string().parse::<Duration>(), Ok(duration));
    }

    #[test]
    fn no_text_makes_the_parser_fail_otherwise(text in "[-+0-9.a-z\u{b5}]{0,40}|\\PC{0,10}") {
        if let Ok(duration) = text.parse::<Duration>() {
            prop_assert_eq!(duration.to_string().parse::<Duration>(), Ok(duration));
        }
    }
}
