use std::fmt::Write as _;

use super::Random;

/// How many manifests there are.
pub(crate) const FILES: usize = 20_000;
/// How many policies their markers name.
pub(crate) const POLICIES: usize = 10;
/// The namespace of the policies.
pub(crate) const NAMESPACE: &str = "flux-system";
/// Each manifest whose number is a multiple of this carries a marker.
const MARKED_EVERY: usize = 42;

const VARIABLES: usize = 20;
const ENTRIES: usize = 60;
/// Letters in each entry.
pub(super) const ENTRY_LETTERS: usize = 90;

/// The path of a manifest from the root of the repository.
pub(crate) fn path(number: usize) -> String {
    let (team, app) = (number % 40, number / 40 % 25);
    format!("clusters/team-{team:02}/app-{app:02}/res-{number:05}.yaml")
}

/// The name of a policy.
pub(crate) fn policy_name(policy: usize) -> String {
    format!("p{policy}")
}

/// The repository of a policy's image, without the registry.
pub(crate) fn image_repository(policy: usize) -> String {
    format!("team/p{policy}")
}

/// How many manifests carry the marker of a policy.
pub(crate) fn marked_files(policy: usize) -> usize {
    (0..FILES)
        .filter(|number| marker(*number) == Some(policy))
        .count()
}

/// A manifest of about 7 kB in its first version; `registry` is the host of the images that policies choose.
pub(crate) fn manifest(number: usize, registry: &str) -> String {
    let mut random = Random::new(number as u64);
    let mut text = format!(
        "# resource {number}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{number}
  labels:
    team: t{}
spec:
  replicas: 2
  template:
    spec:
      containers:
      - name: main
{}
        env:
",
        number % 40,
        image_line(number, 1, registry)
    );
    for variable in 0..VARIABLES {
        let value = random.number();
        let _ = write!(
            text,
            "        - name: VAR_{variable}\n          value: \"{value:016x}\"\n"
        );
    }
    text.push_str("data:\n");
    for entry in 0..ENTRIES {
        let _ = write!(text, "  k{entry}: ");
        random.letters(ENTRY_LETTERS, &mut text);
        text.push('\n');
    }
    text
}

/// The line of the image: a marked one is at tag `0.0.1` in every version, others follow the version.
pub(super) fn image_line(number: usize, version: usize, registry: &str) -> String {
    match marker(number) {
        Some(policy) => format!(
            "        image: {registry}/{}:0.0.1 # {{\"$imagepolicy\": \"{NAMESPACE}:{}\"}}",
            image_repository(policy),
            policy_name(policy)
        ),
        None => {
            format!("        image: registry.example.com/team/app-{number}:{version}.0.1  # keep")
        }
    }
}

/// The policy whose marker a manifest carries.
fn marker(number: usize) -> Option<usize> {
    (number.is_multiple_of(MARKED_EVERY)).then_some(number / MARKED_EVERY % POLICIES)
}

#[cfg(test)]
mod tests {
    use yaml_setter::{LatestImage, Setters};

    use super::*;

    #[test]
    fn of_twenty_thousand_files_477_are_marked_47_or_48_by_each_policy() {
        let counts: Vec<usize> = (0..POLICIES).map(marked_files).collect();
        assert_eq!(counts.iter().sum::<usize>(), 477);
        assert!(
            counts.iter().all(|count| [47, 48].contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn a_file_has_about_seven_kilobytes_and_is_the_same_every_time() {
        for number in [0, 1, 42, 19_999] {
            let text = manifest(number, "127.0.0.1:5000");
            assert!((7000..7700).contains(&text.len()), "{}", text.len());
            assert_eq!(text, manifest(number, "127.0.0.1:5000"));
        }
        assert_ne!(manifest(1, ""), manifest(2, ""));
    }

    #[test]
    fn paths_differ_and_spread_over_a_thousand_folders() {
        use std::collections::HashSet;
        let paths: HashSet<String> = (0..FILES).map(path).collect();
        assert_eq!(paths.len(), FILES);
        let folders: HashSet<&str> = paths
            .iter()
            .filter_map(|path| Some(path.rsplit_once('/')?.0))
            .collect();
        assert_eq!(folders.len(), 1000);
        assert_eq!(path(4321), "clusters/team-01/app-08/res-04321.yaml");
    }

    #[test]
    fn the_marker_of_a_file_sets_its_image() {
        let mut setters = Setters::new();
        let image = LatestImage {
            name: "127.0.0.1:5000/team/p1",
            tag: "0.0.2",
            digest: None,
        };
        setters.policy(NAMESPACE, "p1", &image);
        let found = yaml_setter::edit(manifest(42, "127.0.0.1:5000").as_bytes(), &setters);
        let edit = &found.edits[0];
        assert_eq!(edit.old_value, "127.0.0.1:5000/team/p1:0.0.1");
        assert_eq!(edit.new_value, "127.0.0.1:5000/team/p1:0.0.2");
        assert!(!yaml_setter::may_hold_marker(
            manifest(43, "127.0.0.1:5000").as_bytes()
        ));
    }
}
