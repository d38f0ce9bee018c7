//! Prints news as they come, and knows when an update is complete.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use api::conditions::{READY, TRUE};
use api::image::v1::ImageUpdateAutomation;
use api::repin::v1alpha1::Phase;
use tokio::sync::mpsc::UnboundedReceiver;

use super::line::Line;
use super::news::News;
use crate::console;

/// What was shown so far.
pub(crate) struct Show {
    news: UnboundedReceiver<News>,
    /// When the part that is shown began.
    origin: Instant,
    /// The last line of each object.
    last: HashMap<(String, String), String>,
    events: BTreeSet<String>,
    seen: Seen,
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
}

impl Show {
    /// Shows these news.
    pub(crate) fn new(news: UnboundedReceiver<News>) -> Self {
        Self {
            news,
            origin: Instant::now(),
            last: HashMap::new(),
            events: BTreeSet::new(),
            seen: Seen::default(),
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
                    Some(news) => self.take_in(&news),
                    None => return,
                },
            }
        }
    }

    async fn next(&mut self) -> Result<()> {
        let Some(news) = self.news.recv().await else {
            bail!("nothing is watched any more");
        };
        self.take_in(&news);
        Ok(())
    }

    fn take_in(&mut self, news: &News) {
        self.seen.take_in(news);
        let Some(line) = Line::of(news) else { return };
        let is_new = if let News::Event(_) = news {
            self.events.insert(format!("{} {}", line.name, line.text))
        } else {
            let key = (line.kind.clone(), line.name.clone());
            self.last.insert(key, line.text.clone()).as_ref() != Some(&line.text)
        };
        if is_new {
            console::line(line.at(self.origin.elapsed()));
        }
    }
}

impl Seen {
    fn take_in(&mut self, news: &News) {
        match news {
            News::Head(head) => self.head = Some((head.clone(), Instant::now())),
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
            News::Plan(_) | News::Repository(_) => {}
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
