//! The tree of a commit, a directory at a time.

use git_remote::{FileKind, Node};

use crate::Site;

#[test]
fn a_path_leads_to_a_directory_a_file_or_nothing() {
    let site = Site::new();
    site.repo
        .commit("main")
        .symlink("apps/link", "podinfo.yaml")
        .submodule("sub", &"1".repeat(40))
        .done();
    let (repository, tip) = site.fetched();
    let directory = |path: &str| Some(Node::Directory(site.id(path)));
    let file = |kind, path: &str| Some(Node::File(kind, site.id(path)));
    for (path, expected) in [
        ("", directory("main:")),
        ("apps", directory("main:apps")),
        (
            "apps/podinfo.yaml",
            file(FileKind::Regular, "main:apps/podinfo.yaml"),
        ),
        (
            "apps/run.sh",
            file(FileKind::Executable, "main:apps/run.sh"),
        ),
        ("apps/link", file(FileKind::Symlink, "main:apps/link")),
        ("sub", file(FileKind::Submodule, "main:sub")),
        ("none", None),
        ("apps/none", None),
        ("README.md/x", None),
        ("apps/link/x", None),
    ] {
        assert_eq!(repository.node(tip, path).unwrap(), expected, "{path}");
    }
}

#[test]
fn a_directory_shows_what_it_holds() {
    let site = Site::new();
    let (repository, tip) = site.fetched();
    let Some(Node::Directory(root)) = repository.node(tip, "").unwrap() else {
        panic!("a commit has a root");
    };
    let mut shown = Vec::new();
    repository
        .entries(root, &mut |name, node| {
            shown.push((name.to_owned(), node));
        })
        .unwrap();
    let expected = [
        (
            "README.md".to_owned(),
            Node::File(FileKind::Regular, site.id("main:README.md")),
        ),
        ("apps".to_owned(), Node::Directory(site.id("main:apps"))),
    ];
    assert_eq!(shown, expected);
    assert!(
        repository
            .entries(site.id("main:README.md"), &mut |_, _| {})
            .is_err()
    );
}
