//! What the demo starts from, and what it must end with.

/// The directory of the repository that the automation updates.
const DIRECTORY: &str = "clusters/my-cluster";
/// The registry and the repository the files name; the demo puts its own in their place.
const PUBLIC_REGISTRY: &str = "ghcr.io/";
const PUBLIC_REPOSITORY: &str = "https://github.com/fluxcd/flux-image-updates";

/// The image on the registry.
pub(crate) const IMAGE: &str = "stefanprodan/podinfo";
/// Its tags: one image that is released, built from its main branch and from others.
pub(crate) const TAGS: &[&str] = &[
    "4.0.6",
    "5.0.0",
    "5.0.1",
    "5.0.2",
    "5.0.3",
    "5.0.4-rc.1",
    "5.1.0-beta.1",
    "6.0.0",
    "feature-1c2d3e4-1699999999",
    "latest",
    "main-2d3fcbd-1611906956",
    "main-77c01aa-1611999999",
    "main-9af0e31-1612350911",
];
/// What each policy must select, and what it replaces.
const UPDATES: &[(&str, &str)] = &[
    ("5.0.0", "5.0.3"),
    ("main-2d3fcbd-1611906956", "main-9af0e31-1612350911"),
];
/// What marks a line.
const MARKER: &str = "\"$imagepolicy\"";

macro_rules! file {
    ($directory:literal, $name:literal) => {
        (
            $name,
            include_str!(concat!("../../demo/", $directory, "/", $name)),
        )
    };
}

const MANIFESTS: &[(&str, &str)] = &[
    file!("repository", "kustomization.yaml"),
    file!("repository", "podinfo-deployment.yaml"),
    file!("repository", "podinfo-helmrelease.yaml"),
    file!("repository", "podinfo-load-test.yaml"),
    file!("repository", "podinfo-service.yaml"),
    file!("repository", "podinfo-staging.yaml"),
    file!("repository", "podinfo-sync.yaml"),
];
/// This one is written on another system.
const WITH_CRLF: &str = "podinfo-load-test.yaml";

const OBJECTS: &[(&str, &str)] = &[
    file!("objects", "flux-system-automation.yaml"),
    file!("objects", "git-credentials.yaml"),
    file!("objects", "gotk-sync.yaml"),
    file!("objects", "podinfo-policy.yaml"),
    file!("objects", "podinfo-registry.yaml"),
    file!("objects", "podinfo-staging-policy.yaml"),
];
/// The same for a cluster: what the guide applies first, and what comes then.
const FOR_SCANNING: &[(&str, &str)] = &[
    file!("objects", "git-credentials.yaml"),
    file!("objects", "gotk-sync.yaml"),
    file!("objects", "podinfo-registry.yaml"),
    file!("objects", "podinfo-policy.yaml"),
    file!("objects", "podinfo-staging-policy.yaml"),
];
const FOR_UPDATES: &[(&str, &str)] = &[file!("objects", "flux-system-automation.yaml")];
const FOR_WEBHOOKS: &[(&str, &str)] = &[
    file!("cluster", "podinfo-receiver.yaml"),
    file!("cluster", "webhook-token.yaml"),
];
/// The user and the password in git-credentials.yaml.
pub(crate) const CREDENTIALS: (&str, &str) = ("flux", "demo");

/// Files with their content.
type Files = Vec<(String, String)>;

/// The files of the demo, pointed at local servers.
pub(crate) struct Seed {
    /// The first commit of the repository, by path from its root.
    pub(crate) manifests: Files,
    /// The objects, by file name.
    pub(crate) objects: Files,
    /// The objects that lead to selected tags in a cluster, by file name.
    pub(crate) for_scanning: Files,
    /// The object that leads to commits from there.
    pub(crate) for_updates: Files,
    /// The objects that webhooks need.
    pub(crate) for_webhooks: Files,
    /// The commit message the automation's template gives.
    pub(crate) message_lines: Vec<String>,
}

impl Seed {
    /// The files with the `registry` (`127.0.0.1:5000`) and the `repository` (its URL) in the place of the public ones.
    pub(crate) fn new(registry: &str, repository: &str) -> Self {
        let local = |text: &str| {
            text.replace(PUBLIC_REGISTRY, &format!("{registry}/"))
                .replace(PUBLIC_REPOSITORY, repository)
        };
        let manifests = MANIFESTS.iter().map(|(name, text)| {
            (
                format!("{DIRECTORY}/{name}"),
                with_line_ends(name, &local(text)),
            )
        });
        let objects = |files: &[(&str, &str)]| -> Files {
            let files = files.iter();
            files
                .map(|(name, text)| ((*name).to_owned(), local(text)))
                .collect()
        };
        let message_lines = UPDATES
            .iter()
            .map(|(_, tag)| format!("{registry}/{IMAGE}:{tag}"));
        Self {
            manifests: manifests.collect(),
            objects: objects(OBJECTS),
            for_scanning: objects(FOR_SCANNING),
            for_updates: objects(FOR_UPDATES),
            for_webhooks: objects(FOR_WEBHOOKS),
            message_lines: message_lines.collect(),
        }
    }

    /// The files after the run: the tag on each marked line is the new one, every other byte is as before.
    pub(crate) fn updated_manifests(&self) -> Files {
        marked_lines(&self.manifests, updated_line)
    }

    /// The same once the policy of the released versions has gone on to another tag.
    pub(crate) fn released_manifests(&self, tag: &str) -> Files {
        let released = UPDATES[0].1;
        marked_lines(&self.updated_manifests(), |line| {
            line.replacen(released, tag, 1)
        })
    }
}

fn with_line_ends(name: &str, text: &str) -> String {
    if name == WITH_CRLF {
        text.replace('\n', "\r\n")
    } else {
        text.to_owned()
    }
}

/// The files with each marked line as `change` makes it.
fn marked_lines(files: &Files, change: impl Fn(&str) -> String) -> Files {
    let changed = |line: &str| {
        if line.contains(MARKER) {
            change(line)
        } else {
            line.to_owned()
        }
    };
    let files = files.iter();
    files
        .map(|(path, text)| {
            (
                path.clone(),
                text.split_inclusive('\n').map(changed).collect(),
            )
        })
        .collect()
}

fn updated_line(line: &str) -> String {
    UPDATES.iter().fold(line.to_owned(), |line, (old, new)| {
        line.replacen(old, new, 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed() -> Seed {
        Seed::new("127.0.0.1:5000", "http://127.0.0.1:8080/fleet.git")
    }

    #[test]
    fn no_file_names_a_public_server() {
        let seed = seed();
        let in_cluster = seed.for_scanning.iter().chain(&seed.for_updates);
        let objects = seed.objects.iter().chain(in_cluster);
        for (path, text) in seed.manifests.iter().chain(objects) {
            assert!(
                !text.contains("ghcr.io") && !text.contains("https://"),
                "{path}"
            );
        }
    }

    #[test]
    fn six_of_the_manifests_change_and_only_on_marked_lines() {
        let seed = seed();
        let updated = seed.updated_manifests();
        let changed = seed
            .manifests
            .iter()
            .zip(&updated)
            .filter(|(before, after)| before != after);
        assert_eq!(changed.count(), 6);
        for ((path, before), (_, after)) in seed.manifests.iter().zip(&updated) {
            let lines = before.lines().zip(after.lines());
            assert!(
                lines
                    .into_iter()
                    .all(|(before, after)| before == after || before.contains(MARKER)),
                "{path}"
            );
            assert_eq!(before.lines().count(), after.lines().count(), "{path}");
        }
    }

    #[test]
    fn one_file_has_the_line_ends_of_another_system() {
        let seed = seed();
        let crlf: Vec<_> = seed
            .manifests
            .iter()
            .filter(|(_, text)| text.contains("\r\n"))
            .map(|(path, _)| path.as_str())
            .collect();
        assert_eq!(crlf, ["clusters/my-cluster/podinfo-load-test.yaml"]);
    }

    #[test]
    fn every_selected_tag_is_on_the_registry() {
        assert!(
            UPDATES
                .iter()
                .all(|(old, new)| TAGS.contains(old) && TAGS.contains(new))
        );
    }
}
