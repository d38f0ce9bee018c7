//! Foreign text made fit for an error message.

/// The longest excerpt, in characters.
const LONGEST: usize = 160;

/// The start of `text` on one line: no control characters, no runs of spaces, at most 160 characters, and
/// none of `secrets`, which a server may have sent back.
pub fn excerpt<S: AsRef<str>>(text: &str, secrets: &[S]) -> String {
    // Secrets are looked for before the text is cut, so that no half of one is left.
    let mut clean = text.to_owned();
    for secret in secrets.iter().map(AsRef::as_ref) {
        if !secret.is_empty() && clean.contains(secret) {
            clean = clean.replace(secret, "***");
        }
    }
    let visible: String = clean
        .chars()
        .map(|c| if is_printable(c) { c } else { ' ' })
        .collect();
    let words: Vec<&str> = visible.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Neither a control character nor one that changes the direction of the text around it.
fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_becomes_one_short_line() {
        let none: &[&str] = &[];
        assert_eq!(excerpt("a\r\n\t b\u{1b}[31m\u{202e}", none), "a b [31m");
        assert_eq!(excerpt(&"x".repeat(500), none).chars().count(), LONGEST + 1);
        assert_eq!(excerpt("", none), "");
    }

    #[test]
    fn secrets_are_taken_out_before_the_cut() {
        let text = format!("{}hunter2", "x".repeat(LONGEST - 3));
        assert!(!excerpt(&text, &["hunter2", ""]).contains("hun"));
    }
}
