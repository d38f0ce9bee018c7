//! One pass over one ImagePolicy: the table of contents.

use std::sync::Arc;

use api::image::v1::{ImagePolicy, ImagePolicyStatus};
use controller_runtime::{Done, Pass, Reconciler};
use kube::Client;
use kube::runtime::reflector::ObjectRef;
use registry_access::{Cluster, Resolver};

use crate::catalogue::{Catalogue, Snapshot};
use crate::error::PassError;
use crate::lists::Lists;
use crate::metrics::Metrics;
use crate::status::{Chosen, Outcome};
use crate::validate::{CrossNamespace, Valid};
use crate::{Evaluator, decide, observe, status, validate};

/// What all passes share.
pub(crate) struct Context {
    pub(crate) client: Client,
    /// Secrets and ServiceAccounts.
    pub(crate) cluster: Cluster,
    pub(crate) resolver: Resolver,
    /// The one client of all registries: its budget per host holds for all objects.
    pub(crate) registry: registry_client::Client,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) lists: Lists,
    pub(crate) cross_namespace: CrossNamespace,
    /// How long a policy waits for a list at most before it looks again.
    pub(crate) requeue: api::Duration,
    pub(crate) metrics: Metrics,
}

impl Reconciler for Context {
    type Object = ImagePolicy;

    async fn pass(&self, policy: Arc<ImagePolicy>, pass: &Pass) -> Done<ImagePolicyStatus> {
        match self.outcome(&policy, pass).await {
            Ok(outcome) => status::done(&policy, outcome, &pass.now),
            Err(error) => status::failed(&policy, &error, &pass.now),
        }
    }

    fn forget(&self, policy: &ObjectRef<ImagePolicy>) {
        self.catalogue.forget(policy);
        let namespace = policy.namespace.as_deref().unwrap_or_default();
        self.metrics.tokens.forget(namespace, &policy.name);
    }

    fn traceparent(&self, policy: &ImagePolicy) -> Option<String> {
        self.catalogue.trace(&ObjectRef::from_obj(policy))
    }

    fn is_news(&self, before: &ImagePolicyStatus, after: &ImagePolicyStatus) -> bool {
        before.latest_ref != after.latest_ref
    }

    fn announced(&self) {
        self.metrics.changed();
    }
}

impl Context {
    async fn outcome(&self, policy: &ImagePolicy, pass: &Pass) -> Result<Outcome, PassError> {
        let valid = validate::policy(policy, self.cross_namespace)?;
        let reference = ObjectRef::from_obj(policy);
        loop {
            let seen = self.catalogue.look(&reference, &valid.repository);
            let outcome = self.with(policy, (&valid, &seen), pass).await?;
            let incomplete = matches!(outcome, Outcome::Incomplete { .. });
            if !incomplete || !self.catalogue.not_evaluated(&reference, &seen) {
                return Ok(outcome);
            }
        }
    }

    async fn with(
        &self,
        policy: &ImagePolicy,
        (valid, seen): (&Valid, &Snapshot),
        pass: &Pass,
    ) -> Result<Outcome, PassError> {
        let usable = observe::repository(self, valid, seen).await?;
        let evaluator = Evaluator::new(policy);
        // A filter that is none shows once there are tags, as in Flux.
        let evaluator = match evaluator {
            Err(error) if !error.is_of_filter() => return Err(PassError::Invalid(error)),
            evaluator => evaluator,
        };
        let Some(history) = observe::tags(self, seen).await? else {
            let object = &usable.repository.object;
            return Ok(Outcome::Incomplete {
                image: object.spec.image.clone(),
                created: object.metadata.creation_timestamp.clone(),
                requeue: self.requeue,
            });
        };
        if history.tags().is_empty() {
            let requeue = self.requeue;
            return Err(PassError::NoTags { requeue });
        }
        let evaluator = evaluator.map_err(PassError::Invalid)?;
        let question = decide::Question::new((policy, &usable), history, &pass.now);
        let decision = decide::tag(&self.metrics, evaluator, question).await?;
        let latest = observe::digest(self, (policy, &usable), &decision).await?;
        Ok(Outcome::Chosen(Box::new(Chosen {
            decision,
            latest,
            interval: valid.interval.map(api::Duration::to_std),
        })))
    }
}
