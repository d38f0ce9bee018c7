//! Which objects a hook is about, of those that an entry means.

use api::notification::v1::{Match, ResourceKind};
use hook_payload::filter::{Bindings, Filter};
use serde_json::json;

use super::error::TargetError;
use super::image::PushedImage;
use super::objects::{Seen, Wanted};
use super::{Call, Target};

/// What an object has to pass.
pub(super) struct Sieve<'a> {
    filters: Vec<&'a Filter>,
    bindings: &'a Bindings<'a>,
    /// What was pushed, where objects are compared with it.
    image: Option<PushedImage>,
}

impl<'a> Sieve<'a> {
    /// What objects of a `kind` have to pass, of `spec.resources[entry]`.
    pub(super) fn new(call: &'a Call<'_>, entry: usize, kind: ResourceKind) -> Self {
        let expressions = call.expressions;
        let filters = [expressions.resource_filter(), expressions.filter(entry)];
        let compares = call.receiver.spec.match_ == Some(Match::Image)
            && kind == ResourceKind::ImageRepository;
        let pushed = call.pushed.filter(|_| compares);
        Self {
            filters: filters.into_iter().flatten().collect(),
            bindings: &call.bindings,
            image: pushed.and_then(PushedImage::new),
        }
    }

    /// How much of an object has to be known.
    pub(super) fn wanted(&self) -> Wanted {
        match (&self.image, self.filters.is_empty()) {
            (Some(_), _) => Wanted::Image,
            (None, false) => Wanted::Metadata,
            (None, true) => Wanted::Nothing,
        }
    }

    /// Whether the hook is about this object.
    pub(super) fn passes(&self, target: &Target, seen: &Seen) -> Result<bool, TargetError> {
        let image = seen.image.as_deref().unwrap_or_default();
        if self.image.as_ref().is_some_and(|pushed| !pushed.is(image)) {
            return Ok(false);
        }
        if self.filters.is_empty() {
            return Ok(true);
        }
        let res = json!({
            "apiVersion": target.resource.api_version,
            "kind": target.resource.kind,
            "metadata": seen.metadata,
        });
        let bindings = self.bindings.clone().with("res", &res);
        for filter in &self.filters {
            let matches = filter.matches(&bindings);
            let matches = matches.map_err(|source| TargetError::Filter {
                target: target.clone(),
                source,
            })?;
            if !matches {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
