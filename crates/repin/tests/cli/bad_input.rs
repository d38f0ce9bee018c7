//! What is wrong is told with its object, its operation and a remedy; nothing is pushed, and no secret is shown.

use std::sync::Arc;

use test_support::git_http::Fault;
use test_support::registry::{Auth, Effect, Endpoint};

use crate::stage::{DEPLOYMENT, Ran, Stage, repin_in};

/// Runs `run`, which must fail with all of these texts and push nothing.
#[track_caller]
fn refused(stage: &Stage, texts: &[&str]) -> Ran {
    let before = stage.repository.references();
    let ran = stage.repin("run", [""; 0]).expect(1);
    for text in texts {
        assert!(
            ran.stderr.contains(text),
            "{text:?} is not in:\n{}",
            ran.stderr
        );
    }
    assert_eq!(stage.repository.references(), before);
    ran
}

#[test]
fn a_registry_that_refuses_the_credentials() {
    let stage = Stage::with_guide_objects();
    stage
        .registry
        .set_auth(Auth::basic("robot", "right-password"));
    refused(
        &stage,
        &[
            "ImagePolicy 'flux-system/podinfo'",
            "ImageRepository 'flux-system/podinfo'",
            "401",
        ],
    );
}

#[test]
fn a_registry_that_answers_with_errors() {
    for (effect, text) in [
        (Effect::status(403), "403"),
        (Effect::status(404), "404"),
        (Effect::Html, "login page"),
    ] {
        let stage = Stage::with_guide_objects();
        stage.registry.fail_always(Endpoint::Tags, effect);
        refused(&stage, &["ImageRepository 'flux-system/podinfo'", text]);
    }
}

#[test]
fn a_page_that_fails_fails_the_whole_list() {
    let stage = Stage::with_guide_objects();
    stage.registry.set_page_size(2);
    stage.repin("plan", [""; 0]).expect(0);
    stage.registry.fail_always(Endpoint::Tags, Effect::BreakOff);
    refused(&stage, &["ImageRepository 'flux-system/podinfo'"]);
}

#[test]
fn a_policy_that_selects_nothing() {
    let stage = Stage::with_guide_objects();
    stage.edit_objects("range: 5.0.x", "range: 9.x");
    refused(
        &stage,
        &[
            "ImagePolicy 'flux-system/podinfo'",
            "unable to determine latest version from provided list",
        ],
    );
}

#[test]
fn an_invalid_range() {
    let stage = Stage::with_guide_objects();
    stage.edit_objects("range: 5.0.x", "range: '==5'");
    refused(
        &stage,
        &[
            "ImagePolicy 'flux-system/podinfo'",
            "invalid policy: improper constraint",
        ],
    );
}

#[test]
fn references_to_objects_that_are_not_there() {
    let stage = Stage::with_guide_objects();
    stage.edit_objects(
        "    gitRepositoryRef:\n      name: flux-system",
        "    gitRepositoryRef:\n      name: absent",
    );
    refused(
        &stage,
        &["GitRepository 'flux-system/absent' not found among the objects"],
    );

    let stage = Stage::with_guide_objects();
    stage.edit_objects(
        "  imageRepositoryRef:\n    name: podinfo",
        "  imageRepositoryRef:\n    name: absent",
    );
    refused(
        &stage,
        &[
            "ImageRepository 'flux-system/absent' not found",
            "ImagePolicy 'flux-system/podinfo' refers to it",
        ],
    );
}

#[test]
fn a_branch_that_is_missing() {
    let stage = Stage::with_guide_objects();
    stage.edit_objects(
        "  checkout:\n    branch: main",
        "  checkout:\n    branch: absent",
    );
    refused(
        &stage,
        &[
            "failed to checkout source",
            "couldn't find remote ref \"refs/heads/absent\"",
            "create it",
        ],
    );
}

#[test]
fn an_update_path_that_leaves_the_repository() {
    let stage = Stage::with_guide_objects();
    stage.edit_objects("path: ./clusters/my-cluster", "path: ../../etc");
    refused(
        &stage,
        &["spec.update.path '../../etc' leads out of the repository"],
    );
    stage.edit_objects("path: ../../etc", "path: ./absent");
    refused(
        &stage,
        &["failed to apply policies", "'absent' does not exist"],
    );
}

#[test]
fn a_git_server_that_refuses_or_is_not_one() {
    let stage = Stage::with_guide_objects();
    for (fault, text) in [
        (Fault::Status(401), "401"),
        (Fault::Status(403), "403"),
        (Fault::Status(404), "404"),
        (Fault::Status(503), "503"),
        (Fault::Html, "not a Git server"),
    ] {
        stage.git.fault("info/refs", 1, fault);
        refused(
            &stage,
            &["ImageUpdateAutomation 'flux-system/flux-system'", text],
        );
    }
}

#[test]
fn a_hook_that_refuses_is_quoted() {
    let stage = Stage::with_guide_objects();
    stage.repository.hook(
        "pre-receive",
        "#!/bin/sh\necho 'policy: signed commits only' >&2\nexit 1\n",
    );
    refused(
        &stage,
        &[
            "failed to push to remote",
            "refs/heads/main was refused",
            "policy: signed commits only",
        ],
    );
}

#[test]
fn a_branch_that_moves_during_the_push_is_rebased_upon() {
    let stage = Stage::with_guide_objects();
    let repository = Arc::clone(&stage.repository);
    let moved = std::sync::atomic::AtomicBool::new(false);
    stage.git.before_receive_pack(move || {
        if !moved.swap(true, std::sync::atomic::Ordering::SeqCst) {
            repository
                .commit("main")
                .file("README.md", "foreign\n")
                .message("foreign")
                .done();
        }
    });
    stage.repin("run", [""; 0]).expect(0);
    assert!(stage.deployed("main").starts_with("podinfo:5.0.3 "));
    assert_eq!(stage.repository.message("main^"), "foreign");
    assert_eq!(stage.repository.count("main"), 3);
    stage.repository.fsck();
}

#[test]
fn a_file_that_changed_during_the_push_is_planned_anew() {
    let stage = Stage::with_guide_objects();
    let foreign = format!("# by hand\n{}", stage.deployment("4.0.6"));
    let repository = Arc::clone(&stage.repository);
    let text = foreign.clone();
    let moved = std::sync::atomic::AtomicBool::new(false);
    stage.git.before_receive_pack(move || {
        if !moved.swap(true, std::sync::atomic::Ordering::SeqCst) {
            repository.commit("main").file(DEPLOYMENT, &text).done();
        }
    });
    stage.repin("run", [""; 0]).expect(0);
    assert_eq!(stage.repository.show_text("main^", DEPLOYMENT), foreign);
    let expected = foreign.replace("4.0.6", "5.0.3");
    assert_eq!(stage.repository.show_text("main", DEPLOYMENT), expected);
}

#[test]
fn a_file_that_always_changes_is_never_overwritten() {
    let stage = Stage::with_guide_objects();
    let repository = Arc::clone(&stage.repository);
    let deployment = stage.deployment("4.0.6");
    let count = std::sync::atomic::AtomicUsize::new(0);
    stage.git.before_receive_pack(move || {
        let count = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let text = format!("# {count}\n{deployment}");
        repository.commit("main").file(DEPLOYMENT, text).done();
    });
    let ran = stage.repin("run", [""; 0]).expect(1);
    assert!(
        ran.stderr.contains("changed since the plan was made"),
        "{}",
        ran.stderr
    );
    assert!(stage.deployed("main").starts_with("podinfo:4.0.6 "));
}

#[test]
fn the_credentials_of_the_environment_go_to_one_host_only() {
    let stage = Stage::with_guide_objects();
    let other = "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: other, namespace: flux-system}\nspec: {url: 'https://git.example.com/other.git'}\n";
    let file = stage.write("two.yaml", &format!("{}{other}", stage.guide_objects()));
    let arguments = ["-f".as_ref(), file.as_os_str()];
    let ran = stage
        .repin_with("run", arguments, &[("REPIN_GIT_TOKEN", "s3cret-token")])
        .expect(1);
    assert!(
        ran.stderr.contains("not sent to several hosts"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("s3cret-token"));
    assert!(
        stage
            .git
            .exchanges()
            .iter()
            .all(|exchange| exchange.authorization.is_none())
    );
}

#[test]
fn an_empty_repository_and_a_template_that_cannot_run() {
    let stage = Stage::with_guide_objects();
    stage.repository.delete("refs/heads/main");
    refused(&stage, &["failed to checkout source", "is empty"]);

    let stage = Stage::with_guide_objects();
    stage.edit_objects("{{range .Updated.Images}}", "{{range .Updated.Images");
    refused(
        &stage,
        &[
            "failed to update source: unable to create commit message template from spec: template: ",
        ],
    );
}

#[test]
fn findings_are_told_and_the_rest_goes_on() {
    let stage = Stage::with_guide_objects();
    stage
        .repository
        .commit("main")
        .file(
            "clusters/my-cluster/a.yaml",
            "image: x:1 # {\"$imagepolicy\": \"flux-system:absent\"}\n",
        )
        .file(
            "clusters/my-cluster/b.yaml",
            "a: {{ .Values }} # {\"$imagepolicy\": \"flux-system:podinfo\"}\n\tb: 1\n",
        )
        .symlink("clusters/my-cluster/c.yaml", "../../../../etc/passwd")
        .submodule(
            "clusters/my-cluster/d.yaml",
            "1111111111111111111111111111111111111111",
        )
        .done();
    let ran = stage.repin("run", [""; 0]).expect(0);
    for text in [
        "a.yaml:1:",
        "flux-system:absent",
        "b.yaml:",
        "c.yaml: the link leads out of the repository",
    ] {
        assert!(
            ran.stderr.contains(text),
            "{text:?} is not in:\n{}",
            ran.stderr
        );
    }
    assert!(stage.deployed("main").starts_with("podinfo:5.0.3 "));
}

#[test]
fn objects_that_cannot_be_read() {
    let stage = Stage::with_guide_objects();
    for (content, texts) in [
        (
            "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\n\tx: 1\n",
            &["objects.yaml: not valid YAML"][..],
        ),
        (
            "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\nmetadata: {name: a}\nspec: {policy: 3}\n",
            &["objects.yaml", "ImagePolicy", "spec.policy"],
        ),
        (
            "apiVersion: image.toolkit.fluxcd.io/v9\nkind: ImagePolicy\nmetadata: {name: a}\n",
            &["v9"],
        ),
        ("a: 1\n", &["no object of image automation found"]),
    ] {
        stage.write("objects.yaml", content);
        refused(&stage, texts);
    }
    let other = stage.guide_objects().replace("5.0.x", "5.x");
    let twice = format!("{}---\n{other}", stage.guide_objects());
    stage.write("objects.yaml", &twice);
    refused(&stage, &["is defined", "objects.yaml"]);
}

#[test]
fn safeguards_that_need_more_than_a_registry_are_never_ignored() {
    let stage = Stage::with_guide_objects();
    stage.edit_objects(
        "kind: ImagePolicy\nmetadata:\n",
        "kind: ImagePolicy\nmetadata:\n  annotations: {repin.dev/minimum-age: 24h}\n",
    );
    refused(
        &stage,
        &[
            "ImagePolicy 'flux-system/podinfo'",
            "minimumAge depends on what earlier runs saw: pass --state FILE",
        ],
    );
    let ran = stage.repin("explain", ["podinfo"]).expect(1);
    assert!(ran.stderr.contains("pass --state FILE"), "{}", ran.stderr);

    let stage = Stage::with_guide_objects();
    stage.edit_objects(
        "kind: ImageUpdateAutomation\nmetadata:\n",
        "kind: ImageUpdateAutomation\nmetadata:\n  annotations: {repin.dev/approval: Required}\n",
    );
    stage.repin("plan", [""; 0]).expect(0);
    refused(&stage, &["approval is required"]);
}

#[test]
fn wrong_usage_ends_with_2() {
    let home = tempfile::tempdir().unwrap();
    repin_in(home.path(), &["plan", "--no-such-flag"]).expect(2);
    repin_in(
        home.path(),
        &["plan", "--repo", "https://example.com/x.git"],
    )
    .expect(2);
    repin_in(home.path(), &["plan"]).expect(2);
    repin_in(home.path(), &["convert", "-f", "-", "--write"]).expect(2);
    repin_in(home.path(), &["completions", "bash"]).expect(0);
}
