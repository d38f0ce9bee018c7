//! Writes: plans are made, taken back, and thrown away when they are history.

use std::sync::Arc;
use std::time::Duration;

use api::annotations::{AFTER, TRACEPARENT};
use api::repin::v1alpha1::ImageUpdatePlan;
use controller_runtime::{Claims, trace};
use kube::Api;
use kube::api::{DeleteParams, PostParams, Preconditions};
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
    (mut plan, after): (ImageUpdatePlan, Option<String>),
    claims: &Claims,
) -> Result<(), PassError> {
    let owner = &plan.spec.automation_ref;
    let (label, uid) = (owner.label(), owner.uid.clone());
    plan.metadata.owner_references = Some(vec![owner.owner_reference()]);
    plan.metadata.creation_timestamp = None;
    plan.metadata.labels.get_or_insert_default().extend([label]);
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

/// Takes plans back whose push has not begun. One that has changed meanwhile stays: the change leads to another pass.
pub(crate) async fn withdraw(
    ctx: &Context,
    namespace: &str,
    plans: &[Arc<KnownPlan>],
    claims: &Claims,
) -> Result<(), PassError> {
    for plan in plans {
        tracing::info!(
            plan = plan.name,
            "the plan is taken back: nothing is to be changed any more"
        );
        delete(ctx, namespace, plan, claims).await?;
    }
    Ok(())
}

/// Deletes the ended plans beyond the history. What fails is done by the next pass.
pub(crate) async fn forget_history(ctx: &Context, namespace: &str, plans: &Plans, claims: &Claims) {
    for plan in plans.beyond(HISTORY) {
        if let Err(error) = delete(ctx, namespace, &plan, claims).await {
            tracing::warn!("{error}");
            return;
        }
    }
}

/// Deletes a plan as it is known; one that has changed or is gone is left alone.
async fn delete(
    ctx: &Context,
    namespace: &str,
    plan: &KnownPlan,
    claims: &Claims,
) -> Result<(), PassError> {
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
    Ok(())
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
