use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::{Resource as _, ResourceExt as _};

use super::AutomationReference;
use crate::image::v1::ImageUpdateAutomation;
use crate::labels;

impl AutomationReference {
    /// The automation as its plans refer to it; the uid is empty where the object never was in a cluster.
    pub fn of(automation: &ImageUpdateAutomation) -> Self {
        Self {
            name: automation.name_any(),
            uid: automation.uid().unwrap_or_default(),
        }
    }

    /// The owner reference of a plan: with the automation its plans go. It blocks no deletion, which would take a right
    /// over the automation's finalizers.
    pub fn owner_reference(&self) -> OwnerReference {
        OwnerReference {
            api_version: ImageUpdateAutomation::api_version(&()).into_owned(),
            kind: ImageUpdateAutomation::kind(&()).into_owned(),
            name: self.name.clone(),
            uid: self.uid.clone(),
            controller: Some(true),
            block_owner_deletion: Some(false),
        }
    }

    /// The label of a plan, by which all plans of the automation are found: name and value.
    pub fn label(&self) -> (String, String) {
        (
            labels::IMAGE_UPDATE_AUTOMATION.to_owned(),
            labels::value(&self.name),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::v1::ImageUpdateAutomationSpec;

    #[test]
    fn a_plan_is_owned_and_labelled_after_its_automation() {
        let mut automation =
            ImageUpdateAutomation::new("fleet", ImageUpdateAutomationSpec::default());
        automation.metadata.uid = Some("u-1".to_owned());
        let reference = AutomationReference::of(&automation);
        let owner = serde_json::to_value(reference.owner_reference()).unwrap();
        let expected = serde_json::json!({
            "apiVersion": "image.toolkit.fluxcd.io/v1",
            "kind": "ImageUpdateAutomation",
            "name": "fleet",
            "uid": "u-1",
            "controller": true,
            "blockOwnerDeletion": false,
        });
        assert_eq!(owner, expected);
        let label = ("repin.dev/image-update-automation", "fleet");
        let (name, value) = reference.label();
        assert_eq!((name.as_str(), value.as_str()), label);
    }
}
