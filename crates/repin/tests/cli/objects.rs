//! `-f`: what lies beside the objects does not matter, and what cannot be read is told.

use std::os::unix::fs::symlink;

use crate::stage::{Ran, Stage};

/// Runs `plan` over the whole folder; the cache lies elsewhere.
fn plan_folder(stage: &Stage) -> Ran {
    let folder = stage.folder.path().join("objects");
    stage.repin_with("plan", ["-f".into(), folder.into_os_string()], &[])
}

/// A stage with the guide's objects in a folder of their own.
fn stage() -> Stage {
    let stage = Stage::new();
    stage.write("objects/flux.yaml", &stage.guide_objects());
    stage
}

#[track_caller]
fn plans(stage: &Stage) -> Ran {
    let ran = plan_folder(stage).expect(0);
    assert!(ran.stdout.contains(":5.0.3 "), "{}", ran.stdout);
    ran
}

#[track_caller]
fn refuses(stage: &Stage, texts: &[&str]) {
    let ran = plan_folder(stage).expect(1);
    for text in texts {
        assert!(
            ran.stderr.contains(text),
            "{text:?} is not in:\n{}",
            ran.stderr
        );
    }
}

#[test]
fn a_helm_chart_beside_the_objects_is_passed_over() {
    let stage = stage();
    let template = "{{- if .Values.serviceAccount.create }}\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {{ .x }}\n{{- end }}\n";
    stage.write("objects/chart/templates/serviceaccount.yaml", template);
    let ran = plans(&stage);
    assert!(
        ran.stderr
            .contains("warning: no objects are read from files that are not valid YAML: "),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("serviceaccount.yaml"), "{}", ran.stderr);

    stage.write(
        "objects/broken.yaml",
        "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\n\tspec: {\n",
    );
    refuses(&stage, &["broken.yaml: not valid YAML"]);
}

#[test]
fn core_objects_that_nothing_refers_to_do_not_matter() {
    let stage = stage();
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: apps\n";
    stage.write("objects/a.yaml", namespace);
    stage.write(
        "objects/b.yaml",
        &format!("{namespace}  labels: {{a: b}}\n"),
    );
    stage.write(
        "objects/secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\ndata:\n  k: \"${VAR}\"\n",
    );
    plans(&stage);
}

#[test]
fn core_objects_that_cannot_be_used_fail_what_refers_to_them() {
    let stage = stage();
    let secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: flux-system\n  namespace: flux-system\ndata:\n  k: ";
    stage.write("objects/secret.yaml", &format!("{secret}\"${{VAR}}\"\n"));
    refuses(
        &stage,
        &[
            "GitRepository 'flux-system/flux-system' refers to an object that cannot be used: ",
            "secret.yaml: Secret flux-system/flux-system: ",
        ],
    );
    stage.write("objects/secret.yaml", &format!("{secret}YQ==\n"));
    stage.write("objects/secret-2.yaml", &format!("{secret}Yg==\n"));
    refuses(
        &stage,
        &[
            "Secret 'flux-system/flux-system' is defined in ",
            "secret-2.yaml",
        ],
    );
}

#[test]
fn an_object_that_two_documents_define_alike_counts_once() {
    let stage = stage();
    stage.write("objects/again.yaml", &stage.guide_objects());
    plans(&stage);
    let differing = stage.guide_objects().replace("range: 5.0.x", "range: 5.x");
    stage.write("objects/again.yaml", &differing);
    refuses(
        &stage,
        &[
            "ImagePolicy 'flux-system/podinfo' is defined in ",
            "differently",
        ],
    );
}

#[test]
fn a_file_that_several_paths_lead_to_is_read_once() {
    let stage = stage();
    let folder = stage.folder.path().join("objects");
    let file = folder.join("flux.yaml");
    symlink("flux.yaml", folder.join("link.yaml")).unwrap();
    let arguments = [
        "-f".as_ref(),
        folder.as_os_str(),
        "-f".as_ref(),
        file.as_os_str(),
    ];
    stage.repin_with("plan", arguments, &[]).expect(0);
}

#[test]
fn a_patch_is_told_from_an_object() {
    let stage = stage();
    stage.write(
        "objects/patch.yaml",
        "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\nmetadata:\n  name: podinfo\n  namespace: flux-system\nspec:\n  policy:\n    semver: {range: 5.x}\n",
    );
    refuses(
        &stage,
        &[
            "patch.yaml: looks like a patch: pass the output of `kustomize build`",
            "imageRepositoryRef",
        ],
    );
}

#[test]
fn links_within_a_folder_are_followed_whatever_they_lead_to() {
    let stage = Stage::new();
    stage.write("objects/..data/content", &stage.guide_objects());
    let folder = stage.folder.path().join("objects");
    symlink("..data/content", folder.join("flux.yaml")).unwrap();
    plans(&stage);
}

#[test]
fn links_that_lead_out_of_a_folder_are_warned_of() {
    let stage = stage();
    let outside = stage.write("elsewhere/more.yaml", "a: 1\n");
    let folder = stage.folder.path().join("objects");
    symlink(&outside, folder.join("more.yaml")).unwrap();
    symlink("nowhere", folder.join("dangling.yaml")).unwrap();
    let ran = plans(&stage);
    for text in [
        "more.yaml is not read: the link leads out of",
        "dangling.yaml is not read: the link leads nowhere",
    ] {
        assert!(ran.stderr.contains(text), "{}", ran.stderr);
    }
}

#[test]
fn a_tree_that_is_too_deep_is_an_error() {
    let stage = stage();
    stage.write(&format!("objects/{}a.yaml", "d/".repeat(70)), "a: 1\n");
    refuses(&stage, &["lies too deep to be searched for objects"]);
}

#[test]
fn a_dump_of_a_whole_cluster_is_read() {
    let stage = Stage::new();
    let numbers = "0,".repeat(260_000);
    let dump = format!("{}---\ndata: [{numbers}]\n", stage.guide_objects());
    stage.write("objects/dump.yaml", &dump);
    plans(&stage);
}

#[test]
fn image_repositories_alone_are_not_enough() {
    let stage = Stage::new();
    let objects = stage.guide_objects();
    let repository = objects.split("---").next().unwrap();
    stage.write("objects/repository.yaml", repository);
    refuses(
        &stage,
        &["expected at least one ImagePolicy or ImageUpdateAutomation"],
    );
}
