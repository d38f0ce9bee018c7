//! Getting a Lease, keeping it, giving it up.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use kube::Api;
use kube::api::PostParams;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::claim::{Claim, Claims};
use super::evaluate::{Observation, Verdict, evaluate};
use super::settings::Settings;
use crate::client::{CallError, within};
use crate::metrics::Metrics;

/// How long giving the Lease up may take; others wait for its duration where it fails.
const RELEASE_DEADLINE: Duration = Duration::from_secs(2);

/// The Lease went to another instance, or could not be renewed in time. The process has to end: what it was about to write
/// may be outdated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeaseLost {
    /// Another instance has it.
    #[error("leader election lost: {holder} holds the lease {lease}")]
    Taken {
        /// The Lease.
        lease: String,
        /// The other instance.
        holder: String,
    },
    /// It was not renewed in time.
    #[error("leader election lost: the lease {lease} was not renewed within {} seconds", deadline.as_secs_f32())]
    Expired {
        /// The Lease.
        lease: String,
        /// The time that was left.
        deadline: Duration,
    },
}

/// One instance's part in the election.
pub(crate) struct Election {
    api: Api<Lease>,
    settings: Settings,
    metrics: Metrics,
    claims: watch::Sender<Claim>,
    observation: Observation,
    /// The Lease as this instance wrote it last.
    written: Option<Lease>,
}

/// What came of one attempt to get or keep the Lease.
enum Attempt {
    Claimed { expiry: Instant },
    Held { holder: String, until: Instant },
}

impl Election {
    pub(crate) fn new(api: Api<Lease>, settings: Settings, metrics: Metrics) -> Self {
        Self {
            api,
            settings,
            metrics,
            claims: watch::Sender::new(Claim::Nobody),
            observation: Observation::default(),
            written: None,
        }
    }

    /// What this instance may do, from now on.
    pub(crate) fn claims(&self) -> Claims {
        Claims::watching(self.claims.subscribe())
    }

    /// Waits until this instance holds the Lease. To be dropped where it need not any more.
    pub(crate) async fn acquire(&mut self) {
        let lease = self.settings.name.clone();
        let mut leader = String::new();
        tracing::info!(
            lease,
            me = self.settings.me,
            "attempting to acquire leader lease"
        );
        loop {
            let pause = self.settings.pause();
            let wake = match self.attempt(self.settings.renew_deadline).await {
                Ok(Attempt::Claimed { expiry }) => {
                    tracing::info!(lease, "successfully acquired lease");
                    self.metrics.lease_taken();
                    self.claims.send_replace(Claim::Until(expiry));
                    return;
                }
                Ok(Attempt::Held { holder, until }) => {
                    if leader != holder {
                        tracing::info!(
                            lease,
                            leader = holder,
                            "standing by: another instance leads"
                        );
                        leader = holder;
                    }
                    until.min(Instant::now() + pause)
                }
                Err(error) => {
                    tracing::warn!(lease, %error, "the lease cannot be had: trying again");
                    Instant::now() + pause
                }
            };
            tokio::time::sleep_until(wake).await;
        }
    }

    /// Renews the Lease until `stop` is cancelled, and gives it up then.
    pub(crate) async fn hold(mut self, stop: CancellationToken) -> Result<(), LeaseLost> {
        let ended = stop.run_until_cancelled(self.renew()).await;
        self.claims.send_replace(Claim::Nobody);
        self.metrics.lease_gone();
        if let Some(lost) = ended {
            return Err(lost);
        }
        self.release().await;
        Ok(())
    }

    /// Renews the Lease until it is lost.
    async fn renew(&mut self) -> LeaseLost {
        loop {
            let expiry = match *self.claims.borrow() {
                Claim::Until(expiry) => expiry,
                Claim::Always | Claim::Nobody => Instant::now(),
            };
            let next = Instant::now() + self.settings.retry_period;
            tokio::time::sleep_until(next.min(expiry)).await;
            let left = expiry.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return LeaseLost::Expired {
                    lease: self.settings.name.clone(),
                    deadline: self.settings.renew_deadline,
                };
            }
            // Two attempts at least fit a connection that went dead.
            let deadline = left.min(self.settings.renew_deadline / 2);
            match self.attempt(deadline).await {
                Ok(Attempt::Claimed { expiry }) => {
                    self.claims.send_replace(Claim::Until(expiry));
                }
                Ok(Attempt::Held { holder, .. }) => {
                    let lease = self.settings.name.clone();
                    return LeaseLost::Taken { lease, holder };
                }
                Err(error) => {
                    let lease = &self.settings.name;
                    tracing::warn!(lease, %error, "the lease is not renewed: trying again");
                }
            }
        }
    }

    /// Gets or renews the Lease unless another one holds it. What was read or written before an error is not lost: the next
    /// attempt looks.
    async fn attempt(&mut self, deadline: Duration) -> Result<Attempt, CallError> {
        let end = Instant::now() + deadline;
        if let Some(mine) = self.written.take() {
            match self.write(Some(mine), end).await {
                Err(error) if error.code() == Some(409) => {}
                outcome => return outcome,
            }
        }
        let left = end.saturating_duration_since(Instant::now());
        let lease = within(left, self.api.get_opt(&self.settings.name)).await?;
        if let Some(lease) = &lease {
            let now = Instant::now();
            let since = self.observation.note(lease, now);
            match evaluate(lease, &self.settings.me, since, now) {
                Verdict::Mine | Verdict::Free => {}
                Verdict::Held { holder, until } => return Ok(Attempt::Held { holder, until }),
            }
        }
        self.write(lease, end).await
    }

    /// Writes the Lease as this instance's, unless somebody wrote it since `lease` was read.
    ///
    /// The claim counts from before the request: others wait from after it.
    async fn write(&mut self, lease: Option<Lease>, end: Instant) -> Result<Attempt, CallError> {
        let sent = Instant::now();
        let left = end.saturating_duration_since(sent);
        let params = PostParams::default();
        let name = self.settings.name.clone();
        let written = match lease {
            None => {
                let mut lease = Lease::default();
                lease.metadata.name = Some(name);
                lease.spec = Some(self.spec(None));
                within(left, self.api.create(&params, &lease)).await?
            }
            Some(mut lease) => {
                lease.spec = Some(self.spec(lease.spec.as_ref()));
                within(left, self.api.replace(&name, &params, &lease)).await?
            }
        };
        self.written = Some(written);
        let expiry = sent + self.settings.renew_deadline;
        Ok(Attempt::Claimed { expiry })
    }

    fn spec(&self, before: Option<&LeaseSpec>) -> LeaseSpec {
        let now = MicroTime(Timestamp::now());
        let me = Some(self.settings.me.clone());
        let mut spec = before.cloned().unwrap_or_default();
        if spec.holder_identity != me {
            let transitions = before.map(|before| before.lease_transitions.unwrap_or_default());
            spec.lease_transitions = Some(transitions.map_or(0, |count| count.saturating_add(1)));
            spec.acquire_time = Some(now.clone());
            spec.holder_identity = me;
        }
        spec.lease_duration_seconds = Some(self.settings.duration_seconds());
        spec.renew_time = Some(now);
        spec
    }

    /// Gives the Lease up, so that another instance need not wait for its end.
    async fn release(&mut self) {
        if !self.settings.release {
            return;
        }
        let name = &self.settings.name;
        match within(RELEASE_DEADLINE, self.give_up()).await {
            Ok(()) => tracing::info!(lease = name, "lease released"),
            Err(error) => tracing::warn!(lease = name, %error, "lease not released"),
        }
    }

    async fn give_up(&self) -> kube::Result<()> {
        let Settings { name, me, .. } = &self.settings;
        let Some(mut lease) = self.api.get_opt(name).await? else {
            return Ok(());
        };
        let Some(spec) = &mut lease.spec else {
            return Ok(());
        };
        if spec.holder_identity.as_ref() != Some(me) {
            return Ok(());
        }
        spec.holder_identity = Some(String::new());
        spec.lease_duration_seconds = Some(1);
        spec.renew_time = Some(MicroTime(Timestamp::now()));
        let params = PostParams::default();
        self.api.replace(name, &params, &lease).await.map(drop)
    }
}

#[cfg(test)]
mod tests;
