//! Objects as filters see them, read from the API server.

use kube::api::ListParams;
use kube::core::{ApiResource, DynamicObject, ObjectList, ObjectMeta, PartialObjectMeta};
use kube::{Api, Client};
use serde_json::Value;

use super::Target;
use super::error::{TargetError, within};

/// How many objects one page of a list holds: no more of them are in memory for a hook.
const PAGE: u32 = 250;

/// How much of an object is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Nothing: an object that is named need not be read.
    Nothing,
    /// Its metadata.
    Metadata,
    /// Its metadata and `spec.image`.
    Image,
}

/// As much of an object as was wanted.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) metadata: ObjectMeta,
    /// `spec.image`.
    pub(super) image: Option<String>,
}

impl Seen {
    pub(super) fn name(&self) -> String {
        self.metadata.name.clone().unwrap_or_default()
    }
}

impl From<PartialObjectMeta<DynamicObject>> for Seen {
    fn from(object: PartialObjectMeta<DynamicObject>) -> Self {
        Self {
            metadata: object.metadata,
            image: None,
        }
    }
}

impl From<DynamicObject> for Seen {
    fn from(object: DynamicObject) -> Self {
        let image = object.data.pointer("/spec/image").and_then(Value::as_str);
        Self {
            image: image.map(str::to_owned),
            metadata: object.metadata,
        }
    }
}

/// The objects of a kind and a namespace.
pub(super) struct Objects {
    api: Api<DynamicObject>,
    kind: String,
    namespace: String,
}

impl Objects {
    pub(super) fn new(client: &Client, resource: &ApiResource, namespace: &str) -> Self {
        Self {
            api: Api::namespaced_with(client.clone(), namespace, resource),
            kind: resource.kind.clone(),
            namespace: namespace.to_owned(),
        }
    }

    /// One object.
    pub(super) async fn read(&self, target: &Target, wanted: Wanted) -> Result<Seen, TargetError> {
        let name = &target.name;
        let read = match wanted {
            Wanted::Image => within(self.api.get(name)).await.map(Seen::from),
            Wanted::Metadata | Wanted::Nothing => {
                within(self.api.get_metadata(name)).await.map(Seen::from)
            }
        };
        read.map_err(|source| TargetError::Read {
            target: target.clone(),
            source,
        })
    }

    /// Those that a label selector selects, page by page.
    pub(super) fn pages(&self, selector: &str, wanted: Wanted) -> Pages<'_> {
        let params = ListParams::default().labels(selector).limit(PAGE);
        Pages {
            objects: self,
            next: Some(params),
            wanted,
        }
    }
}

/// Pages of a list.
pub(super) struct Pages<'a> {
    objects: &'a Objects,
    /// What to ask for; nothing after the last page.
    next: Option<ListParams>,
    wanted: Wanted,
}

impl Pages<'_> {
    /// The next page; none after the last one.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Seen>>, TargetError> {
        let Some(params) = self.next.take() else {
            return Ok(None);
        };
        let api = &self.objects.api;
        let page = match self.wanted {
            Wanted::Image => within(api.list(&params)).await.map(page),
            Wanted::Metadata | Wanted::Nothing => {
                within(api.list_metadata(&params)).await.map(page)
            }
        };
        let (seen, more) = page.map_err(|source| TargetError::List {
            kind: self.objects.kind.clone(),
            namespace: self.objects.namespace.clone(),
            source,
        })?;
        self.next = more.map(|token| params.continue_token(&token));
        Ok(Some(seen))
    }
}

/// The objects of a page, and what to ask for the next one with.
fn page<K: Clone + Into<Seen>>(list: ObjectList<K>) -> (Vec<Seen>, Option<String>) {
    let more = list.metadata.continue_.filter(|token| !token.is_empty());
    (list.items.into_iter().map(Into::into).collect(), more)
}
