//! One pass: from an automation, its GitRepository and its policies to a plan.

use api::image::v1::{ImagePolicy, ImageUpdateAutomation};
use api::repin::v1alpha1::ImageUpdatePlan;
use api::source::GitRepository;
use chrono::{DateTime, Utc};
use git_access::{AccessError, Target};
use git_remote::{ObjectId, Remote, Repository};

use crate::ground::{Ground, Line};
use crate::plan::{self as assembly, Aim, Assembled};
use crate::policies::Policies;
use crate::{
    Denied, EditedFile, Finding, Heads, Knowledge, PlanError, files, links, resolve, tree,
};

/// What a pass is made from.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The automation.
    pub automation: &'a ImageUpdateAutomation,
    /// The GitRepository that it names.
    pub source: &'a GitRepository,
    /// The policies that it may use: those of its own namespace as [`select_policies`](crate::select_policies) gives them,
    /// and those of other namespaces whose `spec.accessFrom` admits its own. One without `status.latestRef` sets nothing.
    pub policies: &'a [&'a ImagePolicy],
    /// Policies that exist and that it may not use: a marker of one is a finding that says why.
    pub denied: &'a [Denied],
    /// What earlier passes learned, of any repository.
    pub knowledge: &'a Knowledge,
    /// The heads that somebody has seen already. With them, and their commit and its marked files in the cache, the pass
    /// opens no connection. Where the server does not have that commit any more, it is asked for its references.
    pub known: Option<&'a Heads>,
    /// The `spec.sequence` of the plan, from 1: greater than that of every earlier plan of the automation.
    pub sequence: i64,
    /// Name of an earlier plan of the automation, of the last ended one as a rule: the same decision after it is a new plan.
    pub last_plan: Option<&'a str>,
    /// The time of the plan, for the clock functions of the message.
    pub now: DateTime<Utc>,
    /// Feeds the random functions of the message.
    pub seed: u64,
}

/// How far a pass is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A commit that the cache does not have is being fetched, with its trees.
    Fetching,
    /// Files that were never seen before are being read.
    Reading {
        /// Files read.
        done: usize,
        /// Files to read.
        total: usize,
    },
}

/// What a pass found.
#[derive(Clone, Debug)]
pub struct Pass {
    /// What the pass was made from: [`Request::known`], or what the server said.
    pub heads: Heads,
    /// The commit whose tree was edited and that the new one is put on.
    pub base: ObjectId,
    /// The plan; `None` when every marked value is what its policy says.
    pub plan: Option<ImageUpdatePlan>,
    /// The edits of the plan.
    pub files: Vec<EditedFile>,
    /// What keeps markers from working; the first ten thousand of it.
    pub findings: Vec<Finding>,
    /// Valid markers below `spec.update.path`.
    pub markers: usize,
    /// Marked files with edits that did not fit into the plan; they follow in the next one.
    pub left_over: usize,
}

/// Reads the manifests and plans what the policies change in them.
///
/// Blocks on the network, within the deadline of `remote` for each operation, and opens at most one connection; `progress`
/// is called as it goes. Memory does not grow with the size of the repository, but with its number of files (about 150
/// bytes each, in the pass that reads them first).
pub fn plan(
    remote: &Remote,
    repository: &Repository,
    request: &Request<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Pass, PlanError> {
    let target = target(request)?;
    let approval = api::safeguards::approval(request.automation).map_err(PlanError::Approval)?;
    let policies = Policies::new(request)?;
    let (heads, mut ground) = ground((remote, repository), request, &target, progress)?;
    let mut findings = Vec::new();
    let mut marked = tree::marked(&mut ground, &target.path)?;
    links::follow(&mut ground, &target.path, &mut marked, &mut findings)?;
    let edited = files::edits(&mut ground, &marked, &policies, &mut findings)?;
    let aim = Aim {
        target: &target,
        heads: &heads,
        approval,
    };
    let assembled = assembly::assemble(request, aim, edited.files, &mut findings)?;
    let (plan, files, left_over) = match assembled {
        Some(Assembled {
            plan,
            files,
            left_over,
        }) => (Some(plan), files, left_over + edited.left_over),
        None => (None, Vec::new(), 0),
    };
    Ok(Pass {
        heads,
        base: ground.commit,
        plan,
        files,
        findings,
        markers: edited.markers,
        left_over,
    })
}

fn target(request: &Request<'_>) -> Result<Target, PlanError> {
    Target::resolve(request.automation, request.source)
        .map_err(|error| PlanError::ResolveTarget(AccessError::Target(error)))
}

/// The heads of the target, with the commit to edit in the cache.
fn ground<'a>(
    (remote, repository): (&'a Remote, &'a Repository),
    request: &Request<'a>,
    target: &Target,
    progress: &'a mut dyn FnMut(Progress),
) -> Result<(Heads, Ground<'a>), PlanError> {
    let mut line = Line::new(remote);
    let heads = resolve::fetched(&mut line, repository, (target, request.known), progress)?;
    let ground = Ground {
        line,
        repository,
        knowledge: request.knowledge,
        commit: heads.base(target),
        progress,
    };
    Ok((heads, ground))
}
