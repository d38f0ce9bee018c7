//! Prints news as they come, and knows when an update is complete.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use api::annotations::RECONCILE_REQUESTED;
use api::conditions::{READY, TRUE};
use api::image::v1::ImageUpdateAutomation;
use api::repin::v1alpha1::Phase;
use tokio::sync::mpsc::UnboundedReceiver;

use super::hops::Hops;
use super::line::Line;
use super::news::{News, Told};
use crate::console;

/// What was shown so far.
pub(crate) struct Show {
    news: UnboundedReceiver<Told>,
    /// When the part that is shown began.
    origin: Instant,
    /// The last line of each object.
    last: HashMap<(String, String), String>,
    events: BTreeSet<String>,
    seen: Seen,
    /// How far the webhook under way has come.
    hops: Option<Hops>,
}

/// What of an update has been seen.
#[derive(Debug, Default)]
struct Seen {
    /// The policies that have selected a tag.
    selected: BTreeSet<String>,
    /// The commit that `main` is at, and when it came there.
    head: Option<(String, Instant)>,
    /// The commit of the last plan that was pushed, with its message.
    pushed: Option<(String, String)>,
    /// The commit that the automation tells of, once it is ready.
    told: Option<String>,
    /// The texts of all Events.
    events: Vec<String>,
    /// Where the Receiver takes webhooks.
    hook_path: Option<String>,
    /// What the last webhook has written on the ImageRepository.
    request: Option<String>,
}

impl Show {
    /// Shows these news.
    pub(crate) fn new(news: UnboundedReceiver<Told>) -> Self {
        Self {
            news,
            origin: Instant::now(),
            last: HashMap::new(),
            events: BTreeSet::new(),
            seen: Seen::default(),
            hops: None,
        }
    }

    /// Counts the time from now on.
    pub(crate) fn begin(&mut self) {
        self.origin = Instant::now();
    }

    /// Prints what no object tells.
    pub(crate) fn note(&self, kind: &str, text: &str) {
        let line = Line {
            kind: kind.to_owned(),
            name: String::new(),
            text: text.to_owned(),
        };
        console::line(line.at(self.origin.elapsed()));
    }

    /// Follows a webhook for this tag that is sent now.
    pub(crate) fn follow(&mut self, tag: &str) {
        self.hops = Some(Hops::begin(tag, self.seen.request.clone()));
    }

    /// The webhook has been answered.
    pub(crate) fn answered(&mut self) {
        if let Some(hops) = &mut self.hops {
            hops.answered(Instant::now());
        }
    }

    /// Prints when the webhook came how far; an error where it was not what led to the commit.
    pub(crate) fn tell_hops(&mut self) -> Result<()> {
        let Some(hops) = self.hops.take() else {
            bail!("no webhook was sent");
        };
        hops.tell()
    }

    /// Shows news until the path of a Receiver is known, and returns it.
    pub(crate) async fn until_received(&mut self) -> Result<String> {
        loop {
            if let Some(path) = &self.seen.hook_path {
                return Ok(path.clone());
            }
            self.next().await?;
        }
    }

    /// Shows news until so many policies have selected a tag.
    pub(crate) async fn until_selected(&mut self, policies: usize) -> Result<()> {
        while self.seen.selected.len() < policies {
            self.next().await?;
        }
        Ok(())
    }

    /// Shows news until the image with this tag is committed, and status and Event of the automation tell of it.
    pub(crate) async fn until_updated(&mut self, tag: &str) -> Result<()> {
        while !self.seen.is_updated(tag) {
            self.next().await?;
        }
        if let Some((_, at)) = &self.seen.head {
            let took = at.saturating_duration_since(self.origin).as_secs_f64();
            self.note("Git", &format!("the commit was there after {took:.3} s"));
        }
        Ok(())
    }

    /// Shows news until the last commit is so old.
    pub(crate) async fn go_on_beyond(&mut self, age: Duration) {
        let Some((_, at)) = &self.seen.head else {
            return;
        };
        let rest = age.saturating_sub(at.elapsed());
        let waiting = async { while self.next().await.is_ok() {} };
        drop(tokio::time::timeout(rest, waiting).await);
    }

    /// Shows news until the next key; for ever where no key can come.
    pub(crate) async fn go_on_until(&mut self, keys: &mut UnboundedReceiver<()>) {
        let mut listening = true;
        loop {
            tokio::select! {
                key = keys.recv(), if listening => match key {
                    Some(()) => return,
                    None => listening = false,
                },
                news = self.news.recv() => match news {
                    Some((at, news)) => self.take_in(&news, at),
                    None => return,
                },
            }
        }
    }

    async fn next(&mut self) -> Result<()> {
        let Some((at, news)) = self.news.recv().await else {
            bail!("nothing is watched any more");
        };
        self.take_in(&news, at);
        Ok(())
    }

    fn take_in(&mut self, news: &News, at: Instant) {
        self.seen.take_in(news, at);
        if let Some(hops) = &mut self.hops {
            hops.take_in(news, at);
        }
        let Some(line) = Line::of(news) else { return };
        let is_new = if let News::Event(_) = news {
            self.events.insert(format!("{} {}", line.name, line.text))
        } else {
            let key = (line.kind.clone(), line.name.clone());
            self.last.insert(key, line.text.clone()).as_ref() != Some(&line.text)
        };
        if is_new {
            console::line(line.at(at.saturating_duration_since(self.origin)));
        }
    }
}

impl Seen {
    fn take_in(&mut self, news: &News, at: Instant) {
        match news {
            News::Head(head) => self.head = Some((head.clone(), at)),
            News::Receiver(receiver) => {
                let status = receiver.status.as_ref();
                self.hook_path = status.and_then(|status| status.webhook_path.clone());
            }
            News::Automation(automation) => self.told = told(automation),
            News::Plan(plan) if plan.phase() == Phase::Pushed => {
                let commit = plan
                    .status
                    .as_ref()
                    .and_then(|status| status.commit.clone());
                self.pushed = commit.map(|commit| (commit, plan.spec.message.clone()));
            }
            News::Event(event) => self.events.extend(event.note.clone()),
            News::Policy(policy) => {
                let status = policy.status.as_ref();
                let latest = status.and_then(|status| status.latest_ref.as_ref());
                self.selected
                    .extend(latest.and_then(|_| policy.metadata.name.clone()));
            }
            News::Repository(repository) => {
                let annotations = repository.metadata.annotations.as_ref();
                let request = annotations.and_then(|all| all.get(RECONCILE_REQUESTED));
                self.request = request.cloned();
            }
            News::Plan(_) => {}
        }
    }

    /// Whether the commit with this tag is the head, and everybody has said so.
    fn is_updated(&self, tag: &str) -> bool {
        let (Some((head, _)), Some((pushed, message))) = (&self.head, &self.pushed) else {
            return false;
        };
        let event = format!("pushed commit '{}' to ", head.get(..7).unwrap_or(head));
        let with_message = |note: &&String| note.starts_with(&event) && note.contains('\n');
        message
            .lines()
            .any(|image| image.ends_with(&format!(":{tag}")))
            && head == pushed
            && self.told.as_ref() == Some(head)
            && self.events.iter().any(|note| with_message(&note))
    }
}

/// The commit that an automation tells of while all is well.
fn told(automation: &ImageUpdateAutomation) -> Option<String> {
    let status = automation.status.as_ref()?;
    let ready = status.conditions.iter().find(|one| one.type_ == READY)?;
    (ready.status == TRUE).then(|| status.last_push_commit.clone())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen() -> Seen {
        let commit = "0123456789abcdef".to_owned();
        Seen {
            selected: BTreeSet::new(),
            head: Some((commit.clone(), Instant::now())),
            pushed: Some((commit.clone(), "reg/app:5.0.4\n".to_owned())),
            told: Some(commit),
            events: vec!["pushed commit '0123456' to branch 'main'\nreg/app:5.0.4".to_owned()],
            hook_path: None,
            request: None,
        }
    }

    #[test]
    fn an_update_is_complete_when_all_have_told_of_it() {
        assert!(seen().is_updated("5.0.4"));
        assert!(!seen().is_updated("5.0.5"));
        assert!(!seen().is_updated("0.4"));
        for without in [
            Seen {
                head: None,
                ..seen()
            },
            Seen {
                pushed: None,
                ..seen()
            },
            Seen {
                told: None,
                ..seen()
            },
            Seen {
                events: Vec::new(),
                ..seen()
            },
        ] {
            assert!(!without.is_updated("5.0.4"), "{without:?}");
        }
    }
}
