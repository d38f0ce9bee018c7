//! The helpers of the library whose work depends on the data, with that work counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use handlebars::{
    BlockContext, BlockParams, Context, Handlebars, Helper, HelperDef, HelperResult, JsonValue,
    Output, PathAndJson, RenderContext, RenderError, RenderErrorReason, Renderable as _,
    ScopedJson, to_json,
};

use super::Reached;
use crate::limits::{Limit, MAX_STEPS};

/// Replaces `each`, `lookup`, `eq` and `ne`, and removes `log`.
pub(super) fn register(registry: &mut Handlebars<'_>, template_bytes: usize) {
    let steps = Steps(Arc::new(AtomicU64::new(MAX_STEPS)));
    // One round of a loop evaluates at most the whole template.
    let per_round = 1 + u64::try_from(template_bytes / 64).unwrap_or(u64::MAX);
    registry.register_helper(
        "each",
        Box::new(Each {
            steps: steps.clone(),
            per_round,
        }),
    );
    registry.register_helper("lookup", Box::new(Lookup { steps }));
    registry.register_helper(
        "eq",
        Box::new(Equality {
            name: "eq",
            wanted: true,
        }),
    );
    registry.register_helper(
        "ne",
        Box::new(Equality {
            name: "ne",
            wanted: false,
        }),
    );
    registry.unregister_helper("log");
}

/// The steps that are left, shared by the helpers of one rendering.
#[derive(Clone)]
struct Steps(Arc<AtomicU64>);

impl Steps {
    fn spend(&self, steps: u64) -> Result<(), RenderError> {
        let left = self.0.load(Ordering::Relaxed);
        let Some(left) = left.checked_sub(steps) else {
            return Err(RenderErrorReason::NestedError(Box::new(Reached(Limit::Steps))).into());
        };
        self.0.store(left, Ordering::Relaxed);
        Ok(())
    }
}

/// `{{#each list}}…{{else}}…{{/each}}` over lists and maps, with `@index`, `@key`, `@first`, `@last` and
/// block parameters.
struct Each {
    steps: Steps,
    per_round: u64,
}

impl HelperDef for Each {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        render_context: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let collection = helper
            .param(0)
            .ok_or(RenderErrorReason::ParamNotFoundForIndex("each", 0))?;
        let items = items_of(collection.value());
        let (Some(items), Some(body)) =
            (items.filter(|items| !items.is_empty()), helper.template())
        else {
            return match helper.inverse() {
                Some(inverse) => inverse.render(registry, context, render_context, out),
                None if is_collection(collection.value()) => Ok(()),
                None => Err(RenderError::strict_error(collection.relative_path())),
            };
        };
        render_context.push_block(BlockContext::new());
        let last = items.len() - 1;
        for (index, item) in items.iter().enumerate() {
            self.steps.spend(self.per_round)?;
            if let Some(block) = render_context.block_mut() {
                block.set_local_var("first", to_json(index == 0));
                block.set_local_var("last", to_json(index == last));
                block.set_local_var("index", to_json(index));
                if item.is_named {
                    block.set_local_var("key", item.key.clone());
                }
                enter(block, helper, collection, item)?;
            }
            body.render(registry, context, render_context, out)?;
        }
        render_context.pop_block();
        Ok(())
    }
}

/// An item of a collection.
struct Item<'v> {
    key: JsonValue,
    /// The key as a part of a path.
    segment: String,
    value: &'v JsonValue,
    is_named: bool,
}

fn is_collection(value: &JsonValue) -> bool {
    value.is_array() || value.is_object()
}

fn items_of(value: &JsonValue) -> Option<Vec<Item<'_>>> {
    match value {
        JsonValue::Array(items) => Some(
            items
                .iter()
                .enumerate()
                .map(|(index, value)| Item {
                    key: to_json(index),
                    segment: index.to_string(),
                    value,
                    is_named: false,
                })
                .collect(),
        ),
        JsonValue::Object(entries) => Some(
            entries
                .iter()
                .map(|(key, value)| Item {
                    key: to_json(key),
                    segment: key.clone(),
                    value,
                    is_named: true,
                })
                .collect(),
        ),
        _ => None,
    }
}

/// Moves the block to the item: by path where the collection has one, by value otherwise.
fn enter<'rc>(
    block: &mut BlockContext<'rc>,
    helper: &Helper<'rc>,
    collection: &PathAndJson<'rc>,
    item: &Item<'_>,
) -> Result<(), RenderError> {
    let path = collection.context_path();
    match path {
        Some(path) => {
            let mut path = path.clone();
            path.push(item.segment.clone());
            *block.base_path_mut() = path;
        }
        None => block.set_base_value(item.value.clone()),
    }
    let (value_name, key_name) = match (helper.block_param(), helper.block_param_pair()) {
        (Some(value), _) => (value, None),
        (None, Some((value, key))) => (value, Some(key)),
        (None, None) => return Ok(()),
    };
    let mut params = BlockParams::new();
    match path {
        Some(_) => params.add_path(value_name, Vec::new())?,
        None => params.add_value(value_name, item.value.clone())?,
    }
    if let Some(key_name) = key_name {
        params.add_value(key_name, item.key.clone())?;
    }
    block.set_block_params(params);
    Ok(())
}

/// `{{lookup collection key}}`. What it finds is copied, and paid for.
struct Lookup {
    steps: Steps,
}

impl HelperDef for Lookup {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let param = |index| {
            helper
                .param(index)
                .ok_or(RenderErrorReason::ParamNotFoundForIndex("lookup", index))
        };
        let (collection, key) = (param(0)?.value(), param(1)?);
        let found = match collection {
            JsonValue::Array(items) => key
                .value()
                .as_u64()
                .and_then(|index| items.get(usize::try_from(index).ok()?)),
            JsonValue::Object(entries) => key.value().as_str().and_then(|key| entries.get(key)),
            _ => None,
        };
        let found =
            found.ok_or_else(|| RenderError::strict_error(Some(&key.value().to_string())))?;
        self.steps.spend(size(found))?;
        Ok(ScopedJson::Derived(found.clone()))
    }
}

/// How many values a value holds.
fn size(value: &JsonValue) -> u64 {
    match value {
        JsonValue::Array(items) => 1 + items.iter().map(size).sum::<u64>(),
        JsonValue::Object(entries) => 1 + entries.values().map(size).sum::<u64>(),
        _ => 1,
    }
}

/// `eq` and `ne`, for values that are not collections: comparing those would cost as much as they hold.
struct Equality {
    name: &'static str,
    wanted: bool,
}

impl Equality {
    fn holds(&self, helper: &Helper<'_>) -> Result<bool, RenderError> {
        let param = |index| {
            let param = helper
                .param(index)
                .filter(|param| !param.is_value_missing());
            param.ok_or(RenderErrorReason::ParamNotFoundForIndex(self.name, index))
        };
        let (left, right) = (param(0)?.value(), param(1)?.value());
        if is_collection(left) || is_collection(right) {
            return Err(RenderErrorReason::InvalidParamType("text, number or boolean").into());
        }
        Ok((left == right) == self.wanted)
    }
}

impl HelperDef for Equality {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        render_context: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let holds = self.holds(helper)?;
        if !helper.is_block() {
            return Ok(out.write(if holds { "true" } else { "false" })?);
        }
        let branch = if holds {
            helper.template()
        } else {
            helper.inverse()
        };
        branch.map_or(Ok(()), |branch| {
            branch.render(registry, context, render_context, out)
        })
    }

    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        Ok(ScopedJson::Derived(JsonValue::Bool(self.holds(helper)?)))
    }
}
