//! The CustomResourceDefinitions of every kind, all served versions merged.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt as _;
use serde_json::{Map, Value, json};

use crate::{image, notification, repin};

const HEADER: &str = "# Generated from crates/api by `cargo xtask codegen`; not to be edited.\n";

/// The CustomResourceDefinitions that Repin installs, in the order of their names.
///
/// Of each kind the first version is the stored one. GitRepository is not among them: it belongs to
/// Flux's source-controller. The definitions name no conversion webhook: that stanza needs an
/// address and a certificate authority, which whoever serves the conversion adds.
pub fn crds() -> Vec<CustomResourceDefinition> {
    vec![
        merged([
            image::v1::ImagePolicy::crd(),
            image::v1beta2::ImagePolicy::crd(),
            image::v1beta1::ImagePolicy::crd(),
            image::v1alpha2::ImagePolicy::crd(),
            image::v1alpha1::ImagePolicy::crd(),
        ]),
        merged([
            image::v1::ImageRepository::crd(),
            image::v1beta2::ImageRepository::crd(),
            image::v1beta1::ImageRepository::crd(),
            image::v1alpha2::ImageRepository::crd(),
            image::v1alpha1::ImageRepository::crd(),
        ]),
        merged([
            image::v1::ImageUpdateAutomation::crd(),
            image::v1beta2::ImageUpdateAutomation::crd(),
            image::v1beta1::ImageUpdateAutomation::crd(),
            image::v1alpha2::ImageUpdateAutomation::crd(),
            image::v1alpha1::ImageUpdateAutomation::crd(),
        ]),
        merged([
            notification::v1::Receiver::crd(),
            notification::v1beta2::Receiver::crd(),
            notification::v1beta1::Receiver::crd(),
        ]),
        merged([repin::v1alpha1::ImageTagSlice::crd()]),
        merged([repin::v1alpha1::ImageUpdateApproval::crd()]),
        merged([repin::v1alpha1::ImageUpdatePlan::crd()]),
    ]
}

/// Each definition as the name of a file and its YAML text.
pub fn crd_files() -> Vec<(String, String)> {
    crds()
        .iter()
        .map(|crd| (file_name(crd), text(crd)))
        .collect()
}

fn file_name(crd: &CustomResourceDefinition) -> String {
    format!("{}_{}.yaml", crd.spec.group, crd.spec.names.plural)
}

fn text(crd: &CustomResourceDefinition) -> String {
    let yaml = serde_saphyr::to_string(crd).expect("a definition has string keys only");
    format!("{HEADER}{yaml}")
}

/// One definition out of one per version, the stored version first.
fn merged<const N: usize>(versions: [CustomResourceDefinition; N]) -> CustomResourceDefinition {
    let mut versions = versions.into_iter();
    let mut crd = versions.next().expect("every kind has a version");
    let older = versions.flat_map(|crd| crd.spec.versions);
    crd.spec.versions.extend(older);
    for (index, version) in crd.spec.versions.iter_mut().enumerate() {
        version.storage = index == 0;
        let schema = version.schema.as_mut().expect("every version has a schema");
        let derived = serde_json::to_value(&*schema).expect("a schema is JSON");
        let opened = opened(derived, &crd.spec.group);
        *schema = serde_json::from_value(opened).expect("an opened schema is a schema");
    }
    crd
}

/// The schema without what kube's derive adds to Flux's, so that no object Flux accepts is refused.
fn opened(mut validation: Value, group: &str) -> Value {
    let schema = &mut validation["openAPIV3Schema"];
    without_nullable(schema);
    with_default_status(schema);
    if let Some(root) = schema.as_object_mut() {
        root.remove("title");
        if group != repin::GROUP {
            root.remove("required");
        }
    }
    validation
}

/// Sets Flux's default of the status, which kstatus takes for "not looked at yet".
fn with_default_status(schema: &mut Value) {
    let observed = "/properties/status/properties/observedGeneration";
    if schema.pointer(observed).is_some() {
        schema["properties"]["status"]["default"] = json!({ "observedGeneration": -1 });
    }
}

/// Removes `nullable` everywhere. With it the API server would keep a null where Flux's schema
/// applies the default.
fn without_nullable(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if is_schema(members) {
                members.remove("nullable");
            }
            members.values_mut().for_each(without_nullable);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nullable),
        _ => {}
    }
}

/// Tells a schema from a map of properties, one of which might be called `nullable`.
fn is_schema(members: &Map<String, Value>) -> bool {
    members.get("nullable").is_some_and(Value::is_boolean)
}

#[cfg(test)]
mod acceptance;
#[cfg(test)]
mod tests;
