//! The policies and helpers that the tests share.

use yaml_setter::{Edit, LatestImage, Marker, Setters, Splice, edit, splice};

/// The marker of the policy `ns:p`.
pub(crate) const M: &str = r#"# {"$imagepolicy": "ns:p"}"#;
/// The marker of its tag.
pub(crate) const TAG: &str = r#"# {"$imagepolicy": "ns:p:tag"}"#;

/// One policy `ns:p` whose image is `reg.io/app` with this tag and no digest.
pub(crate) fn setters(tag: &str) -> Setters {
    let mut setters = Setters::new();
    let image = LatestImage {
        name: "reg.io/app",
        tag,
        digest: None,
    };
    setters.policy("ns", "p", &image);
    setters
}

/// The file after its edits, which must leave nothing more to edit.
pub(crate) fn rewritten(file: &[u8], setters: &Setters) -> Vec<u8> {
    let edits = edit(file, setters).edits;
    let splices: Vec<Splice<'_>> = edits.iter().map(Edit::splice).collect();
    let after = splice(file, &splices).expect("the edits fit the file they were made for");
    assert_eq!(
        edit(&after, setters).edits,
        [],
        "after {}",
        String::from_utf8_lossy(&after)
    );
    after
}

/// [`rewritten`] for text, with the policy's tag `v2`. `M` stands for the marker.
pub(crate) fn update(text: &str) -> String {
    let file = text.replace('M', M).replace("TAG", TAG);
    let after = rewritten(file.as_bytes(), &setters("v2"));
    let after = String::from_utf8(after).expect("UTF-8 stays UTF-8");
    after.replace(M, "M").replace(TAG, "TAG")
}

/// The fields that take a marker in a text where `M` stands for one.
pub(crate) fn marked(text: &str) -> Vec<String> {
    let file = text.replace('M', M);
    let markers = edit(file.as_bytes(), &setters("v2")).markers;
    markers
        .into_iter()
        .map(|marker: Marker| marker.field)
        .collect()
}

/// Rule, line and column of every finding in a text where `M` stands for a marker.
pub(crate) fn found(text: &str) -> Vec<(&'static str, usize, usize)> {
    let file = text.replace('M', M);
    let findings = edit(file.as_bytes(), &setters("v2")).findings;
    findings
        .iter()
        .map(|finding| (finding.problem.rule(), finding.line, finding.column))
        .collect()
}
