//! Links with the name of a manifest: each stands for the file that it leads to.

use git_remote::{FileKind, Node, ObjectId};

use crate::ground::Ground;
use crate::tree::Marked;
use crate::{Finding, PlanError};

/// A chain of more links than this is not followed.
const MAX_LINKS: usize = 8;
/// A link whose text is longer than this leads nowhere that Git could hold.
const MAX_LINK_BYTES: usize = 4096;

/// Adds to `marked` the files that its links lead to.
///
/// A link that leads out of `under`, which is all that may be edited, is a finding and not followed; one that dangles is
/// skipped, as in Flux.
pub(crate) fn follow(
    ground: &mut Ground<'_>,
    under: &str,
    marked: &mut Marked,
    findings: &mut Vec<Finding>,
) -> Result<(), PlanError> {
    let links: Vec<ObjectId> = marked.links.values().copied().collect();
    ground.fetch_blobs(&links)?;
    for (path, link) in &marked.links {
        match target(ground, under, path, *link)? {
            // The walk has seen it already, and knows whether it matters.
            Followed::File(path, _) if yaml_setter::is_candidate(&path) => {}
            Followed::File(path, blob) => {
                marked.files.insert(path, blob);
            }
            Followed::Dangling => {}
            Followed::Refused(message) => findings.push(Finding::link(path, message)),
        }
    }
    Ok(())
}

enum Followed {
    File(String, ObjectId),
    Dangling,
    Refused(String),
}

fn target(
    ground: &mut Ground<'_>,
    under: &str,
    path: &str,
    link: ObjectId,
) -> Result<Followed, PlanError> {
    let (mut path, mut link) = (path.to_owned(), link);
    for _ in 0..MAX_LINKS {
        ground.fetch_blobs(&[link])?;
        let text = ground.blob(link)?.unwrap_or_default();
        let Some(next) = resolve(&path, &text) else {
            return Ok(refused(
                "the link leads out of the repository and is not followed",
            ));
        };
        if !is_below(&next, under) {
            return Ok(refused(
                "the link leads out of spec.update.path and is not followed",
            ));
        }
        match ground.node(&next)? {
            Some(Node::File(FileKind::Symlink, blob)) => (path, link) = (next, blob),
            Some(Node::File(FileKind::Regular | FileKind::Executable, blob)) => {
                return Ok(Followed::File(next, blob));
            }
            Some(Node::File(FileKind::Submodule, _) | Node::Directory(_)) | None => {
                return Ok(Followed::Dangling);
            }
        }
    }
    Ok(Followed::Refused(format!(
        "the link leads through more than {MAX_LINKS} other links and is not followed"
    )))
}

fn refused(message: &str) -> Followed {
    Followed::Refused(message.to_owned())
}

/// Whether a path is `under` or below it; everything is below the root.
fn is_below(path: &str, under: &str) -> bool {
    under.is_empty()
        || path
            .strip_prefix(under)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Where a link at `path` leads, as a path of the repository; `None` when that is outside.
fn resolve(path: &str, text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text)
        .ok()
        .filter(|text| text.len() <= MAX_LINK_BYTES && !text.starts_with('/'))?;
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    git_access::clean_path(&format!("{folder}/{text}"))
        .ok()
        .filter(|path| !path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_resolve_within_the_repository_only() {
        for (path, text, expected) in [
            ("a/b.yaml", "c.yaml", Some("a/c.yaml")),
            ("a/b.yaml", "../c.txt", Some("c.txt")),
            ("b.yaml", "./x/../c.txt", Some("c.txt")),
            ("a/b.yaml", "../../c.yaml", None),
            ("a/b.yaml", "/etc/passwd", None),
            ("a/b.yaml", "..", None),
        ] {
            assert_eq!(
                resolve(path, text.as_bytes()).as_deref(),
                expected,
                "{path} -> {text}"
            );
        }
    }

    #[test]
    fn only_whole_components_count() {
        for (path, under, expected) in [
            ("apps/a.yaml", "apps", true),
            ("apps/a.yaml", "", true),
            ("apps/a.yaml", "apps/a.yaml", true),
            ("apps-2/a.yaml", "apps", false),
            ("a.yaml", "apps", false),
            ("other/apps/a.yaml", "apps", false),
        ] {
            assert_eq!(is_below(path, under), expected, "{path} below {under}");
        }
    }
}
