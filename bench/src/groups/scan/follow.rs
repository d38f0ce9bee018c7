use std::collections::HashMap;
use std::pin::pin;
use std::time::Instant;

use anyhow::{Context as _, Result};
use api::image::v1::ImagePolicy;
use futures_util::TryStreamExt as _;
use kube::runtime::watcher::Event;
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client, ResourceExt as _};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::objects::NAMESPACE;
use super::stage::patiently;
use crate::report::progress;

/// What the policies have chosen, as a watch tells it. The watch ends with this value.
pub(super) struct Choices {
    known: watch::Receiver<Known>,
    _watch: JoinSet<()>,
}

#[derive(Default)]
struct Known {
    /// The chosen tag of each policy that has one, and when the news of it came.
    tags: HashMap<String, (String, Instant)>,
}

impl Choices {
    /// Follows the policies of the bench from now on.
    pub(super) fn follow(client: &Client) -> Self {
        let (sender, known) = watch::channel(Known::default());
        let policies = Api::<ImagePolicy>::namespaced(client.clone(), NAMESPACE);
        let mut watch = JoinSet::new();
        watch.spawn(async move {
            let events = watcher(policies, watcher::Config::default()).default_backoff();
            let mut events = pin!(events);
            // An error ends no watch: it begins anew.
            loop {
                match events.try_next().await {
                    Ok(Some(event)) => note(&sender, event),
                    Ok(None) => return,
                    Err(error) => progress(format_args!("the watch of the policies: {error}")),
                }
            }
        });
        Self {
            known,
            _watch: watch,
        }
    }

    /// When it was known that so many policies have chosen.
    pub(super) async fn until_count(&self, count: usize) -> Result<Instant> {
        let mut known = self.known.clone();
        patiently(&format!("{count} policies to choose"), async {
            known
                .wait_for(|known| known.tags.len() >= count)
                .await
                .context("the watch of the policies has ended")?;
            Ok(Instant::now())
        })
        .await
    }

    /// When it was known that a policy had chosen this tag.
    pub(super) async fn until(&self, policy: &str, tag: &str) -> Result<Instant> {
        let mut known = self.known.clone();
        let chosen = |known: &Known| {
            let chosen = known.tags.get(policy).filter(|(chosen, _)| chosen == tag);
            chosen.map(|(_, when)| *when)
        };
        patiently(&format!("{policy} to choose {tag}"), async {
            let known = known
                .wait_for(|known| chosen(known).is_some())
                .await
                .context("the watch of the policies has ended")?;
            chosen(&known).context("it was there a moment ago")
        })
        .await
    }
}

fn note(sender: &watch::Sender<Known>, event: Event<ImagePolicy>) {
    let (Event::Apply(policy) | Event::InitApply(policy)) = event else {
        return;
    };
    let name = policy.name_any();
    let Some(chosen) = policy.status.and_then(|status| status.latest_ref) else {
        return;
    };
    sender.send_if_modified(|known| {
        let news = known
            .tags
            .get(&name)
            .is_none_or(|(tag, _)| *tag != chosen.tag);
        if news {
            known.tags.insert(name, (chosen.tag, Instant::now()));
        }
        news
    });
}
