//! One pass over one ImageRepository: the table of contents.

use std::sync::Arc;

use api::image::v1::{ImageRepository, ImageRepositoryStatus};
use controller_runtime::{Done, Pass, Reconciler};
use kube::runtime::reflector::ObjectRef;
use registry_access::{Cluster, Resolver};
use registry_client::Client;
use tokio::time::Instant;

use crate::decide::Seen;
use crate::error::PassError;
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::recent::Recent;
use crate::slices::Slices;
use crate::status::Outcome;
use crate::validate::Valid;
use crate::{apply, decide, observe, status, validate};

/// What all passes share.
pub(crate) struct Context {
    /// Secrets and ServiceAccounts.
    pub(crate) cluster: Cluster,
    pub(crate) resolver: Resolver,
    /// The one client of all registries: its budget per host holds for all objects.
    pub(crate) registry: Client,
    pub(crate) slices: Slices,
    pub(crate) memory: Arc<Memory>,
    pub(crate) recent: Recent,
    pub(crate) metrics: Metrics,
}

impl Reconciler for Context {
    type Object = ImageRepository;

    async fn pass(
        &self,
        repository: Arc<ImageRepository>,
        pass: &Pass,
    ) -> Done<ImageRepositoryStatus> {
        let previous = observe::status(&repository);
        let valid = match validate::repository(&self.resolver, &repository) {
            Ok(valid) => valid,
            Err(error) => return status::failed(previous, &error),
        };
        match self.outcome(&repository, &previous, &valid, pass).await {
            Ok(outcome) => status::done(previous, &valid, outcome),
            Err(error) => status::failed(previous, &error),
        }
    }

    fn forget(&self, object: &ObjectRef<ImageRepository>) {
        self.memory.forget(object);
        let namespace = object.namespace.as_deref().unwrap_or_default();
        self.metrics.tokens.forget(namespace, &object.name);
    }
}

impl Context {
    async fn outcome(
        &self,
        repository: &ImageRepository,
        status: &ImageRepositoryStatus,
        valid: &Valid,
        pass: &Pass,
    ) -> Result<Outcome, PassError> {
        let began = Instant::now();
        let deadline = began + valid.timeout;
        let requested = self.memory.owes(repository, pass.requested.as_deref());
        let observed = observe::repository(self, repository, valid, deadline).await?;
        let seen = Seen {
            status,
            generation: repository.metadata.generation,
            requested,
            listed: observed.history.is_some(),
            sources: &observed.with.sources,
            scanned_with: observed.scanned_with.as_ref(),
            hold: self.memory.hold(valid),
        };
        let plan = decide::next(valid, &seen, &pass.now);
        let task = apply::Task {
            repository,
            status,
            valid,
            pass,
            asked: requested.then_some(began),
            deadline,
        };
        apply::run(self, &task, observed, plan).await
    }
}
