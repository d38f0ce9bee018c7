//! Unified diffs of the planned edits.

use similar::TextDiff;

const CONTEXT_LINES: usize = 3;

/// The unified diff of one file, in Git's form; bytes that are not UTF-8 are shown as `\u{fffd}`.
pub(crate) fn unified(path: &str, before: &[u8], after: &[u8], colour: bool) -> String {
    let (before, after) = (
        String::from_utf8_lossy(before),
        String::from_utf8_lossy(after),
    );
    let diff = TextDiff::from_lines(before.as_ref(), after.as_ref());
    let (old, new) = (format!("a/{path}"), format!("b/{path}"));
    let hunks = diff
        .unified_diff()
        .context_radius(CONTEXT_LINES)
        .header(&old, &new)
        .to_string();
    let text = format!("diff --git {old} {new}\n{hunks}");
    if colour {
        text.split_inclusive('\n').map(paint).collect()
    } else {
        text
    }
}

fn paint(line: &str) -> String {
    let code = match line.as_bytes() {
        [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] | [b'd', ..] => "1",
        [b'+', ..] => "32",
        [b'-', ..] => "31",
        [b'@', ..] => "36",
        _ => return line.to_owned(),
    };
    format!("\x1b[{code}m{}\x1b[0m\n", line.trim_end_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_reads_like_that_of_git() {
        let diff = unified("a/b.yaml", b"x: 1\ny: 2\r\n", b"x: 1\ny: 3\r\n", false);
        assert_eq!(
            diff,
            "diff --git a/a/b.yaml b/a/b.yaml\n--- a/a/b.yaml\n+++ b/a/b.yaml\n@@ -1,2 +1,2 @@\n x: 1\n-y: 2\r\n+y: 3\r\n"
        );
    }

    #[test]
    fn colours_end_on_their_line() {
        let diff = unified("b.yaml", b"y: 2\n", b"y: 3\n", true);
        assert!(
            diff.contains("\x1b[31m-y: 2\x1b[0m\n\x1b[32m+y: 3\x1b[0m\n"),
            "{diff:?}"
        );
    }
}
