use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema;

/// Somebody's consent to one plan.
///
/// The right to create one is the right to approve. It is immutable, and an admission policy holds
/// `approvedBy` to the user who creates it.
#[derive(
    CustomResource, Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq,
)]
#[kube(
    group = "repin.dev",
    version = "v1alpha1",
    kind = "ImageUpdateApproval",
    plural = "imageupdateapprovals",
    namespaced,
    derive = "PartialEq",
    derive = "Default",
    category = "repin",
    validation = Rule::new("self.metadata.name == self.spec.plan")
        .message("an approval has the name of the plan that it approves"),
    doc = "Consent to the ImageUpdatePlan of the same name.",
    printcolumn = r#"{"name":"Plan","type":"string","jsonPath":".spec.plan"}"#,
    printcolumn = r#"{"name":"Approved by","type":"string","jsonPath":".spec.approvedBy"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = schema::rules(&[
    ("self == oldSelf", "spec is immutable: delete the approval and create another"),
])))]
pub struct ImageUpdateApprovalSpec {
    /// Name of the ImageUpdatePlan in the same namespace; equal to the approval's own name.
    #[schemars(length(min = 1, max = 253))]
    pub plan: String,
    /// User name of who approves, as the API server knows it.
    #[schemars(length(min = 1, max = 1024))]
    pub approved_by: String,
}
