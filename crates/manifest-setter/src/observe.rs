//! Reads what a decision needs: the policies that the automation may use, its source, and how that is reached.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::access::check_access;
use api::image::v1::{ImagePolicy, ImageRef, ImageUpdateAutomation};
use api::source::GitRepository;
use controller_runtime::namespace_labels;
use git_access::{AccessError, Purpose, Question, Target, secrets, source_of};
use git_remote::Remote;
use kube::ResourceExt as _;
use kube::runtime::reflector::ObjectRef;

use crate::catalogue::{AutomationRef, Policies};
use crate::pass_error::PassError;
use crate::reconcile::Context;
use crate::{Denial, Denied, select_policies};

/// The policies of an automation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Usable {
    /// Those that it may use: its own first.
    pub(crate) policies: Vec<Arc<ImagePolicy>>,
    /// Those that exist and that it may not use.
    pub(crate) denied: Vec<Denied>,
    /// The images of its own, by policy name: what the status calls observed.
    pub(crate) observed: BTreeMap<String, ImageRef>,
}

/// The repository of an automation.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) object: Arc<GitRepository>,
    pub(crate) target: Target,
    pub(crate) remote: Remote,
}

/// The policies that the automation may use.
pub(crate) async fn policies(
    ctx: &Context,
    automation: &ImageUpdateAutomation,
) -> Result<Usable, PassError> {
    let namespace = automation.namespace().unwrap_or_default();
    let all = ctx.catalogue.policies(&namespace);
    let mut usable = own(automation, &all)?;
    let access = others(ctx, &namespace, &all).await?;
    for (policy, denial) in all.others.iter().zip(access) {
        match denial {
            None => usable.policies.push(Arc::clone(policy)),
            Some(denial) => usable.denied.push(denied(policy, denial)),
        }
    }
    Ok(usable)
}

fn own(automation: &ImageUpdateAutomation, all: &Policies) -> Result<Usable, PassError> {
    let selected = select_policies(automation, all.own.iter().map(Arc::as_ref));
    let selected = selected.map_err(PassError::Plan)?;
    let is_selected = |policy: &ImagePolicy| selected.iter().any(|one| std::ptr::eq(*one, policy));
    let (policies, left): (Vec<_>, Vec<_>) = all
        .own
        .iter()
        .cloned()
        .partition(|policy| is_selected(policy));
    let observed = policies.iter().filter_map(|policy| {
        let latest = policy.status.as_ref()?.latest_ref.clone()?;
        Some((policy.name_any(), latest))
    });
    Ok(Usable {
        observed: observed.collect(),
        denied: left
            .iter()
            .map(|policy| denied(policy, Denial::NotSelected))
            .collect(),
        policies,
    })
}

/// Why each policy of another namespace is out of reach; none for those that let this namespace in.
async fn others(
    ctx: &Context,
    namespace: &str,
    all: &Policies,
) -> Result<Vec<Option<Denial>>, PassError> {
    if ctx.no_cross_namespace {
        return Ok(vec![Some(Denial::Blocked); all.others.len()]);
    }
    let lets_in = |policy: &Arc<ImagePolicy>| policy.spec.access_from.is_some();
    let labels = if all.others.iter().any(lets_in) {
        let labels = namespace_labels(&ctx.client, namespace).await;
        labels.map_err(PassError::Namespace)?
    } else {
        BTreeMap::new()
    };
    let denial = |policy: &Arc<ImagePolicy>| {
        let of = policy.namespace().unwrap_or_default();
        let access_from = policy.spec.access_from.as_ref();
        let checked = check_access(namespace, &labels, (&of, &policy.name_any()), access_from);
        checked.is_err().then_some(Denial::NoAccess)
    };
    Ok(all.others.iter().map(denial).collect())
}

fn denied(policy: &ImagePolicy, denial: Denial) -> Denied {
    Denied {
        namespace: policy.namespace().unwrap_or_default(),
        name: policy.name_any(),
        denial,
    }
}

/// The GitRepository that the automation names. From now on its changes, and those of policies, lead to another pass.
pub(crate) fn reference(
    ctx: &Context,
    (reference, automation): (&AutomationRef, &ImageUpdateAutomation),
) -> Result<ObjectRef<GitRepository>, PassError> {
    let named = source_of(automation, ctx.no_cross_namespace);
    let source = named.map(|(namespace, name)| ObjectRef::new(&name).within(&namespace));
    ctx.catalogue.meet(reference, source.as_ref().ok().cloned());
    source.map_err(PassError::Access)
}

/// The repository, with what reads it. Reads Secrets, within bounds of their own.
pub(crate) async fn source(
    ctx: &Context,
    (reference, automation): (&AutomationRef, &ImageUpdateAutomation),
    named: &ObjectRef<GitRepository>,
) -> Result<Source, PassError> {
    let object = ctx.catalogue.source(named);
    let object = object.ok_or_else(|| {
        let name = named.name.clone();
        PassError::Access(AccessError::FindSource { name })
    })?;
    let question = Question {
        source: &object,
        automation,
        purpose: Purpose::Read,
    };
    ctx.catalogue.uses(reference, secrets(&question));
    let count = |event| {
        let namespace = automation.namespace().unwrap_or_default();
        let tokens = &ctx.metrics.tokens;
        tokens.asked(&namespace, &automation.name_any(), event);
    };
    let remote = ctx.access.remote_with(&question, &ctx.cluster, count).await;
    let remote = remote.map_err(PassError::Access)?;
    let target = Target::resolve(automation, &object);
    let target = target.map_err(|error| PassError::Access(AccessError::Target(error)))?;
    Ok(Source {
        object,
        target,
        remote,
    })
}
