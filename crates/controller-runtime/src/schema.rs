//! What the API server serves of the kinds that a controller needs.
//!
//! A kind that is not served is awaited. A kind whose schema lacks fields of ours, because it is Flux's own definition, is worked
//! with: the API server drops those fields from objects, which is told in the log, as a metric and by `/readyz`. Both are read
//! from what every authenticated client may read, the discovery and the OpenAPI documents.

mod compare;

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::time::Duration;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Client;
use serde::Deserialize;
use serde_json::Value;

use crate::client::{CallError, DEADLINE, within};
use crate::metrics::Metrics;
use crate::readiness::{Awaited, Readiness};

/// How often a kind that is not served is looked for.
const RETRY: Duration = Duration::from_secs(2);
/// How soon a schema is looked at again that could not be read: the API server publishes it a moment after the kind.
const REREAD: Duration = Duration::from_secs(10);
/// How often the schemas are looked at again: definitions are replaced while controllers run.
const RECHECK: Duration = Duration::from_secs(600);

/// A kind in the version that this program speaks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kind {
    group: String,
    version: String,
    name: String,
    /// The schema of `spec` as this program knows it.
    spec: Value,
}

/// The API server does not say what it serves.
#[derive(Debug, thiserror::Error)]
enum SchemaError {
    /// The resources of a group are not listed.
    #[error("list the resources of {group_version}: {source}")]
    Discover {
        /// The group and its version.
        group_version: String,
        source: CallError,
    },
    /// The schemas of a group are not readable.
    #[error("read the schemas of {group_version}: {source}")]
    Read {
        /// The group and its version.
        group_version: String,
        source: CallError,
    },
    /// The schemas of a group do not hold the kind (yet).
    #[error("the schemas of {group_version} do not hold {kind}")]
    Unpublished {
        /// The group and its version.
        group_version: String,
        /// The kind.
        kind: String,
    },
}

impl Kind {
    /// The kinds of these names, out of our own definitions; a name that is none of ours is left out.
    pub(crate) fn named(names: &[&str]) -> Vec<Self> {
        let crds = api::crds();
        let of_name = |name: &&str| crds.iter().find(|crd| crd.spec.names.kind == **name);
        names
            .iter()
            .filter_map(of_name)
            .filter_map(Self::of)
            .collect()
    }

    fn of(crd: &CustomResourceDefinition) -> Option<Self> {
        let version = crd.spec.versions.iter().find(|version| version.storage)?;
        let schema = serde_json::to_value(version.schema.as_ref()?).ok()?;
        let spec = schema.pointer("/openAPIV3Schema/properties/spec");
        Some(Self {
            group: crd.spec.group.clone(),
            version: version.name.clone(),
            name: crd.spec.names.kind.clone(),
            spec: spec.cloned().unwrap_or_default(),
        })
    }

    fn group_version(&self) -> String {
        format!("{}/{}", self.group, self.version)
    }
}

/// Waits until every one of `kinds` is served. To be dropped where it need not any more.
pub(crate) async fn served(client: &Client, kinds: &[Kind], awaited: &Awaited) {
    let mut told = String::new();
    loop {
        let missing = match unserved(client, kinds).await {
            Ok(missing) if missing.is_empty() => break,
            Ok(missing) => format!("not served: {}", missing.join(", ")),
            Err(error) => error.to_string(),
        };
        if missing != told {
            tracing::warn!("waiting for the CustomResourceDefinitions: {missing}");
            awaited.waits_for(&missing);
            told = missing;
        }
        tokio::time::sleep(RETRY).await;
    }
    awaited.met();
}

/// Which of `kinds` the API server does not serve.
async fn unserved(client: &Client, kinds: &[Kind]) -> Result<Vec<String>, SchemaError> {
    let groups: BTreeSet<String> = kinds.iter().map(Kind::group_version).collect();
    let mut missing = Vec::new();
    for group_version in groups {
        let served = resources(client, &group_version).await?;
        let absent = kinds
            .iter()
            .filter(|kind| kind.group_version() == group_version && !served.contains(&kind.name));
        missing.extend(absent.map(|kind| format!("{} ({group_version})", kind.name)));
    }
    Ok(missing)
}

/// The kinds of a group that are served; none where the group is not.
async fn resources(client: &Client, group_version: &str) -> Result<BTreeSet<String>, SchemaError> {
    match within(DEADLINE, client.list_api_group_resources(group_version)).await {
        Ok(list) => Ok(list
            .resources
            .into_iter()
            .map(|resource| resource.kind)
            .collect()),
        Err(error) if error.code() == Some(404) => Ok(BTreeSet::new()),
        Err(source) => Err(SchemaError::Discover {
            group_version: group_version.to_owned(),
            source,
        }),
    }
}

/// Tells which fields of ours the served schemas of `kinds` lack, and again when that changes. Never returns.
pub(crate) async fn report(
    client: Client,
    kinds: Vec<Kind>,
    metrics: Metrics,
    readiness: Readiness,
) -> Infallible {
    let mut told = None;
    loop {
        let pause = match missing_fields(&client, &kinds).await {
            Ok(missing) => {
                if told.as_ref() != Some(&missing) {
                    tell(&missing, &metrics, &readiness);
                }
                told = Some(missing);
                RECHECK
            }
            Err(error) => {
                tracing::debug!(%error, "the served schemas are not known yet");
                REREAD
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// Fields that are missing, by kind.
type Missing = BTreeMap<String, Vec<String>>;

fn tell(missing: &Missing, metrics: &Metrics, readiness: &Readiness) {
    let mut notes = Vec::new();
    for (kind, fields) in missing {
        let fields = fields.join(", ");
        tracing::warn!(
            kind,
            fields,
            "the served schema of {kind} lacks fields of Repin, which the API server therefore drops: \
             apply crds/ of Repin, or set the annotations that stand for them"
        );
        notes.push(format!("the served schema of {kind} lacks {fields}"));
    }
    readiness.notes(notes);
    let fields = missing.iter().flat_map(|(kind, fields)| {
        fields
            .iter()
            .map(move |field| (kind.as_str(), field.as_str()))
    });
    metrics.missing_fields(fields);
}

async fn missing_fields(client: &Client, kinds: &[Kind]) -> Result<Missing, SchemaError> {
    let mut documents: BTreeMap<String, Document> = BTreeMap::new();
    let mut missing = Missing::new();
    for kind in kinds {
        let group_version = kind.group_version();
        if !documents.contains_key(&group_version) {
            let document = document(client, &group_version).await?;
            documents.insert(group_version.clone(), document);
        }
        let served = documents
            .get(&group_version)
            .and_then(|document| document.spec(kind));
        let served = served.ok_or_else(|| SchemaError::Unpublished {
            group_version,
            kind: kind.name.clone(),
        })?;
        let fields = compare::missing(&kind.spec, served, "spec");
        if !fields.is_empty() {
            missing.insert(kind.name.clone(), fields);
        }
    }
    Ok(missing)
}

/// An OpenAPI document, as far as it is read.
#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    components: Components,
}

#[derive(Default, Deserialize)]
struct Components {
    #[serde(default)]
    schemas: BTreeMap<String, Value>,
}

async fn document(client: &Client, group_version: &str) -> Result<Document, SchemaError> {
    let request = http::Request::get(format!("/openapi/v3/apis/{group_version}")).body(Vec::new());
    let answer = async {
        client
            .request(request.map_err(kube::Error::HttpError)?)
            .await
    };
    within(DEADLINE, answer)
        .await
        .map_err(|source| SchemaError::Read {
            group_version: group_version.to_owned(),
            source,
        })
}

impl Document {
    /// The schema of the `spec` of `kind`.
    fn spec(&self, kind: &Kind) -> Option<&Value> {
        let schema = self.components.schemas.values().find(|schema| {
            let names = schema["x-kubernetes-group-version-kind"].as_array();
            names.into_iter().flatten().any(|name| {
                name["group"] == *kind.group
                    && name["version"] == *kind.version
                    && name["kind"] == *kind.name
            })
        })?;
        schema.pointer("/properties/spec").or(Some(&Value::Null))
    }
}

#[cfg(test)]
mod tests;
