//! Writes: plans are made, taken back, and thrown away when nobody needs them.

use std::sync::Arc;
use std::time::Duration;

use api::annotations::{AFTER, TRACEPARENT};
use api::image::v1::ImageUpdateAutomation;
use api::repin::v1alpha1::ImageUpdatePlan;
use controller_runtime::{Claims, trace};
use kube::api::{DeleteParams, PostParams, Preconditions};
use kube::{Api, ResourceExt as _};
use tokio::time::timeout;

use crate::catalogue::{KnownPlan, Plans};
use crate::decide::HISTORY;
use crate::metrics::Verb;
use crate::pass_error::PassError;
use crate::reconcile::Context;

/// How long one write may take, repetitions of the client included.
const LONGEST_WRITE: Duration = Duration::from_secs(30);

/// Makes a plan. One of its name that is there already is the same, from before a crash.
pub(crate) async fn create(
    ctx: &Context,
    automation: &ImageUpdateAutomation,
    (mut plan, after): (ImageUpdatePlan, Option<String>),
    claims: &Claims,
) -> Result<(), PassError> {
    let owner = &plan.spec.automation_ref;
    let (label, uid) = (owner.label(), owner.uid.clone());
    plan.metadata.owner_references = Some(vec![owner.owner_reference()]);
    plan.metadata.creation_timestamp = None;
    let labels = plan.metadata.labels.get_or_insert_default();
    labels.extend(shard_labels(automation, &ctx.shard_labels));
    labels.extend([label]);
    let annotations = plan.metadata.annotations.get_or_insert_default();
    annotations.extend(after.map(|after| (AFTER.to_owned(), after)));
    annotations.extend(trace::current_traceparent().map(|trace| (TRACEPARENT.to_owned(), trace)));
    let name = plan.metadata.name.clone().unwrap_or_default();
    let namespace = plan.metadata.namespace.clone().unwrap_or_default();
    let params = PostParams {
        field_manager: Some(ctx.field_manager.to_owned()),
        ..PostParams::default()
    };
    let api: Api<ImageUpdatePlan> = Api::namespaced(ctx.client.clone(), &namespace);
    match written(api.create(&params, &plan), ("create", &name), claims).await? {
        Some(plan) => {
            tracing::info!(
                plan = name,
                "planned {} edits in {} files",
                plan.spec.edit_count,
                plan.spec.file_count
            );
            ctx.catalogue.made(&plan);
            ctx.metrics.wrote(Verb::Create);
            Ok(())
        }
        None if ctx.catalogue.is_of_another((&namespace, &name), &uid) => {
            Err(PassError::Leftover { name })
        }
        None => Ok(()),
    }
}

/// The labels by which the automation was selected: a git-writer with the same selector sees the plan by them. All other labels
/// would tell their owners that the plan is theirs.
fn shard_labels(
    automation: &ImageUpdateAutomation,
    keys: &[String],
) -> impl Iterator<Item = (String, String)> {
    let labels = automation.labels();
    keys.iter()
        .filter_map(|key| labels.get_key_value(key))
        .map(|(key, value)| (key.clone(), value.clone()))
}

/// Takes plans back whose push has not begun. Returns whether all of them are gone: one that has changed meanwhile stays.
pub(crate) async fn withdraw(
    ctx: &Context,
    namespace: &str,
    plans: &[Arc<KnownPlan>],
    claims: &Claims,
) -> Result<bool, PassError> {
    let mut are_gone = true;
    for plan in plans {
        tracing::info!(
            plan = plan.name,
            "the plan is taken back: nothing is to be changed any more"
        );
        are_gone &= delete(ctx, namespace, plan, claims).await?;
    }
    Ok(are_gone)
}

/// Deletes the plans that nobody needs: the ended ones beyond the history, and the open ones that others have overtaken, which
/// pile up while git-writer is away. What fails is done by the next pass.
pub(crate) async fn clear(ctx: &Context, namespace: &str, plans: &Plans, claims: &Claims) {
    for plan in plans.beyond(HISTORY).into_iter().chain(plans.overtaken()) {
        if let Err(error) = delete(ctx, namespace, &plan, claims).await {
            tracing::warn!("{error}");
            return;
        }
    }
}

/// Deletes a plan as it is known, and returns whether it did: one that has changed or is gone is left alone.
async fn delete(
    ctx: &Context,
    namespace: &str,
    plan: &KnownPlan,
    claims: &Claims,
) -> Result<bool, PassError> {
    let params = DeleteParams {
        preconditions: Some(Preconditions {
            uid: plan.uid.clone(),
            resource_version: plan.resource_version.clone(),
        }),
        ..DeleteParams::default()
    };
    let api: Api<ImageUpdatePlan> = Api::namespaced(ctx.client.clone(), namespace);
    let deleted = written(
        api.delete(&plan.name, &params),
        ("delete", &plan.name),
        claims,
    )
    .await?;
    if deleted.is_some() {
        ctx.metrics.wrote(Verb::Delete);
    }
    Ok(deleted.is_some())
}

/// What a write answers; none where the object is there already, has changed, or is gone.
async fn written<T>(
    request: impl Future<Output = kube::Result<T>>,
    (operation, name): (&'static str, &str),
    claims: &Claims,
) -> Result<Option<T>, PassError> {
    let time = claims.time_to_write(LONGEST_WRITE);
    let time = time.map_err(|source| PassError::NotLeading {
        operation,
        name: name.to_owned(),
        source,
    })?;
    let failed = |problem| PassError::Write {
        operation,
        name: name.to_owned(),
        problem,
    };
    match timeout(time, request).await {
        Ok(Ok(answer)) => Ok(Some(answer)),
        Ok(Err(kube::Error::Api(status)))
            if status.is_conflict() || status.is_already_exists() || status.is_not_found() =>
        {
            Ok(None)
        }
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(_) => Err(failed(format!("no answer within {time:.1?}"))),
    }
}
