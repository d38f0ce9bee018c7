//! What changes: the objects, the Events about them, and the head of the branch.

use std::fmt::Debug;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use api::image::v1::{ImagePolicy, ImageRepository, ImageUpdateAutomation};
use api::notification::v1::Receiver;
use api::repin::v1alpha1::ImageUpdatePlan;
use futures_util::{StreamExt as _, future};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::events::v1::Event;
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;
use test_support::git_repo::TempRepo;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

/// Between two looks at the branch: what a time in the output is exact to.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Something that is as it is now.
#[derive(Debug)]
pub(crate) enum News {
    Repository(ImageRepository),
    Policy(ImagePolicy),
    Automation(ImageUpdateAutomation),
    Plan(ImageUpdatePlan),
    Receiver(Receiver),
    Event(Event),
    /// The commit that `main` is at.
    Head(String),
}

/// News, and when they came.
pub(crate) type Told = (Instant, News);

/// Watches until nobody listens any more.
pub(crate) fn watch(client: &Client, repository: &TempRepo) -> UnboundedReceiver<Told> {
    let (sender, receiver) = mpsc::unbounded_channel();
    watch_kind(client, &sender, News::Repository);
    watch_kind(client, &sender, News::Policy);
    watch_kind(client, &sender, News::Automation);
    watch_kind(client, &sender, News::Plan);
    watch_kind(client, &sender, News::Receiver);
    watch_kind(client, &sender, News::Event);
    // A loose reference is a file: no `git` has to be asked.
    let head = repository.path().join("refs/heads/main");
    tokio::spawn(watch_head(head, sender));
    receiver
}

fn watch_kind<K>(client: &Client, sender: &UnboundedSender<Told>, news: fn(K) -> News)
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    K: Clone + Debug + DeserializeOwned + Send + 'static,
{
    let api: Api<K> = Api::all(client.clone());
    let sender = sender.clone();
    tokio::spawn(async move {
        let objects = watcher(api, watcher::Config::default())
            .default_backoff()
            .applied_objects()
            .filter_map(|object| future::ready(object.ok()));
        let mut objects = std::pin::pin!(objects);
        while let Some(object) = objects.next().await {
            if sender.send((Instant::now(), news(object))).is_err() {
                break;
            }
        }
    });
}

async fn watch_head(path: PathBuf, sender: UnboundedSender<Told>) {
    let mut last = String::new();
    while !sender.is_closed() {
        if let Ok(head) = tokio::fs::read_to_string(&path).await
            && head != last
        {
            last.clone_from(&head);
            let news = News::Head(head.trim().to_owned());
            drop(sender.send((Instant::now(), news)));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
