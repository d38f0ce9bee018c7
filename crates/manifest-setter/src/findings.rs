//! Pure: how findings are told, in the message of Ready and in an Event.

use std::fmt::Write as _;

use crate::Finding;

/// What the message of Ready is where every marked value is as it should be, in Flux's words.
pub(crate) const UP_TO_DATE: &str = "repository up-to-date";
/// What stands between that and the findings.
const SEPARATOR: &str = "; ";
/// How many findings are told one by one.
const MAX_TOLD: usize = 10;
/// The longest text of one finding, in characters.
const MAX_CHARS: usize = 400;

/// The message of Ready.
pub(crate) fn message(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return UP_TO_DATE.to_owned();
    }
    let count = findings.len();
    let what = if count == 1 {
        "marker without effect"
    } else {
        "markers without effect"
    };
    let mut text = format!("{UP_TO_DATE}{SEPARATOR}{count} {what}: ");
    let told = findings
        .iter()
        .take(MAX_TOLD)
        .map(|finding| shortened(finding.to_string()));
    text.push_str(&told.collect::<Vec<_>>().join(SEPARATOR));
    if let Some(left) = count.checked_sub(MAX_TOLD).filter(|left| *left > 0) {
        // Writing into a text cannot fail.
        _ = write!(text, "{SEPARATOR}and {left} more");
    }
    text
}

/// The findings in a message of Ready; none where it tells of none.
pub(crate) fn of(message: &str) -> Option<&str> {
    message.strip_prefix(UP_TO_DATE)?.strip_prefix(SEPARATOR)
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(line: usize, message: &str) -> Finding {
        Finding {
            path: "apps/app.yaml".to_owned(),
            line,
            column: 12,
            rule: "unknown-policy",
            message: message.to_owned(),
        }
    }

    #[test]
    fn without_findings_the_message_is_that_of_flux() {
        assert_eq!(message(&[]), "repository up-to-date");
        assert_eq!(of("repository up-to-date"), None);
        assert_eq!(of("failed to checkout source"), None);
    }

    #[test]
    fn findings_are_told_with_their_places() {
        let one = message(&[finding(3, "unknown")]);
        let told = "1 marker without effect: apps/app.yaml:3:12: unknown";
        assert_eq!(one, format!("repository up-to-date; {told}"));
        assert_eq!(of(&one), Some(told));
        let two = message(&[finding(3, "unknown"), finding(9, "malformed")]);
        let told =
            "2 markers without effect: apps/app.yaml:3:12: unknown; apps/app.yaml:9:12: malformed";
        assert_eq!(of(&two), Some(told));
    }

    #[test]
    fn the_message_is_bounded() {
        let long = "ä".repeat(10_000);
        let many: Vec<Finding> = (1..=1000).map(|line| finding(line, &long)).collect();
        let text = message(&many);
        assert!(text.len() < 10_000, "{}", text.len());
        assert!(text.ends_with("…; and 990 more"), "{text}");
        assert!(!message(&many[..10]).contains("more"));
    }
}
