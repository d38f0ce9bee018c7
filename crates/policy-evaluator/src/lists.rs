//! Complete tag lists, put together from their slices.

use std::sync::Arc;

use parking_lot::Mutex;
use tag_slices::{SliceSet, TagHistory};
use tokio::sync::OnceCell;
use tokio::task::{JoinError, spawn_blocking};

use crate::catalogue::ListId;

/// A list of more tags is put together and selected from beside the threads that serve everything else, and kept for
/// other policies.
pub(crate) const LARGE: usize = 5_000;
/// How many large lists are kept.
const KEPT: usize = 4;
/// How many tags the kept lists have together, unless one alone has more.
const KEPT_TAGS: i64 = 400_000;

/// The large lists that were used last, so that many policies of one repository share the work.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    /// The one used last is the last.
    kept: Mutex<Vec<(Version, Shared)>>,
}

/// A list, and what tells its slices apart from others with the same tags and other times.
type Version = (ListId, u64);

type Shared = Arc<OnceCell<Arc<TagHistory>>>;

impl Lists {
    /// The list, if the slices are that list. `slices` is asked for them where the list is not at hand; `version` is another
    /// one where they are.
    pub(crate) async fn get(
        &self,
        (list, version): (&ListId, u64),
        slices: impl FnOnce() -> SliceSet,
    ) -> Result<Option<Arc<TagHistory>>, JoinError> {
        if !is_large(list) {
            return Ok(slices().complete(&list.result).map(Arc::new));
        }
        let shared = self.shared((list, version));
        let assembled = shared.get_or_try_init(|| async {
            let (slices, result) = (slices(), Arc::clone(&list.result));
            let history = spawn_blocking(move || slices.complete(&result)).await;
            let history = history.map_err(Some)?.ok_or(None)?;
            Ok(Arc::new(history))
        });
        match assembled.await {
            Ok(history) => Ok(Some(Arc::clone(history))),
            Err(None) => Ok(None),
            Err(Some(error)) => Err(error),
        }
    }

    /// The place of a large list; the lists that were not used for longest make room for it.
    fn shared(&self, (list, version): (&ListId, u64)) -> Shared {
        let wanted = (list.clone(), version);
        let mut kept = self.kept.lock();
        let found = kept.iter().position(|(other, _)| *other == wanted);
        // Another list of the same repository is outdated.
        let known = found.map(|at| kept.remove(at).1);
        kept.retain(|((other, _), _)| other.uid != list.uid);
        let shared = known.unwrap_or_default();
        kept.push((wanted, Arc::clone(&shared)));
        while kept.len() > 1 && !fits(&kept) {
            kept.remove(0);
        }
        shared
    }
}

fn is_large(list: &ListId) -> bool {
    usize::try_from(list.result.tag_count).is_ok_and(|count| count > LARGE)
}

fn fits(kept: &[(Version, Shared)]) -> bool {
    let tags: i64 = kept
        .iter()
        .map(|((list, _), _)| list.result.tag_count)
        .sum();
    kept.len() <= KEPT && tags <= KEPT_TAGS
}

#[cfg(test)]
mod tests;
