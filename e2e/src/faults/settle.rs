//! Waits until nothing is left to do, and counts what was done.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use api::conditions::{READY, TRUE};
use api::image::v1::ImageUpdateAutomation;
use api::repin::v1alpha1::{ImageUpdatePlan, Phase};
use k8s_openapi::api::events::v1::Event;
use kube::ResourceExt as _;
use kube::api::ListParams;
use tokio::time::Instant;

use super::books::{self, Books, Report};
use super::history;
use super::objects::{name, path};
use super::site::{Past, Site};

/// How long everything may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// What Ready says where nothing is left to do.
const UP_TO_DATE: &str = "repository up-to-date";
/// How the Event of a push begins.
const PUSHED: &str = "pushed commit '";

/// How often people are told of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Exactly once.
    Once,
    /// At most once: the process that was to tell may have been killed.
    OnceAtMost,
}

/// All that can be seen of a site at one moment.
struct View<'a> {
    site: &'a Site,
    past: Past,
    automations: Vec<ImageUpdateAutomation>,
    plans: Vec<ImageUpdatePlan>,
    events: Vec<Event>,
    books: Books,
    told: Told,
}

impl Site {
    /// Waits until every file is as its policy says and every status tells of it, asks for one more look at everything, and
    /// counts. What is not right within a minute is a violation, too.
    pub async fn settle(&self, told: Told) -> Report {
        let deadline = Instant::now() + PATIENCE;
        if let Err(report) = self.quiet(told, None, deadline).await {
            return report;
        }
        let request = self.request().await;
        let deadline = Instant::now() + PATIENCE;
        match self.quiet(told, Some(&request), deadline).await {
            Ok(report) | Err(report) => report,
        }
    }

    async fn quiet(
        &self,
        told: Told,
        request: Option<&str>,
        deadline: Instant,
    ) -> Result<Report, Report> {
        let mut pause = Duration::from_millis(10);
        loop {
            let view = self.view(told).await;
            let left = view.left(request);
            let mut report = view.report();
            if left.is_empty() {
                return Ok(report);
            }
            if Instant::now() > deadline {
                report.violations.extend(left);
                return Err(report);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(200));
        }
    }

    async fn view(&self, told: Told) -> View<'_> {
        let past = self.past.lock().clone();
        let all = ListParams::default();
        let (automations, events) = (self.namespace.api(), self.namespace.api());
        let plans = self.plans().await;
        let (automations, events) = tokio::join!(automations.list(&all), events.list(&all));
        let history = history::read(&self.repo, &self.first, "refs/heads/main");
        View {
            site: self,
            books: books::judge(self.namespace.name(), &past, &history),
            past,
            automations: automations.expect("automations can be listed").items,
            plans,
            events: events.expect("events can be listed").items,
            told,
        }
    }
}

impl View<'_> {
    /// What is still to come, in words.
    fn left(&self, request: Option<&str>) -> Vec<String> {
        let mut left = Vec::new();
        for (number, tags) in self.past.tags.iter().enumerate() {
            let tag = tags.last().expect("each file has a tag");
            let wanted = self.site.content(number, tag);
            let revision = format!("refs/heads/main:{}", path(number));
            let found = self
                .site
                .repo
                .try_git(&["cat-file", "blob", &revision])
                .stdout;
            if found != wanted.as_bytes() {
                let found = String::from_utf8_lossy(&found);
                left.push(format!("{} is not at {tag}: {found}", path(number)));
            }
        }
        for automation in &self.automations {
            left.extend(self.unready(automation, request));
        }
        let open = self.plans.iter().filter(|plan| !plan.is_ended());
        left.extend(open.map(|plan| {
            let status = serde_json::to_string(&plan.status).unwrap_or_default();
            format!("plan {} has not ended: {status}", plan.name_any())
        }));
        if self.told == Told::Once {
            left.extend(self.untold());
        }
        left
    }

    fn unready(&self, automation: &ImageUpdateAutomation, request: Option<&str>) -> Option<String> {
        let status = automation.status.clone().unwrap_or_default();
        let ready = matches!(
            &status.conditions[..],
            [only] if only.type_ == READY && only.status == TRUE && only.message == UP_TO_DATE
        );
        let asked = request.is_none() || status.last_handled_reconcile_at.as_deref() == request;
        let seen = status.observed_generation == automation.metadata.generation;
        let pushed = status.last_push_commit.as_ref() == self.last_commit(automation)
            || self.past.deleted && self.is_earlier(automation, status.last_push_commit.as_ref());
        if ready && asked && seen && pushed {
            return None;
        }
        let status = serde_json::to_string(&status).unwrap_or_default();
        let last = self.last_commit(automation);
        let name = automation.name_any();
        Some(format!(
            "{name} is not ready, with its last commit {last:?}: {status}"
        ))
    }

    /// The last commit of an automation, by its plans, or by the history where none is kept.
    fn last_commit(&self, automation: &ImageUpdateAutomation) -> Option<&String> {
        let number = self.number(&automation.name_any())?;
        let own = self.plans_of(number);
        let pushed = own.filter(|plan| plan.phase() == Phase::Pushed).last();
        match pushed {
            Some(plan) => plan.status.as_ref()?.commit.as_ref(),
            None => self.books.commits[number].last(),
        }
    }

    /// Whether a commit is one of the automation, or none.
    fn is_earlier(&self, automation: &ImageUpdateAutomation, commit: Option<&String>) -> bool {
        let number = self.number(&automation.name_any());
        let own = number.map_or(&[][..], |number| &self.books.commits[number]);
        commit.is_none_or(|commit| own.contains(commit))
    }

    fn plans_of(&self, number: usize) -> impl Iterator<Item = &ImageUpdatePlan> {
        let automation = name(number);
        let of_it = move |plan: &&ImageUpdatePlan| plan.spec.automation_ref.name == automation;
        self.plans.iter().filter(of_it)
    }

    fn number(&self, automation: &str) -> Option<usize> {
        (0..self.past.tags.len()).find(|number| name(*number) == automation)
    }

    fn untold(&self) -> Vec<String> {
        let told = self.told_pushes();
        let commits = self.books.commits.iter().flatten();
        let untold = commits.filter(|commit| !told.contains_key(&commit[..7]));
        untold
            .map(|commit| format!("nobody is told of the push of {commit}"))
            .collect()
    }

    /// How often people were told of the push of a commit, by its short id.
    fn told_pushes(&self) -> BTreeMap<&str, i32> {
        let mut told = BTreeMap::new();
        for event in &self.events {
            let note = event.note.as_deref().unwrap_or_default();
            let about = event
                .regarding
                .as_ref()
                .and_then(|about| about.kind.as_deref());
            let commit = note.strip_prefix(PUSHED).and_then(|rest| rest.get(..7));
            if let Some(commit) = commit.filter(|_| about == Some("ImageUpdateAutomation")) {
                let times = event.series.as_ref().map_or(1, |series| series.count);
                *told.entry(commit).or_default() += times;
            }
        }
        told
    }

    /// What was done, and what must not have been.
    fn report(&self) -> Report {
        let mut report = self.books.report.clone();
        report.violations.extend(self.wrong_events());
        report.violations.extend(self.wrong_plans());
        report.violations.extend(self.wrong_files());
        report
    }

    fn wrong_events(&self) -> Vec<String> {
        let told = self.told_pushes();
        let commits = self.books.commits.iter().flatten();
        let known: BTreeSet<&str> = commits.map(|commit| &commit[..7]).collect();
        let wrong = told.into_iter().filter(|(commit, times)| {
            *times != 1 || !(self.past.rewritten || known.contains(commit))
        });
        let pushes = wrong.map(|(commit, times)| {
            format!("people are told {times} times of the push of {commit}")
        });
        pushes.chain(self.repeated_ends()).collect()
    }

    /// The plans whose end people were told of more than once.
    fn repeated_ends(&self) -> impl Iterator<Item = String> {
        let mut told: BTreeMap<String, i32> = BTreeMap::new();
        for event in &self.events {
            let about = event.regarding.clone().unwrap_or_default();
            let ends = event.reason.as_deref() == Some(Phase::Pushed.reason());
            if ends && about.kind.as_deref() == Some("ImageUpdatePlan") {
                let times = event.series.as_ref().map_or(1, |series| series.count);
                *told.entry(about.uid.unwrap_or_default()).or_default() += times;
            }
        }
        let repeated = told.into_iter().filter(|(_, times)| *times != 1);
        repeated.map(|(plan, times)| format!("people are told {times} times of the end of {plan}"))
    }

    fn wrong_plans(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut by_commit: BTreeMap<&str, String> = BTreeMap::new();
        let pushed = |plan: &&ImageUpdatePlan| plan.phase() == Phase::Pushed;
        for plan in self.plans.iter().filter(pushed) {
            let name = plan.name_any();
            let commit = plan
                .status
                .as_ref()
                .and_then(|status| status.commit.as_deref());
            let Some(commit) = commit else {
                wrong.push(format!("plan {name} is pushed without a commit"));
                continue;
            };
            let mut commits = self.books.commits.iter().flatten();
            if !self.past.rewritten && !commits.any(|known| known == commit) {
                wrong.push(format!("the commit {commit} of plan {name} is lost"));
            }
            let other = by_commit.insert(commit, name.clone());
            // Where a branch was forced back, the same change of the same second to the same commit is the same commit.
            if let Some(other) = other.filter(|_| !self.past.rewritten) {
                wrong.push(format!(
                    "plans {name} and {other} have one commit, {commit}"
                ));
            }
        }
        wrong
    }

    fn wrong_files(&self) -> Vec<String> {
        let files = self.past.files.iter();
        let changed = files.filter(|(path, content)| {
            let revision = format!("refs/heads/main:{path}");
            let found = self
                .site
                .repo
                .try_git(&["cat-file", "blob", &revision])
                .stdout;
            found != content.as_bytes()
        });
        changed
            .map(|(path, _)| format!("'{path}' of somebody else is changed"))
            .collect()
    }
}
