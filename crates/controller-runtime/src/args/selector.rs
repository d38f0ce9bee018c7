//! Label selectors, as Kubernetes writes them.

use std::sync::LazyLock;

use regex::Regex;

static SELECTOR: LazyLock<Regex> = LazyLock::new(|| {
    let name = "[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?";
    let word = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?";
    let key = format!(r"(?:{word}(?:\.{word})*/)?{name}");
    let value = format!("(?:{name})?");
    let one = [
        format!(r"!\s*{key}"),
        key.clone(),
        format!(r"{key}\s*(?:==?|!=)\s*{value}"),
        format!(r"{key}\s+(?:in|notin)\s*\(\s*{value}(?:\s*,\s*{value})*\s*\)"),
        format!(r"{key}\s*[<>]\s*-?[0-9]+"),
    ]
    .join("|");
    let all = format!(r"^\s*(?:{one})(?:\s*,\s*(?:{one}))*\s*$");
    Regex::new(&all).expect("the grammar is a regular expression")
});

/// The values behind `in` and `notin`.
static LIST: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\([^)]*\)").expect("it is a regular expression"));

/// Whether the API server can read a text as a label selector; one that is empty selects everything.
pub(super) fn is_selector(text: &str) -> bool {
    text.trim().is_empty() || SELECTOR.is_match(text)
}

/// The keys of the labels that a selector speaks of.
pub(super) fn keys(text: &str) -> Vec<String> {
    let is_end = |c: char| !c.is_ascii_alphanumeric() && !"-_./".contains(c);
    let without_lists = LIST.replace_all(text, "");
    let parts = without_lists.split(',');
    let keys = parts.filter_map(|part| {
        let start = part.trim_start().trim_start_matches('!').trim_start();
        start.split(is_end).next()
    });
    keys.filter(|key| !key.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_those_of_kubernetes() {
        for text in [
            "",
            "sharding.fluxcd.io/key=shard1",
            "!sharding.fluxcd.io/key",
            "sharding.fluxcd.io/key",
            "a == b, c!=d ,e",
            "a=",
            "key in (shard1, shard2),other notin (x)",
            "key in(a)",
            "generation > 3, generation<-1",
        ] {
            assert!(is_selector(text), "{text}");
        }
        for text in [
            "=shard1",
            "key=shard 1",
            "key=shard1,",
            "key in shard1",
            "key in (shard1",
            "-key",
            "Upper.io/key=x",
            "key=/x",
            "a,,b",
            "a/b/c",
            &"k".repeat(64),
        ] {
            assert!(!is_selector(text), "{text}");
        }
    }
    #[test]
    fn the_keys_of_a_selector() {
        for (text, expected) in [
            ("", ""),
            ("sharding.fluxcd.io/key=shard1", "sharding.fluxcd.io/key"),
            (" ! a/b ,c", "a/b c"),
            ("a == b, c!=d ,e", "a c e"),
            ("key in (shard1, shard2),other notin(x)", "key other"),
            ("generation > 3", "generation"),
        ] {
            assert_eq!(keys(text).join(" "), expected, "{text}");
        }
    }
}
