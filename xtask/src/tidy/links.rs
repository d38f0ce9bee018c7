//! Links between the documents lead somewhere.

use super::Violation;
use crate::workspace::Source;

/// Relative links of Markdown files whose target is no file of the repository.
pub(crate) fn violations(sources: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for document in sources
        .iter()
        .filter(|source| source.file_name().ends_with("md"))
    {
        for (number, line) in document.lines() {
            let dead = targets(line).filter(|target| !exists(sources, &document.path, target));
            violations.extend(dead.map(|target| {
                Violation::at_line(
                    &document.path,
                    number,
                    format!("`{target}` is no file of the repository"),
                )
            }));
        }
    }
    violations
}

/// The relative targets of `[text](target)`, without the part behind `#`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let ends = line
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'));
    ends.map(|(target, _)| target.split('#').next().unwrap_or(target))
        .filter(|target| !target.is_empty() && !target.contains("://"))
}

fn exists(sources: &[Source], from: &str, target: &str) -> bool {
    let mut parts: Vec<_> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    sources.iter().any(|source| source.path == path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Vec<String> {
        let sources = [
            Source::new("docs/a.md", text),
            Source::new("docs/b.md", ""),
            Source::new("LICENSE", ""),
        ];
        violations(&sources)
            .iter()
            .map(|violation| violation.message.clone())
            .collect()
    }

    #[test]
    fn a_link_to_a_file_or_a_page_is_alive() {
        assert_eq!(
            check(
                "[b](b.md), [c](./b.md#part), [up](../LICENSE), [web](https://a.b/c), [here](#part)"
            ),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_link_to_nothing_is_a_violation() {
        assert_eq!(
            check("[b](b.md) and [c](c.md)"),
            ["`c.md` is no file of the repository"]
        );
        assert_eq!(
            check("[b](../b.md)"),
            ["`../b.md` is no file of the repository"]
        );
    }
}
