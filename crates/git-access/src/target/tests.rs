use super::*;

/// The target of an automation with this `git.checkout`, `git.push` and `update`, over a GitRepository with this `ref`.
#[expect(
    clippy::unwrap_in_result,
    reason = "only the result of the step is of interest"
)]
fn resolve(git: &str, update: &str, reference: &str) -> Result<Target, TargetError> {
    let automation = serde_json::from_str(&format!(
        r#"{{"apiVersion": "image.toolkit.fluxcd.io/v1", "kind": "ImageUpdateAutomation", "metadata": {{"name": "a"}},
            "spec": {{"interval": "1m", "sourceRef": {{"kind": "GitRepository", "name": "r"}},
                      "update": {{{update}}}, "git": {{"commit": {{"author": {{"email": "a@b.c"}}}}{git}}}}}}}"#
    ));
    let source = serde_json::from_str(&format!(
        r#"{{"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": {{"name": "r"}},
            "spec": {{"url": "https://example.com/r.git"{reference}}}}}"#
    ));
    Target::resolve(&automation.unwrap(), &source.unwrap())
}

fn is_switch(target: &Target) -> bool {
    target.reference.switches_to(&target.push_branch)
}

/// `git.push.branch`, the `ref`, and what they come to.
type Case = (&'static str, &'static str, Checkout, bool);

#[track_caller]
fn check(cases: impl IntoIterator<Item = Case>) {
    for (push_branch, reference, checkout, switches) in cases {
        let push = format!(r#", "push": {{"branch": "{push_branch}"}}"#);
        let target = resolve(&push, "", reference).unwrap();
        assert_eq!(target.checkout, checkout, "{reference}");
        assert_eq!(target.push_branch, push_branch, "{reference}");
        assert_eq!(is_switch(&target), switches, "{push_branch} {reference}");
    }
}

#[test]
fn a_branch_is_read_and_pushed_to() {
    let branch = |name: &str| Checkout::Branch(name.to_owned());
    let main = r#", "ref": {"branch": "main"}"#;
    check([
        ("main", main, branch("main"), false),
        ("auto", main, branch("main"), true),
        ("master", "", branch("master"), false),
        ("auto", "", branch("master"), true),
    ]);
    let own = r#", "checkout": {"ref": {"branch": "dev"}}"#;
    for (git, expected) in [("", "main"), (own, "dev")] {
        let target = resolve(git, "", main).unwrap();
        assert_eq!(target.checkout, branch(expected));
        assert_eq!(
            (target.push_branch.as_str(), is_switch(&target)),
            (expected, false)
        );
    }
}

#[test]
fn what_is_checked_out_goes_in_the_order_of_flux() {
    let name = "refs/heads/main";
    check([
        (
            "main",
            r#", "ref": {"name": "refs/heads/main"}"#,
            Checkout::Name(name.to_owned()),
            true,
        ),
        (
            "auto",
            r#", "ref": {"tag": "v1", "semver": "1.x", "branch": "main"}"#,
            Checkout::Semver("1.x".to_owned()),
            true,
        ),
        (
            "auto",
            r#", "ref": {"tag": "v1", "commit": "c", "name": "n"}"#,
            Checkout::Commit("c".to_owned()),
            true,
        ),
    ]);
}

#[test]
fn a_push_branch_is_never_guessed() {
    for reference in [
        "",
        r#", "ref": {"tag": "v1"}"#,
        r#", "ref": {"semver": "1.x"}"#,
    ] {
        assert_eq!(
            resolve("", "", reference).unwrap_err(),
            TargetError::NoPushBranch,
            "{reference}"
        );
    }
}

#[test]
fn a_refspec_must_push_the_branch() {
    let push = |refspec: &str| format!(r#", "push": {{"branch": "auto", "refspec": "{refspec}"}}"#);
    let target = resolve(&push("refs/heads/auto:refs/for/main"), "", "").unwrap();
    assert_eq!(
        target.refspec.as_deref(),
        Some("refs/heads/auto:refs/for/main")
    );
    let error = resolve(&push("refs/heads/main:refs/for/main"), "", "").unwrap_err();
    assert!(
        matches!(
            error,
            TargetError::Refspec(RefspecError::OtherSource { .. })
        ),
        "{error}"
    );
}

#[test]
fn paths_are_cleaned_and_stay_inside() {
    for (path, expected) in [
        ("./clusters/my-cluster", Some("clusters/my-cluster")),
        ("/clusters/", Some("clusters")),
        (".", Some("")),
        ("", Some("")),
        ("a//b/../c", Some("a/c")),
        ("a/../..", None),
        ("../a", None),
    ] {
        assert_eq!(clean_path(path).ok().as_deref(), expected, "{path}");
    }
    let error = resolve("", r#""path": "../x""#, r#", "ref": {"branch": "main"}"#).unwrap_err();
    assert_eq!(
        error,
        TargetError::PathEscapes {
            path: "../x".to_owned()
        }
    );
}
