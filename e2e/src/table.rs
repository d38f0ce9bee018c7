//! What `kubectl get` prints, as rows of named cells.

use std::collections::BTreeMap;

/// The rows of a printed table, each from the heading of a column to the text below it.
///
/// `kubectl` aligns the columns and parts headings by three blanks, so a heading may hold one itself (`LAST SCAN`).
pub fn rows(printed: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines = printed.lines();
    let columns = lines.next().map(columns).unwrap_or_default();
    lines.map(|line| cells(&columns, line)).collect()
}

/// Each heading with the place where it begins, in characters.
fn columns(heading: &str) -> Vec<(usize, String)> {
    let mut columns = Vec::new();
    let mut place = 0;
    for part in heading.split("   ") {
        let name = part.trim_start();
        if !name.is_empty() {
            let start = place + part.len() - name.len();
            columns.push((start, name.trim_end().to_owned()));
        }
        place += part.len() + 3;
    }
    columns
}

fn cells(columns: &[(usize, String)], line: &str) -> BTreeMap<String, String> {
    let characters: Vec<char> = line.chars().collect();
    let ends = columns.iter().skip(1).map(|(start, _)| *start);
    let cells = columns
        .iter()
        .zip(ends.chain([usize::MAX]))
        .map(|((start, name), end)| {
            let last = end.min(characters.len());
            let text: String = characters
                .get(*start..last)
                .unwrap_or_default()
                .iter()
                .collect();
            (name.clone(), text.trim_end().to_owned())
        });
    cells.collect()
}

/// The headings in the order in which they stand.
pub fn headings(printed: &str) -> Vec<String> {
    let columns = printed.lines().next().map(columns).unwrap_or_default();
    columns.into_iter().map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "\
NAME      IMAGE       TAGS   READY   STATUS                    LAST SCAN              AGE
podinfo   reg/app     13     True    successful scan: found…   2026-01-01T00:00:00Z   5s
new       reg/other                                                                   1s
";

    #[test]
    fn headings_may_hold_a_blank() {
        assert_eq!(
            headings(PRINTED),
            [
                "NAME",
                "IMAGE",
                "TAGS",
                "READY",
                "STATUS",
                "LAST SCAN",
                "AGE"
            ]
        );
    }

    #[test]
    fn cells_stand_below_their_headings() {
        let rows = rows(PRINTED);
        assert_eq!(rows[0]["STATUS"], "successful scan: found…");
        assert_eq!(rows[0]["LAST SCAN"], "2026-01-01T00:00:00Z");
        assert_eq!(rows[1]["NAME"], "new");
        assert_eq!(rows[1]["TAGS"], "");
        assert_eq!(rows[1]["AGE"], "1s");
    }
}
