use super::Random;

/// How many tags a list has.
const TAGS: usize = 100_000;

/// The bytes of a list of tags as a project with releases has it: versions, some with `v`, pre-releases, and
/// others that are no versions. One tag per line, sorted, each once.
pub(crate) fn version_tags() -> Vec<u8> {
    let mut random = Random::new(100);
    lines((0..TAGS).map(|number| {
        let (major, minor, patch) = (number / 8000, number / 100 % 80, number % 100);
        let version = format!("{major}.{minor}.{patch}");
        match random.below(100) {
            0..70 => version,
            70..80 => format!("v{version}"),
            80..88 => format!("{version}-rc.{}", random.below(5)),
            88..92 => format!("{version}-beta{}-amd64", random.below(5)),
            92..95 => format!("sha-{:012x}", random.number() >> 16),
            95..98 => format!("release-{major}.{minor}-{number}"),
            _ => format!("nightly-{}", 20_200_000 + number),
        }
    }))
}

/// The bytes of a list of tags as a project without releases has it, `main-<commit>-<time>`: one tag per line,
/// sorted, each once.
pub(crate) fn build_tags() -> Vec<u8> {
    let mut random = Random::new(200);
    lines((0..TAGS).map(|number| {
        let commit = random.number() >> 32;
        format!("main-{commit:08x}-{}", 1_600_000_000 + number * 600)
    }))
}

fn lines(tags: impl Iterator<Item = String>) -> Vec<u8> {
    let mut tags: Vec<String> = tags.collect();
    tags.sort_unstable();
    tags.join("\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Vec<&str> {
        std::str::from_utf8(bytes).unwrap().split('\n').collect()
    }

    #[test]
    fn a_list_has_a_hundred_thousand_different_valid_tags_in_order() {
        for bytes in [version_tags(), build_tags()] {
            let tags = all(&bytes);
            assert_eq!(tags.len(), 100_000);
            assert!(tags.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(tags.iter().all(|tag| image_ref::is_valid_tag(tag)));
        }
    }

    #[test]
    fn most_tags_of_releases_are_versions_and_some_are_not() {
        let bytes = version_tags();
        let tags = all(&bytes);
        let share = |wanted: &dyn Fn(&str) -> bool| tags.iter().filter(|tag| wanted(tag)).count();
        let plain = share(&|tag| {
            tag.bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
        });
        assert!((69_000..71_000).contains(&plain), "{plain}");
        let with_v = share(&|tag| tag.starts_with('v'));
        assert!((9_500..10_500).contains(&with_v), "{with_v}");
        let previews = share(&|tag| tag.contains("-rc.") || tag.contains("-beta"));
        assert!((11_500..12_500).contains(&previews), "{previews}");
    }
}
