//! The arrows between our crates: the table here is the architecture, and the package graph must say the same.

use cargo_metadata::{DependencyKind, Metadata};

use super::Violation;
use Uses::{Anything, Only};

/// What a crate may use of ours.
#[derive(Debug, Clone, Copy)]
enum Uses {
    /// Exactly these, each of them.
    Only(&'static [&'static str]),
    /// Whatever it needs: it stands above all libraries and nothing depends on it.
    Anything,
}

/// Each crate and what it uses; ARCHITECTURE.md explains why.
#[rustfmt::skip]
const ARROWS: &[(&str, Uses)] = &[
    // Values in, values out.
    ("api", Only(&[])),
    ("image-ref", Only(&[])),
    ("tag-policy", Only(&[])),
    ("tag-slices", Only(&["api", "image-ref"])),
    ("yaml-setter", Only(&[])),
    ("commit-message", Only(&[])),
    ("hook-payload", Only(&[])),
    // Clients.
    ("registry-client", Only(&["image-ref"])),
    ("cloud-identity", Only(&["image-ref", "registry-client"])),
    ("registry-access", Only(&["api", "cloud-identity", "image-ref", "registry-client"])),
    ("git-remote", Only(&[])),
    ("git-access", Only(&["api", "cloud-identity", "git-remote", "registry-client"])),
    ("controller-runtime", Only(&["api"])),
    // The steps of the pipeline and their controllers; none knows another one.
    ("registry-scanner", Only(&["api", "controller-runtime", "image-ref", "registry-access", "registry-client", "tag-policy", "tag-slices"])),
    ("policy-evaluator", Only(&["api", "controller-runtime", "image-ref", "registry-access", "registry-client", "tag-policy", "tag-slices"])),
    ("manifest-setter", Only(&["api", "cloud-identity", "commit-message", "controller-runtime", "git-access", "git-remote", "image-ref", "tag-policy", "yaml-setter"])),
    ("git-writer", Only(&["api", "cloud-identity", "controller-runtime", "git-access", "git-remote", "yaml-setter"])),
    ("webhook-receiver", Only(&["api", "controller-runtime", "hook-payload", "image-ref"])),
    // What stands above all of them.
    ("repin", Anything),
    // Tools of this repository.
    ("test-support", Only(&[])),
    ("bench", Anything),
    ("e2e", Anything),
    ("xtask", Anything),
];

/// What the tests of every crate may use besides what the crate itself uses.
const FOR_TESTS: &str = "test-support";

/// One of our crates as the package graph tells it.
#[derive(Debug, Clone)]
struct Crate {
    name: String,
    /// Ours it ships with.
    uses: Vec<String>,
    /// Ours its tests and build script use.
    tests_use: Vec<String>,
}

/// Arrows that the table does not know, and arrows of the table that are gone.
pub(crate) fn violations(metadata: &Metadata) -> Vec<Violation> {
    compare(&crates(metadata), ARROWS)
}

fn crates(metadata: &Metadata) -> Vec<Crate> {
    let members = metadata.workspace_packages();
    let ours = |name: &str| members.iter().any(|package| package.name == name);
    let used = |package: &cargo_metadata::Package, normal: bool| {
        let dependencies = package.dependencies.iter();
        let wanted = dependencies.filter(|dependency| {
            (dependency.kind == DependencyKind::Normal) == normal && ours(&dependency.name)
        });
        wanted
            .map(|dependency| dependency.name.clone())
            .collect::<Vec<_>>()
    };
    members
        .iter()
        .map(|package| Crate {
            name: package.name.to_string(),
            uses: used(package, true),
            tests_use: used(package, false),
        })
        .collect()
}

fn compare(crates: &[Crate], arrows: &[(&str, Uses)]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for found in crates {
        match arrows.iter().find(|(name, _)| *name == found.name) {
            None => violations.push(Violation::new(
                &found.name,
                "a new crate needs its line in xtask/src/tidy/arrows.rs",
            )),
            Some((_, Only(allowed))) => violations.extend(compare_one(found, allowed)),
            Some((_, Anything)) => {}
        }
    }
    let gone = arrows
        .iter()
        .filter(|(name, _)| !crates.iter().any(|found| found.name == *name));
    violations.extend(gone.map(|(name, _)| {
        Violation::new(
            *name,
            "is gone: take its line out of xtask/src/tidy/arrows.rs",
        )
    }));
    violations
}

fn compare_one(found: &Crate, allowed: &[&str]) -> Vec<Violation> {
    let place = || found.name.clone();
    let is_allowed = |name: &&String| allowed.contains(&name.as_str());
    let forbidden = found.uses.iter().filter(|name| !is_allowed(name));
    let forbidden = forbidden.map(|name| {
        Violation::new(
            place(),
            format!("must not use {name}: arrows point down only"),
        )
    });
    let for_tests = found
        .tests_use
        .iter()
        .filter(|name| !is_allowed(name) && *name != FOR_TESTS);
    let for_tests =
        for_tests.map(|name| Violation::new(place(), format!("its tests must not use {name}")));
    let unused = allowed
        .iter()
        .filter(|name| !found.uses.iter().any(|used| used == *name));
    let unused = unused.map(|name| {
        Violation::new(
            place(),
            format!("no longer uses {name}: take the arrow out of xtask/src/tidy/arrows.rs"),
        )
    });
    forbidden.chain(for_tests).chain(unused).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[(&str, Uses)] = &[
        ("low", Only(&[])),
        ("high", Only(&["low"])),
        ("tool", Anything),
    ];

    fn named(name: &str, uses: &[&str], tests_use: &[&str]) -> Crate {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Crate {
            name: name.to_owned(),
            uses: owned(uses),
            tests_use: owned(tests_use),
        }
    }

    /// The graph of the table, with `crates` in the place of those of the same name.
    fn check(crates: &[Crate]) -> Vec<String> {
        let mut all = vec![
            named("low", &[], &[]),
            named("high", &["low"], &[]),
            named("tool", &["low", "high"], &[]),
        ];
        for changed in crates {
            all.retain(|found| found.name != changed.name);
            all.push(changed.clone());
        }
        compare(&all, TABLE)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn the_graph_of_the_table_is_right() {
        assert_eq!(check(&[]), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_that_points_up_is_a_violation() {
        assert_eq!(
            check(&[named("low", &["high"], &[])]),
            ["low: must not use high: arrows point down only"]
        );
    }

    #[test]
    fn tests_may_use_what_the_crate_uses_and_the_support_for_tests() {
        assert_eq!(
            check(&[named("high", &["low"], &["low", "test-support"])]),
            Vec::<String>::new()
        );
        assert_eq!(
            check(&[named("low", &[], &["high"])]),
            ["low: its tests must not use high"]
        );
    }

    #[test]
    fn an_arrow_that_is_gone_is_a_violation() {
        let found = check(&[named("high", &[], &[])]);
        assert_eq!(
            found,
            ["high: no longer uses low: take the arrow out of xtask/src/tidy/arrows.rs"]
        );
    }

    #[test]
    fn a_crate_without_a_line_and_a_line_without_a_crate_are_violations() {
        let found = compare(
            &[named("low", &[], &[]), named("new", &[], &[])],
            &TABLE[..2],
        );
        assert_eq!(
            found
                .iter()
                .map(|violation| violation.place.as_str())
                .collect::<Vec<_>>(),
            ["new", "high"]
        );
    }
}
