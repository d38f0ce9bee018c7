//! Which Lease, and how long it lasts.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::time::Duration;

use crate::args::Args;
use crate::identity::{Identity, host_name};
use crate::scope::Scope;

/// By how much the pause between two attempts varies at most, so that instances do not ask in step.
pub(super) const JITTER: f64 = 0.2;

/// Which Lease an instance asks for, and how.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Name of the Lease.
    pub(super) name: String,
    /// Name of this instance, unlike that of any other, of an earlier start of the same Pod too.
    pub(super) me: String,
    /// How long others wait after the last renewal.
    pub(super) duration: Duration,
    /// How long this instance writes after its last renewal: less than `duration`.
    pub(super) renew_deadline: Duration,
    /// How often the Lease is renewed, or asked for.
    pub(super) retry_period: Duration,
    /// Whether it is given up at the end.
    pub(super) release: bool,
}

/// The flags of the Lease contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Another instance could take over while this one still writes.
    #[error(
        "--leader-election-lease-duration: expected more than --leader-election-renew-deadline"
    )]
    LeaseDuration,
    /// The Lease could not be renewed in time.
    #[error(
        "--leader-election-renew-deadline: expected more than 1.2 times --leader-election-retry-period"
    )]
    RenewDeadline,
    /// The API server would be asked without a pause.
    #[error("--leader-election-retry-period: expected more than zero")]
    RetryPeriod,
}

impl Settings {
    pub(crate) fn new(
        identity: &Identity,
        args: &Args,
        scope: &Scope,
    ) -> Result<Self, SettingsError> {
        let suffix = scope.suffix().map(|suffix| format!("-{suffix}"));
        let settings = Self {
            name: format!(
                "{}-leader-election{}",
                identity.name,
                suffix.unwrap_or_default()
            ),
            me: format!("{}_{:016x}", host_name(), random()),
            duration: args.leader_election_lease_duration.to_std(),
            renew_deadline: args.leader_election_renew_deadline.to_std(),
            retry_period: args.leader_election_retry_period.to_std(),
            release: args.leader_election_release_on_cancel,
        };
        settings.check().map(|()| settings)
    }

    fn check(&self) -> Result<(), SettingsError> {
        if self.retry_period.is_zero() {
            return Err(SettingsError::RetryPeriod);
        }
        if self.renew_deadline <= self.retry_period.mul_f64(1.0 + JITTER) {
            return Err(SettingsError::RenewDeadline);
        }
        if self.duration <= self.renew_deadline {
            return Err(SettingsError::LeaseDuration);
        }
        Ok(())
    }

    /// The duration as a Lease holds it: whole seconds, never less than asked for.
    pub(super) fn duration_seconds(&self) -> i32 {
        let seconds = self.duration.as_secs() + u64::from(self.duration.subsec_nanos() > 0);
        i32::try_from(seconds).unwrap_or(i32::MAX)
    }

    /// A pause between two attempts to get the Lease.
    pub(super) fn pause(&self) -> Duration {
        let thousandth = u32::try_from(random() % 1_000).unwrap_or_default();
        let share = f64::from(thousandth) / 1_000.0;
        self.retry_period.mul_f64(1.0 + JITTER * share)
    }
}

/// A number that no two calls share, not fit for secrets.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        args: Args,
    }

    fn settings(flags: &[&str]) -> Result<Settings, SettingsError> {
        let identity = Identity {
            name: "registry-scanner",
            field_manager: "image-reflector-controller",
            kinds: &[],
        };
        let flags = ["program"].iter().chain(flags);
        let args = Program::parse_from(flags).args;
        Settings::new(&identity, &args, &Scope::new(&args))
    }

    #[test]
    fn each_selector_has_a_lease_of_its_own() {
        let name = |flags: &[&str]| settings(flags).unwrap().name;
        assert_eq!(name(&[]), "registry-scanner-leader-election");
        assert_eq!(
            name(&["--watch-label-selector=sharding.fluxcd.io/key=shard1"]),
            "registry-scanner-leader-election-73fdc1be"
        );
    }

    #[test]
    fn each_start_is_an_instance_of_its_own() {
        let me = || settings(&[]).unwrap().me;
        assert_ne!(me(), me());
    }

    #[test]
    fn the_times_leave_room_for_one_another() {
        for (flags, error) in [
            (
                &["--leader-election-renew-deadline=35s"][..],
                SettingsError::LeaseDuration,
            ),
            (
                &["--leader-election-retry-period=25s"],
                SettingsError::RenewDeadline,
            ),
            (
                &["--leader-election-retry-period=0s"],
                SettingsError::RetryPeriod,
            ),
        ] {
            assert_eq!(settings(flags).unwrap_err(), error, "{flags:?}");
        }
    }

    #[test]
    fn a_lease_lasts_no_less_than_asked_for() {
        let settings = settings(&[
            "--leader-election-lease-duration=1500ms",
            "--leader-election-renew-deadline=1s",
            "--leader-election-retry-period=200ms",
        ])
        .unwrap();
        assert_eq!(settings.duration_seconds(), 2);
        for _ in 0..100 {
            let pause = settings.pause().as_millis();
            assert!((200..=240).contains(&pause), "{pause}");
        }
    }
}
