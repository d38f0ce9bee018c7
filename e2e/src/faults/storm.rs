//! Trouble at random moments, determined by a seed as far as a machine's time is.

use std::time::{Duration, Instant};

use kube::ResourceExt as _;
use kube::api::{Api, DeleteParams};
use test_support::api_proxy::{Calls, Effect};
use test_support::git_http::Fault;

use api::repin::v1alpha1::ImageUpdatePlan;

use super::acts::Flag;
use super::dice::Dice;
use super::processes::Victim;
use super::settle::Told;
use super::site::{PACK, Site};

/// How many requests pass at most before trouble comes: about what two updates and a start take.
const MOMENTS: usize = 60;
/// How much later than a request, in microseconds.
const LATER: usize = 3_000;
/// How long to wait for a request where nothing is at work.
const IDLE: Duration = Duration::from_millis(500);

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// `kill -9` of one controller, which is started again.
    Kill(Victim),
    /// Of both at once.
    KillBoth,
    /// Somebody else commits.
    Outside,
    /// The Git server is gone for some time.
    GitDies,
    /// It fails.
    GitFails,
    /// It takes a push, and the answer is lost.
    AnswerLost,
    /// It refuses pushes for some time.
    Refusal,
    /// Every connection to the API server breaks.
    ApiCut,
    /// The answer to a write of a status is lost.
    StatusAnswerLost,
    /// The cache of a controller is deleted.
    CacheGone(Victim),
    /// A user deletes a plan that is open, if there is one.
    PlanDeleted,
    /// The credentials are revoked for some time.
    Revoked,
}

impl Trouble {
    /// Only deaths.
    pub const KILLS: [Self; 3] = [
        Self::Kill(Victim::Setter),
        Self::Kill(Victim::Writer),
        Self::KillBoth,
    ];
    /// Everything; more than half of it deaths.
    pub const ALL: [Self; 24] = [
        Self::Kill(Victim::Setter),
        Self::Kill(Victim::Setter),
        Self::Kill(Victim::Setter),
        Self::Kill(Victim::Setter),
        Self::Kill(Victim::Setter),
        Self::Kill(Victim::Writer),
        Self::Kill(Victim::Writer),
        Self::Kill(Victim::Writer),
        Self::Kill(Victim::Writer),
        Self::Kill(Victim::Writer),
        Self::Kill(Victim::Writer),
        Self::KillBoth,
        Self::KillBoth,
        Self::Outside,
        Self::GitDies,
        Self::GitFails,
        Self::AnswerLost,
        Self::Refusal,
        Self::ApiCut,
        Self::StatusAnswerLost,
        Self::CacheGone(Victim::Setter),
        Self::CacheGone(Victim::Writer),
        Self::PlanDeleted,
        Self::Revoked,
    ];
}

/// What a storm is made of.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// How often trouble comes.
    pub points: usize,
    /// What kinds of it.
    pub troubles: &'a [Trouble],
}

/// What a storm came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Processes killed.
    pub kills: usize,
    /// Commits of the automations.
    pub commits: usize,
    /// Values that they set.
    pub updates: usize,
    /// What must not be, in words.
    pub violations: Vec<String>,
}

/// Releases, outside commits and trouble, in an order that the dice determine; then waits for the end and counts. `heard` is
/// told each trouble before it comes.
pub async fn storm(
    site: &mut Site,
    dice: &mut Dice,
    plan: Plan<'_>,
    mut heard: impl FnMut(usize, Trouble),
) -> Tally {
    let flag = site.refusing_hook("closed for the storm");
    let mut kills = 0;
    for point in 0..plan.points {
        let trouble = dice.pick(plan.troubles);
        heard(point, trouble);
        for _ in 0..=dice.below(2) {
            site.release(dice.below(site.automations())).await;
        }
        if dice.below(3) == 0 {
            outside(site, dice);
        }
        moment(site, dice).await;
        kills += bring(site, dice, trouble, &flag).await;
    }
    let report = site.settle(Told::OnceAtMost).await;
    site.repo.fsck();
    Tally {
        kills,
        commits: report.commits,
        updates: report.updates,
        violations: report.violations,
    }
}

/// A moment at which anything may be under way: so many requests later, and a little.
async fn moment(site: &Site, dice: &mut Dice) {
    let later = u64::try_from(dice.below(LATER)).unwrap_or_default();
    let wanted = traffic(site) + dice.below(MOMENTS);
    let (mut seen, mut since) = (traffic(site), Instant::now());
    while seen < wanted && since.elapsed() < IDLE {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let now = traffic(site);
        if now != seen {
            (seen, since) = (now, Instant::now());
        }
    }
    tokio::time::sleep(Duration::from_micros(later)).await;
}

fn traffic(site: &Site) -> usize {
    site.proxy.count(&Calls::all()) + site.git.totals().requests
}

fn outside(site: &Site, dice: &mut Dice) {
    let (folder, value) = (dice.below(4), dice.roll());
    // Beside the file of an automation, so that trees change on the way to it.
    let path = format!("apps/app-{folder}/notes.txt");
    site.outside_commit(&path, &format!("{value}\n"));
}

/// Brings the trouble about and ends it; how many processes it killed.
async fn bring(site: &mut Site, dice: &mut Dice, trouble: Trouble, flag: &Flag) -> usize {
    match trouble {
        Trouble::Kill(victim) => {
            kill(site, dice, &[victim]).await;
            return 1;
        }
        Trouble::KillBoth => {
            kill(site, dice, &[Victim::Setter, Victim::Writer]).await;
            return 2;
        }
        Trouble::Outside => outside(site, dice),
        Trouble::GitDies => {
            site.line.die().await;
            moment(site, dice).await;
            site.line.revive().await;
        }
        Trouble::GitFails => site
            .git
            .fault("fleet.git", 1 + dice.below(3), Fault::Status(503)),
        Trouble::AnswerLost => site.git.fault(PACK, 1, Fault::CloseAfter(0)),
        Trouble::Refusal => {
            flag.raise();
            moment(site, dice).await;
            flag.lower();
        }
        Trouble::ApiCut => site.proxy.cut(),
        Trouble::StatusAnswerLost => {
            let kinds = ["imageupdateplans", "imageupdateautomations"];
            let calls = Calls::status_writes(dice.pick(&kinds));
            site.proxy.fail(calls, 1, Effect::LoseAnswer);
        }
        Trouble::CacheGone(victim) => site.delete_cache(victim),
        Trouble::PlanDeleted => delete_open_plan(site).await,
        Trouble::Revoked => {
            site.revoke_credentials();
            moment(site, dice).await;
            site.restore_credentials().await;
        }
    }
    0
}

/// Kills processes, lets time pass or not, and starts them again. Whoever comes next may find them on their way up.
async fn kill(site: &mut Site, dice: &mut Dice, victims: &[Victim]) {
    for victim in victims {
        site.kill(*victim);
    }
    if dice.below(4) == 0 {
        outside(site, dice);
        site.release(dice.below(site.automations())).await;
    }
    for victim in victims {
        site.restart(*victim);
    }
    if dice.below(2) == 0 {
        for victim in victims {
            site.process(*victim).ready().await;
        }
    }
}

async fn delete_open_plan(site: &Site) {
    let plans = site.plans().await;
    if let Some(open) = plans.iter().rfind(|plan| !plan.is_ended()) {
        let api: Api<ImageUpdatePlan> = site.namespace.api();
        site.past.lock().deleted = true;
        // It may be gone already.
        drop(api.delete(&open.name_any(), &DeleteParams::default()).await);
    }
}
