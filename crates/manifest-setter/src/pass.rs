use api::image::v1::{ImagePolicy, ImageUpdateAutomation};
use api::repin::v1alpha1::ImageUpdatePlan;
use api::source::GitRepository;
use chrono::{DateTime, Utc};
use git_remote::{ObjectId, Remote, Repository};

use crate::files::Gathered;
use crate::resolve::Heads;
use crate::{
    EditedFile, Finding, PlanError, Target, candidates, files, plan as assemble, policies, resolve,
};

/// What a pass is made from.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The automation.
    pub automation: &'a ImageUpdateAutomation,
    /// The GitRepository that it names.
    pub source: &'a GitRepository,
    /// Its policies, as [`select_policies`](crate::select_policies) gives them; those without `status.latestRef` set nothing.
    pub policies: &'a [&'a ImagePolicy],
    /// Name of the automation's last ended plan: the same decision after it is a new plan.
    pub last_plan: Option<&'a str>,
    /// The time of the plan, for the clock functions of the message.
    pub now: DateTime<Utc>,
    /// Feeds the random functions of the message.
    pub seed: u64,
}

/// How far a pass is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The commit and its trees are being fetched.
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
    /// The commit of the checkout reference.
    pub checkout: ObjectId,
    /// The commit whose tree was edited and that the new one is put on.
    pub base: ObjectId,
    /// The plan; `None` when every marked value is what its policy says.
    pub plan: Option<ImageUpdatePlan>,
    /// The edits of the plan.
    pub files: Vec<EditedFile>,
    /// What keeps markers from working.
    pub findings: Vec<Finding>,
    /// Valid markers below `spec.update.path`.
    pub markers: usize,
    /// Marked files whose edits did not fit into the plan; they follow in the next one.
    pub left_over: usize,
}

/// Reads the manifests and plans what the policies change in them.
///
/// Blocks on the network, within the deadline of `remote` for each operation; `progress` is called as it goes.
pub fn plan(
    remote: &Remote,
    repository: &Repository,
    request: &Request<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Pass, PlanError> {
    let target =
        Target::resolve(request.automation, request.source).map_err(PlanError::ResolveTarget)?;
    let setters = policies::setters(request.policies);
    let session = &mut remote.connect().map_err(PlanError::Connect)?;
    let heads = resolve::heads(session, remote.url(), &target)?;
    let base = heads.base(&target);
    progress(Progress::Fetching);
    session
        .fetch_commit(repository, base)
        .map_err(PlanError::FetchCommit)?;

    let mut findings = Vec::new();
    let candidates =
        candidates::candidates(session, repository, (base, &target.path), &mut findings)?;
    let mut found = Gathered {
        findings: &mut findings,
        markers: 0,
        progress,
    };
    let edited = files::edits(session, repository, &candidates, &setters, &mut found)?;
    let markers = found.markers;
    finish(request, &target, heads, edited).map(|(plan, files, left_over)| Pass {
        checkout: heads.checkout,
        base,
        plan,
        files,
        findings,
        markers,
        left_over,
    })
}

type Planned = (Option<ImageUpdatePlan>, Vec<EditedFile>, usize);

fn finish(
    request: &Request<'_>,
    target: &Target,
    heads: Heads,
    mut edited: Vec<EditedFile>,
) -> Result<Planned, PlanError> {
    if edited.is_empty() {
        return Ok((None, edited, 0));
    }
    let fitting = assemble::fitting(&edited)?;
    let left_over = edited.split_off(fitting).len();
    let plan = assemble::assemble(request, target, heads, &edited)?;
    Ok((Some(plan), edited, left_over))
}
