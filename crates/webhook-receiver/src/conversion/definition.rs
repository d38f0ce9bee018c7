//! The definitions whose objects are converted, as far as the conversion looks at them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceConversion, CustomResourceDefinition,
};
use kube::core::{ClusterResourceScope, ObjectMeta, Resource};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::endpoint::{Asked, Endpoint, asked};

/// What the spec of a version has in our definition alone, where Flux has served all the versions that we do, too.
const MARKS: [(&str, &str); 1] = [("receivers.notification.toolkit.fluxcd.io", "match")];

/// A CustomResourceDefinition with no more of its schemas, of which there are megabytes, than the names of spec's fields.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Definition {
    pub(super) metadata: ObjectMeta,
    spec: Spec,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Spec {
    conversion: Option<CustomResourceConversion>,
    versions: Vec<Version>,
}

#[derive(Clone, Debug, Deserialize)]
struct Version {
    name: String,
    served: bool,
    #[serde(default)]
    schema: Schema,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Schema {
    #[serde(default, rename = "openAPIV3Schema")]
    object: ObjectSchema,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct ObjectSchema {
    #[serde(default)]
    properties: Properties,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Properties {
    #[serde(default)]
    spec: SpecSchema,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct SpecSchema {
    #[serde(default)]
    #[expect(
        clippy::zero_sized_map_values,
        reason = "a set is not read from an object"
    )]
    properties: BTreeMap<String, IgnoredAny>,
}

impl Resource for Definition {
    type DynamicType = ();
    type Scope = ClusterResourceScope;

    fn kind(dt: &()) -> Cow<'_, str> {
        CustomResourceDefinition::kind(dt)
    }

    fn group(dt: &()) -> Cow<'_, str> {
        CustomResourceDefinition::group(dt)
    }

    fn version(dt: &()) -> Cow<'_, str> {
        CustomResourceDefinition::version(dt)
    }

    fn plural(dt: &()) -> Cow<'_, str> {
        CustomResourceDefinition::plural(dt)
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

/// A kind with versions older than the stored one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Convertible {
    /// The name of its definition.
    pub(super) name: &'static str,
    /// Every version that we convert it between.
    versions: &'static [&'static str],
}

/// The kinds that are converted.
pub(super) fn convertible() -> Vec<Convertible> {
    let definitions = api::convert::definitions();
    definitions
        .map(|(name, versions)| Convertible { name, versions })
        .collect()
}

/// What is to be done about a definition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// It asks us, and trusts whom it is to trust.
    Done,
    /// It is to be patched with this (a merge patch).
    Patch(Value),
    /// It is not ours to change: somebody else converts, or it is a definition of Flux's.
    Foreign,
}

/// Judges a definition; `authorities` are those that it is to trust (PEM).
///
/// A definition is ours where it asks one of us already, or where it serves every version that we convert between, has the
/// fields that only ours has, and asks nobody. Those of Flux serve the versions that Flux still knows, and need no conversion.
pub(super) fn judge(
    definition: &Definition,
    kind: &Convertible,
    endpoint: &Endpoint,
    authorities: &str,
) -> Verdict {
    let found = definition.spec.conversion.as_ref();
    let ours = match asked(found) {
        Asked::Us => true,
        Asked::Others => false,
        Asked::Nobody => {
            kind.versions.iter().all(|name| definition.serves(name)) && definition.is_marked()
        }
    };
    let wanted = endpoint.conversion(authorities);
    if !ours {
        Verdict::Foreign
    } else if found == Some(&wanted) {
        Verdict::Done
    } else {
        Verdict::Patch(definition.patch(&wanted))
    }
}

impl Definition {
    fn serves(&self, version: &str) -> bool {
        let mut versions = self.spec.versions.iter();
        versions.any(|found| found.served && found.name == version)
    }

    /// Whether the schema is ours as far as its versions do not tell.
    fn is_marked(&self) -> bool {
        let of_this = |(name, _): &&(&str, &str)| self.metadata.name.as_deref() == Some(*name);
        let Some((_, field)) = MARKS.iter().find(of_this) else {
            return true;
        };
        let mut versions = self.spec.versions.iter();
        versions.any(|version| {
            let fields = &version.schema.object.properties.spec.properties;
            fields.contains_key(*field)
        })
    }

    /// Changes the stanza of this very version of the definition and nothing else.
    fn patch(&self, wanted: &CustomResourceConversion) -> Value {
        let mut conversion = json!(wanted);
        // A merge patch keeps what it does not name, and a webhook has one of the two.
        let client = &mut conversion["webhook"]["clientConfig"];
        for name in ["service", "url"] {
            if client.get(name).is_none() {
                client[name] = Value::Null;
            }
        }
        json!({
            "metadata": { "resourceVersion": self.metadata.resource_version },
            "spec": { "conversion": conversion },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind() -> Convertible {
        let kinds = convertible();
        let receivers = "receivers.notification.toolkit.fluxcd.io";
        kinds
            .into_iter()
            .find(|kind| kind.name == receivers)
            .unwrap()
    }

    fn endpoint() -> Endpoint {
        Endpoint::Service {
            namespace: "flux-system".to_owned(),
        }
    }

    fn definition(versions: &[(&str, bool)], conversion: &Value) -> Definition {
        with_field("match", versions, conversion)
    }

    fn with_field(field: &str, versions: &[(&str, bool)], conversion: &Value) -> Definition {
        let spec = json!({ "type": "object", "properties": { field: { "type": "string" } } });
        let schema = json!({ "openAPIV3Schema": { "properties": { "spec": spec } } });
        let versions: Vec<_> = versions
            .iter()
            .map(|(name, served)| json!({ "name": name, "served": served, "schema": schema }))
            .collect();
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": { "name": "receivers.notification.toolkit.fluxcd.io", "resourceVersion": "7" },
            "spec": { "conversion": conversion, "versions": versions },
        });
        serde_json::from_value(definition).unwrap()
    }

    const ALL: [(&str, bool); 3] = [("v1", true), ("v1beta2", true), ("v1beta1", true)];

    #[test]
    fn kinds_of_one_version_need_no_conversion() {
        let names: Vec<_> = convertible().into_iter().map(|kind| kind.name).collect();
        let expected = [
            "imagepolicies.image.toolkit.fluxcd.io",
            "imagerepositories.image.toolkit.fluxcd.io",
            "imageupdateautomations.image.toolkit.fluxcd.io",
            "receivers.notification.toolkit.fluxcd.io",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn what_is_ours_is_pointed_at_us_and_the_rest_left_alone() {
        let none = json!({ "strategy": "None" });
        let judged = |versions: &[(&str, bool)], conversion: &Value| {
            judge(
                &definition(versions, conversion),
                &kind(),
                &endpoint(),
                "ca",
            )
        };
        let Verdict::Patch(patch) = judged(&ALL, &none) else {
            unreachable!("ours and not done");
        };
        let stanza = patch["spec"]["conversion"].clone();
        assert_eq!(patch["metadata"]["resourceVersion"], "7");
        assert_eq!(stanza["webhook"]["clientConfig"]["url"], Value::Null);
        assert_eq!(judged(&ALL, &stanza), Verdict::Done);

        let mut of_others = stanza.clone();
        of_others["webhook"]["clientConfig"]["service"]["path"] = json!("/convert");
        assert_eq!(judged(&ALL, &of_others), Verdict::Foreign);
        for flux in [&ALL[..1], &ALL[..2], &[ALL[0], ALL[1], ("v1beta1", false)]] {
            assert_eq!(judged(flux, &none), Verdict::Foreign, "{flux:?}");
            assert_eq!(judged(flux, &stanza), Verdict::Done, "{flux:?}");
        }
    }

    #[test]
    fn all_versions_without_our_field_are_those_of_flux() {
        let none = json!({ "strategy": "None" });
        let of_flux = with_field("interval", &ALL, &none);
        assert_eq!(
            judge(&of_flux, &kind(), &endpoint(), "ca"),
            Verdict::Foreign
        );
    }

    #[test]
    fn our_own_definitions_are_marked() {
        let ours = |(name, field): (&str, &str)| {
            let mut crds = api::crds().into_iter();
            let crd = crds
                .find(|crd| crd.metadata.name.as_deref() == Some(name))
                .unwrap();
            let definition: Definition = serde_json::from_value(json!(crd)).unwrap();
            assert!(definition.is_marked(), "{name} has {field}");
        };
        MARKS.into_iter().for_each(ours);
    }

    #[test]
    fn a_url_that_became_a_service_is_taken_out() {
        let url = Endpoint::Url("https://127.0.0.1:9443".parse().unwrap());
        let stanza = json!(url.conversion("ca"));
        let moved = judge(&definition(&ALL, &stanza), &kind(), &endpoint(), "ca");
        let Verdict::Patch(patch) = moved else {
            unreachable!("{moved:?}");
        };
        let client = &patch["spec"]["conversion"]["webhook"]["clientConfig"];
        assert_eq!(client["url"], Value::Null);
        assert_eq!(client["service"]["namespace"], "flux-system");
        assert!(client.as_object().unwrap().contains_key("url"));
    }

    #[test]
    fn other_authorities_are_a_change() {
        let stanza = json!(endpoint().conversion("old"));
        let judged = judge(&definition(&ALL, &stanza), &kind(), &endpoint(), "new");
        assert!(matches!(judged, Verdict::Patch(_)), "{judged:?}");
    }
}
