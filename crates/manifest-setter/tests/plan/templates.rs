//! Messages that cannot be rendered.

use crate::stage::{MARKED, Stage};

/// Reason, whether it is Stalled, and the text of the pass's error.
fn told(stage: &Stage) -> (&'static str, bool, String) {
    let error = stage.pass().unwrap_err();
    (error.reason(), error.is_stalled(), error.message())
}

#[test]
fn a_removed_field_stalls_with_fluxs_text_alone() {
    let mut stage = Stage::new();
    stage.template("{{ .Changed.ImageResult }}");
    let text = "template uses removed '.Changed.ImageResult' field. Please use '.Changed.FileChanges' or \
                '.Changed.Objects' instead. See: \
                https://fluxcd.io/flux/components/image/imageupdateautomations/#message-template";
    assert_eq!(
        told(&stage),
        ("RemovedTemplateField", true, text.to_owned())
    );
}

#[test]
fn a_template_that_is_none_and_one_that_fails_are_told_apart() {
    let mut stage = Stage::new();
    for (template, beginning) in [
        (
            "{{ nope",
            "failed to update source: unable to create commit message template from spec: template: commit message:1:",
        ),
        (
            "{{ fail \"no\" }}",
            "failed to update source: failed to run template from spec: template: commit message:1:",
        ),
    ] {
        stage.template(template);
        let (reason, stalled, text) = told(&stage);
        assert_eq!((reason, stalled), ("GitOperationFailed", false));
        assert!(text.starts_with(beginning), "{text}");
        assert_eq!(
            text.matches("template: commit message").count(),
            1,
            "{text}"
        );
    }
}

#[test]
fn a_message_that_is_too_long_names_its_bound() {
    let mut stage = Stage::new();
    stage.template("{{ repeat 131073 \"x\" }}");
    let (reason, stalled, text) = told(&stage);
    assert_eq!((reason, stalled), ("GitOperationFailed", false));
    assert!(text.contains("131072 bytes"), "{text}");
    // One byte of the message, six of the plan.
    stage.template("{{ repeat 40000 \"\\x01\" }}");
    let (_, _, text) = told(&stage);
    assert!(
        text.contains("takes 240002 bytes in the plan, which holds at most 196608"),
        "{text}"
    );
}

#[test]
fn a_message_that_is_too_long_for_all_edits_tells_of_fewer() {
    let mut stage = Stage::new();
    let many = (0..16).fold(stage.repository.commit("main"), |commit, number| {
        commit.file(&format!("apps/f{number:02}.yaml"), MARKED)
    });
    many.remove("apps/app.yaml").done();
    stage.template("{{ range .Changed.FileChanges }}{{ repeat 20000 \"x\" }}{{ end }}");
    let pass = stage.pass().unwrap();
    assert_eq!((pass.files.len(), pass.left_over), (4, 12));
    let spec = pass.plan.unwrap().spec;
    assert_eq!(spec.message.len(), 80_000);
    assert_eq!((spec.file_count, spec.policies.len()), (4, 1));
}
