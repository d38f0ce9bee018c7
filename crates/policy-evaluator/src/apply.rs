//! The one thing a pass writes beside the status: the trace that a new choice is part of.

use std::time::Duration;

use api::annotations::TRACEPARENT;
use api::field_managers;
use api::image::v1::{ImagePolicy, ImageRef};
use controller_runtime::{Pass, trace};
use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt as _};
use serde_json::json;
use tokio::time::timeout;

use crate::error::PassError;
use crate::reconcile::Context;

/// The longest time that the write may take.
const LONGEST_WRITE: Duration = Duration::from_secs(10);

/// Counts a new choice and, where traces are recorded, marks the policy with the trace, before its status says what was
/// chosen. A mark that cannot be made is logged and missed by nobody but the trace.
pub(crate) async fn mark(
    ctx: &Context,
    (policy, latest): (&ImagePolicy, &ImageRef),
    pass: &Pass,
) -> Result<(), PassError> {
    let status = policy.status.as_ref();
    if status.and_then(|status| status.latest_ref.as_ref()) == Some(latest) {
        return Ok(());
    }
    ctx.metrics.changed();
    let Some(trace) = trace::current_traceparent() else {
        return Ok(());
    };
    let time = pass.claims.time_to_write(LONGEST_WRITE);
    let time = time.map_err(PassError::NotLeading)?;
    let namespace = policy.namespace().unwrap_or_default();
    let policies: Api<ImagePolicy> = Api::namespaced(ctx.client.clone(), &namespace);
    let params = PatchParams {
        field_manager: Some(field_managers::POLICY_EVALUATOR.to_owned()),
        ..PatchParams::default()
    };
    let mark = Patch::Merge(json!({
        "metadata": {"uid": policy.uid(), "annotations": {TRACEPARENT: trace}},
    }));
    let name = policy.name_any();
    match timeout(time, policies.patch_metadata(&name, &params, &mark)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::warn!("the trace ends here: {error}"),
        Err(_) => tracing::warn!("the trace ends here: no answer within {time:?}"),
    }
    Ok(())
}
