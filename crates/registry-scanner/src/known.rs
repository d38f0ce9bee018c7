//! Pure: what is known of an image's tags before a scan, and what that makes of the list after it.

use api::Time;
use api::image::v1::{ImageRepositoryStatus, ScanResult};
use image_ref::Tags;
use tag_slices::TagHistory;

use crate::decide::same_image;
use crate::validate::Valid;

/// What is known of the image's tags before a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing, as no scan of the image was complete: each tag counts as old.
    Nothing,
    /// The list of the last scan.
    All(TagHistory),
    /// What slices tell that are not that list, because writing them was interrupted, or because somebody else changed or
    /// deleted them. A tag that they do not name counts as new: else it would become old by the loss.
    Some(TagHistory),
}

impl Known {
    /// `history` is the list that the status speaks of, where the slices are that list; `remembered` is asked for what
    /// they tell otherwise.
    pub(crate) fn of(
        valid: &Valid,
        status: &ImageRepositoryStatus,
        history: Option<TagHistory>,
        remembered: impl FnOnce() -> Option<TagHistory>,
    ) -> Self {
        if status.canonical_image_name.is_some() && !same_image(valid, status) {
            return Self::Nothing;
        }
        if let Some(history) = history {
            return Self::All(history);
        }
        let ended = status.last_scan_result.as_ref().is_some_and(is_ours);
        match remembered() {
            Some(remembered) if ended || remembered.has_times() => Self::Some(remembered),
            None if ended => Self::Some(TagHistory::default()),
            Some(_) | None => Self::Nothing,
        }
    }

    /// The list after a scan; nothing where its slices are there already.
    pub(crate) fn next(self, tags: Tags, now: &Time) -> Option<TagHistory> {
        match self {
            Self::Nothing => Some(TagHistory::first(tags)),
            Self::All(history) if *history.tags() == tags => None,
            Self::All(history) | Self::Some(history) => Some(history.next(tags, now)),
        }
    }
}

/// Whether there were slices to this result: those of Flux have a decimal revision, unless it keeps tags in files.
fn is_ours(result: &ScanResult) -> bool {
    let revision = result.revision.as_deref();
    revision.is_some_and(|revision| revision.starts_with("sha256:"))
}

#[cfg(test)]
mod tests {
    use image_ref::ImageName;
    use k8s_openapi::jiff::Timestamp;

    use super::*;
    use crate::validate::AccessSpec;

    const OURS: Option<&str> = Some("sha256:e3b0");
    const OF_FLUX: Option<&str> = Some("1593509681");

    fn time(seconds: i64) -> Time {
        Time(Timestamp::from_second(seconds).unwrap())
    }

    fn tags(tags: &[&str]) -> Tags {
        Tags::from_unsorted(tags).unwrap()
    }

    /// After a first scan with `a` and a second one with `b`, too.
    fn timed() -> TagHistory {
        untimed().next(tags(&["a", "b"]), &time(5))
    }

    fn untimed() -> TagHistory {
        TagHistory::first(tags(&["a"]))
    }

    fn known(
        image: &str,
        revision: Option<&str>,
        history: Option<TagHistory>,
        remembered: Option<TagHistory>,
    ) -> Known {
        let valid = Valid {
            image: ImageName::parse("ghcr.io/org/app").unwrap(),
            interval: std::time::Duration::ZERO,
            timeout: std::time::Duration::ZERO,
            exclusions: Vec::new(),
            asks_for: AccessSpec::default(),
        };
        let status = ImageRepositoryStatus {
            canonical_image_name: revision.map(|_| image.to_owned()),
            last_scan_result: revision.map(|revision| ScanResult {
                revision: Some(revision.to_owned()),
                ..ScanResult::default()
            }),
            ..ImageRepositoryStatus::default()
        };
        Known::of(&valid, &status, history, || remembered)
    }

    #[test]
    fn a_memory_that_is_lost_makes_no_tag_old() {
        let same = |revision, remembered| known("ghcr.io/org/app", revision, None, remembered);
        let nothing_left = Known::Some(TagHistory::default());
        for (what, known, expected) in [
            ("a first scan", same(None, None), Known::Nothing),
            (
                "a first scan, interrupted",
                same(None, Some(untimed())),
                Known::Nothing,
            ),
            ("the first after Flux", same(OF_FLUX, None), Known::Nothing),
            (
                "the same, interrupted",
                same(OF_FLUX, Some(untimed())),
                Known::Nothing,
            ),
            (
                "after Flux and before",
                same(OF_FLUX, Some(timed())),
                Known::Some(timed()),
            ),
            (
                "the status is lost",
                same(None, Some(timed())),
                Known::Some(timed()),
            ),
            (
                "a later one, interrupted",
                same(OURS, Some(untimed())),
                Known::Some(untimed()),
            ),
            ("all slices are lost", same(OURS, None), nothing_left),
        ] {
            assert_eq!(known, expected, "{what}");
        }
    }

    #[test]
    fn another_image_begins_anew() {
        let other = "ghcr.io/org/other";
        assert_eq!(
            known(other, OURS, Some(timed()), Some(timed())),
            Known::Nothing
        );
    }

    #[test]
    fn the_list_of_the_last_scan_is_all_there_is_to_know() {
        let known = known("ghcr.io/org/app", OURS, Some(timed()), None);
        assert_eq!(known, Known::All(timed()));
        assert_eq!(known.clone().next(tags(&["a", "b"]), &time(9)), None);
        let next = known.next(tags(&["b", "c"]), &time(9)).unwrap();
        assert_eq!(next.first_seen("b"), Some(Some(&time(5))));
        assert_eq!(next.first_seen("c"), Some(Some(&time(9))));
    }

    #[test]
    fn only_the_first_complete_scan_finds_old_tags() {
        let first = Known::Nothing.next(tags(&["a"]), &time(9)).unwrap();
        assert_eq!(first.first_seen("a"), Some(None));
        let lost = Known::Some(TagHistory::default());
        let next = lost.next(tags(&["a"]), &time(9)).unwrap();
        assert_eq!(next.first_seen("a"), Some(Some(&time(9))));
    }
}
