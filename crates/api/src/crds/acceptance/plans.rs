use serde_json::{Value, json};

use super::{accepts, verdict};
use crate::repin::v1alpha1::{
    ImageUpdateApproval, ImageUpdateApprovalSpec, ImageUpdatePlan, ImageUpdatePlanSpec,
};

/// A plan as it is written.
fn plan() -> Value {
    json!({ "spec": {
        "automationRef": { "name": "fleet", "uid": "a" },
        "sequence": 1,
        "approval": "Required",
        "sourceRef": { "kind": "GitRepository", "name": "fleet", "namespace": "b" },
        "checkout": { "ref": { "branch": "main" }, "commit": "c" },
        "push": { "branch": "main", "base": "c", "refspec": "a:b", "options": { "a": "b" } },
        "author": { "name": "bot", "email": "bot@example.com" },
        "signingKey": { "secretRef": { "name": "key" }, "type": "ssh" },
        "message": "",
        "policies": [{ "namespace": "b", "name": "a", "ref": { "name": "a", "tag": "1" } }],
        "fileCount": 1,
        "editCount": 1,
        "diff": ["--- a/a"],
        "files": [{ "path": "a", "blob": "d", "edits": [{ "offset": 0, "old": "1", "new": "2",
            "line": 1, "field": ".a", "object": { "apiVersion": "v1", "kind": "A",
            "namespace": "", "name": "" }, "setter": "b:a", "oldValue": "1", "newValue": "2" }] }],
    }, "status": {
        "conditions": [],
        "prepared": { "commit": "e", "parent": "c", "time": "2021-04-22T12:00:00Z" },
        "commit": "e",
        "pushedTime": "2021-04-22T12:00:00Z",
    } })
}

#[test]
fn plans_are_whole_or_refused() {
    accepts("ImageUpdatePlan", "v1alpha1", [plan()]);
    let mut least = plan();
    for optional in ["approval", "signingKey", "policies"] {
        least["spec"].as_object_mut().unwrap().remove(optional);
    }
    accepts("ImageUpdatePlan", "v1alpha1", [least]);

    for (path, value) in [
        ("/spec/sequence", json!(0)),
        ("/spec/sequence", json!("1")),
        ("/spec/approval", json!("Maybe")),
        ("/spec/sourceRef/kind", json!("Bucket")),
        ("/spec/files/0/edits/0/offset", json!(-1)),
        ("/spec/files/0/edits/0/line", json!(0)),
        ("/spec/diff", json!("--- a/a")),
    ] {
        let mut wrong = plan();
        *wrong.pointer_mut(path).unwrap() = value;
        let verdict = verdict("ImageUpdatePlan", "v1alpha1", &wrong);
        assert_eq!(verdict.len(), 1, "{path}: {verdict:?}");
    }
    for required in [
        "automationRef",
        "sequence",
        "push",
        "diff",
        "files",
        "message",
    ] {
        let mut without = plan();
        without["spec"].as_object_mut().unwrap().remove(required);
        let verdict = verdict("ImageUpdatePlan", "v1alpha1", &without);
        assert_eq!(verdict, [format!(".spec: lacks \"{required}\"")]);
    }
}

#[test]
fn plans_and_approvals_cannot_be_changed() {
    let plan = ImageUpdatePlan::new("a", ImageUpdatePlanSpec::default());
    let mut other = plan.clone();
    other.spec.message = "another".to_owned();
    assert!(kube::core::cel::validate_cel_update(&plan, &plan).is_ok());
    let errors = kube::core::cel::validate_cel_update(&other, &plan).unwrap_err();
    assert_eq!(
        errors.into_vec()[0].message,
        "spec is immutable: a changed decision is a new plan"
    );

    let spec = |by: &str| ImageUpdateApprovalSpec {
        plan: "a".to_owned(),
        approved_by: by.to_owned(),
    };
    let approval = ImageUpdateApproval::new("a", spec("alice"));
    let other = ImageUpdateApproval::new("a", spec("bob"));
    assert!(kube::core::cel::validate_cel_update(&approval, &approval).is_ok());
    assert!(kube::core::cel::validate_cel_update(&other, &approval).is_err());
    let misnamed = ImageUpdateApproval::new("b", spec("alice"));
    let errors = kube::core::cel::validate_cel(&misnamed).unwrap_err();
    assert_eq!(
        errors.into_vec()[0].message,
        "an approval has the name of the plan that it approves"
    );
}
