//! Lists that were completed a moment ago, for other objects that want the same.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use api::Time;
use image_ref::Tags;
use parking_lot::Mutex;
use registry_client::ListKey;
use tokio::time::Instant;

/// How long a list is kept.
const LIFE: Duration = Duration::from_secs(30);
/// How many tags all lists together have at most.
const MAX_TAGS: usize = 100_000;
/// How many lists are kept at most.
const MAX_LISTS: usize = 256;

/// Lists of the last seconds, oldest first. Objects that want the same list at about the same time share one scan by it.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<VecDeque<Kept>>);

#[derive(Debug)]
struct Kept {
    key: ListKey,
    at: Instant,
    listed: Listed,
}

/// A complete list, and the second in which it was complete: as precise as the scan time in a status.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) tags: Arc<Tags>,
    pub(crate) at: Time,
}

impl Recent {
    /// The list of this key, if there is one that was completed after `than`.
    pub(crate) fn newer(&self, key: ListKey, than: Option<&Time>) -> Option<Listed> {
        let lists = self.0.lock();
        let fits = |kept: &&Kept| {
            kept.key == key
                && kept.at.elapsed() < LIFE
                && than.is_none_or(|than| kept.listed.at > *than)
        };
        lists
            .iter()
            .rev()
            .find(fits)
            .map(|kept| kept.listed.clone())
    }

    /// Keeps a list that is not too long, in place of the oldest ones.
    pub(crate) fn keep(&self, key: ListKey, listed: Listed) {
        if listed.tags.len() > MAX_TAGS {
            return;
        }
        let mut lists = self.0.lock();
        lists.retain(|kept| kept.key != key && kept.at.elapsed() < LIFE);
        let at = Instant::now();
        lists.push_back(Kept { key, at, listed });
        while lists.len() > MAX_LISTS || tags(&lists) > MAX_TAGS {
            lists.pop_front();
        }
    }
}

fn tags(lists: &VecDeque<Kept>) -> usize {
    lists.iter().map(|kept| kept.listed.tags.len()).sum()
}

#[cfg(test)]
mod tests {
    use image_ref::ImageName;
    use k8s_openapi::jiff::Timestamp;
    use registry_client::Access;

    use super::*;

    fn key(image: &str) -> ListKey {
        Access::default().list_key(&ImageName::parse(image).unwrap())
    }

    fn time(seconds: i64) -> Time {
        Time(Timestamp::from_second(seconds).unwrap())
    }

    fn listed(tags: usize, at: i64) -> Listed {
        let tags = Tags::from_unsorted((0..tags).map(|n| format!("v{n}"))).unwrap();
        Listed {
            tags: Arc::new(tags),
            at: time(at),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_serves_others_for_a_while_and_never_its_own_object_again() {
        let recent = Recent::default();
        recent.keep(key("reg.example/app"), listed(2, 100));
        assert!(recent.newer(key("reg.example/app"), None).is_some());
        assert!(
            recent
                .newer(key("reg.example/app"), Some(&time(99)))
                .is_some()
        );
        assert!(
            recent
                .newer(key("reg.example/app"), Some(&time(100)))
                .is_none()
        );
        assert!(recent.newer(key("reg.example/other"), None).is_none());
        tokio::time::advance(LIFE).await;
        assert!(recent.newer(key("reg.example/app"), None).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_make_room() {
        let recent = Recent::default();
        recent.keep(key("reg.example/app"), listed(2, 100));
        recent.keep(key("reg.example/large"), listed(MAX_TAGS - 1, 100));
        assert!(recent.newer(key("reg.example/app"), None).is_none());
        assert!(recent.newer(key("reg.example/large"), None).is_some());
        recent.keep(key("reg.example/too-large"), listed(MAX_TAGS + 1, 100));
        let too_large = recent.newer(key("reg.example/too-large"), None);
        assert!(too_large.is_none());
        assert_eq!(recent.0.lock().len(), 1, "and makes no other one go");
    }
}
