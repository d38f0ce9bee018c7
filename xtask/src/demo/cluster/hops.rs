//! What a webhook leads to, one hop after the other, and when each is there.

use std::time::Instant;

use anyhow::{Context as _, Result};
use api::annotations::RECONCILE_REQUESTED;

use super::news::News;
use crate::console;

/// The hops, in the order in which one leads to the next, and when each is there.
const HOPS: [(&str, &str); 6] = [
    ("hook", "is answered, which it is once its write is sure"),
    ("annotation", "asks for a scan of the ImageRepository"),
    ("scan", "has ended, and the ImageRepository says so"),
    ("latestRef", "of the ImagePolicy is the new tag"),
    ("plan", "says what is to be written"),
    ("commit", "is on the branch"),
];
const HOOK: usize = 0;
const ANNOTATION: usize = 1;
const SCAN: usize = 2;
const LATEST_REF: usize = 3;
const PLAN: usize = 4;
const COMMIT: usize = 5;

/// How far a webhook has come.
#[derive(Debug)]
pub(crate) struct Hops {
    tag: String,
    sent: Instant,
    /// What the last webhook before it has written on the ImageRepository, and what it has itself.
    before: Option<String>,
    request: Option<String>,
    at: [Option<Instant>; HOPS.len()],
}

impl Hops {
    /// For a webhook that is sent now, after a push of this tag.
    pub(crate) fn begin(tag: &str, before: Option<String>) -> Self {
        Self {
            tag: tag.to_owned(),
            sent: Instant::now(),
            before,
            request: None,
            at: [None; HOPS.len()],
        }
    }

    /// The webhook has been answered.
    pub(crate) fn answered(&mut self, at: Instant) {
        self.note(HOOK, at);
    }

    /// Takes in what has come after the webhook was sent.
    pub(crate) fn take_in(&mut self, news: &News, at: Instant) {
        if at < self.sent {
            return;
        }
        match news {
            News::Repository(repository) => {
                let annotations = repository.metadata.annotations.as_ref();
                let request = annotations.and_then(|all| all.get(RECONCILE_REQUESTED));
                if self.request.is_none() && request != self.before.as_ref() {
                    self.request = request.cloned();
                    self.note(ANNOTATION, at);
                }
                let status = repository.status.as_ref();
                let handled = status.and_then(|status| status.last_handled_reconcile_at.as_ref());
                if self.request.is_some() && handled == self.request.as_ref() {
                    self.note(SCAN, at);
                }
            }
            News::Policy(policy) => {
                let status = policy.status.as_ref();
                let latest = status.and_then(|status| status.latest_ref.as_ref());
                if latest.is_some_and(|latest| latest.tag == self.tag) {
                    self.note(LATEST_REF, at);
                }
            }
            News::Plan(plan) => {
                let image = format!(":{}", self.tag);
                let mut images = plan.spec.message.lines();
                if images.any(|line| line.ends_with(&image)) {
                    self.note(PLAN, at);
                }
            }
            News::Head(_) => self.note(COMMIT, at),
            News::Automation(_) | News::Receiver(_) | News::Event(_) => {}
        }
    }

    fn note(&mut self, hop: usize, at: Instant) {
        self.at[hop].get_or_insert(at);
    }

    /// Prints when each hop was there; an error where one is missing.
    pub(crate) fn tell(&self) -> Result<()> {
        console::line("The way of the webhook, each time since it was sent:");
        for ((name, what), at) in HOPS.iter().zip(self.at) {
            let at = at.with_context(|| format!("the webhook led to no {name}"))?;
            let after = at.saturating_duration_since(self.sent).as_secs_f64();
            console::line(format_args!("{after:6.3} s  {name:<10}  {what}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use api::image::v1::{ImagePolicy, ImageRepository, ImageRepositoryStatus};
    use serde_json::json;

    use super::*;

    fn repository(requested: &str, handled: &str) -> News {
        let mut repository = ImageRepository::default();
        let annotation = (RECONCILE_REQUESTED.to_owned(), requested.to_owned());
        repository.metadata.annotations = Some([annotation].into());
        repository.status = Some(ImageRepositoryStatus {
            last_handled_reconcile_at: Some(handled.to_owned()),
            ..ImageRepositoryStatus::default()
        });
        News::Repository(repository)
    }

    fn policy(tag: &str) -> News {
        let policy = json!({
            "metadata": {"name": "a"},
            "spec": {"imageRepositoryRef": {"name": "a"}, "policy": {}},
            "status": {"latestRef": {"name": "a", "tag": tag}},
        });
        News::Policy(serde_json::from_value::<ImagePolicy>(policy).unwrap())
    }

    #[test]
    fn a_hop_is_there_when_it_is_about_the_webhook() {
        let mut hops = Hops::begin("5.0.4", Some("1".to_owned()));
        let before = hops.sent.checked_sub(std::time::Duration::from_secs(1));
        hops.take_in(&News::Head("a".to_owned()), before.unwrap());
        hops.take_in(&policy("5.0.3"), hops.sent);
        hops.take_in(&repository("1", "1"), hops.sent);
        assert_eq!(hops.at, [None; HOPS.len()]);
        hops.take_in(&repository("2", "1"), hops.sent);
        let there: Vec<_> = hops.at.iter().map(Option::is_some).collect();
        assert_eq!(there, [false, true, false, false, false, false]);
        hops.take_in(&repository("2", "2"), hops.sent);
        hops.take_in(&policy("5.0.4"), hops.sent);
        hops.take_in(&News::Head("b".to_owned()), hops.sent);
        let there: Vec<_> = hops.at.iter().map(Option::is_some).collect();
        assert_eq!(there, [false, true, true, true, false, true]);
        let error = hops.tell().unwrap_err().to_string();
        assert_eq!(error, "the webhook led to no hook");
    }
}
