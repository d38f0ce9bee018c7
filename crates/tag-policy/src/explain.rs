//! The decision with its reasons.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use crate::filter::Seen;
use crate::select::{Rule, SelectError, Selection, Selector};

/// What [`Selector::select`] returns for the same tags, and how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation<'t> {
    /// The selected tag, exactly as [`Selector::select`] returns it.
    pub outcome: Result<&'t str, SelectError>,
    /// How many tags each rule kept from being candidates; rules that kept none are not listed.
    pub dropped: Vec<(Rule, usize)>,
    /// The candidates after the selected one, best first, at most as many as were asked for. Empty if
    /// nothing is selected.
    pub runners_up: Vec<&'t str>,
    /// What became of each tag, in ascending byte order of the tags.
    pub verdicts: Vec<(&'t str, Verdict<'t>)>,
    /// How many different tags there are.
    pub total: usize,
}

/// What became of one tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<'t> {
    /// It is the outcome.
    Selected {
        /// The text that the policy saw.
        key: Cow<'t, str>,
    },
    /// It took part and was not the best, or the selection as a whole failed.
    Candidate {
        /// The text that the policy saw.
        key: Cow<'t, str>,
    },
    /// The filter made the same text of it and of a byte-greater tag.
    SameExtract {
        /// The tag that stands for both.
        kept: &'t str,
    },
    /// A rule kept it from being a candidate. Never [`Rule::SameExtract`], which says more.
    Dropped(Rule),
}

impl Verdict<'_> {
    /// The rule that kept the tag from being a candidate, if one did.
    pub fn rule(&self) -> Option<Rule> {
        match self {
            Self::Selected { .. } | Self::Candidate { .. } => None,
            Self::SameExtract { .. } => Some(Rule::SameExtract),
            Self::Dropped(rule) => Some(*rule),
        }
    }
}

/// A tag and what the policy saw of it, or why it is no candidate.
type Considered<'t> = (&'t str, Result<Cow<'t, str>, Rule>);

impl Selector {
    /// Selects as [`Selector::select`] does, and keeps the reasons: what became of each tag, and which
    /// `runners_up` came next. Needs memory for every tag.
    pub fn explain<'t, I>(&self, tags: I, runners_up: usize) -> Explanation<'t>
    where
        I: IntoIterator<Item = &'t str>,
    {
        let mut tags: Vec<&str> = tags.into_iter().collect();
        tags.sort_unstable();
        tags.dedup();
        let mut selection = Selection::new(self);
        let considered: Vec<_> = tags
            .into_iter()
            .map(|tag| (tag, selection.consider(tag).map(Seen::into_cow)))
            .collect();
        let outcome = selection.outcome();
        let selected = outcome.as_ref().ok().copied();
        let verdicts = verdicts(considered, selected);
        Explanation {
            runners_up: if selected.is_some() {
                self.rank(&verdicts, runners_up)
            } else {
                Vec::new()
            },
            dropped: count_rules(&verdicts),
            total: verdicts.len(),
            outcome,
            verdicts,
        }
    }

    /// The candidates that were not selected, best first.
    fn rank<'t>(&self, verdicts: &[(&'t str, Verdict<'t>)], most: usize) -> Vec<&'t str> {
        let candidates = verdicts.iter().filter_map(|(tag, verdict)| match verdict {
            Verdict::Candidate { key } => Some((self.policy.key(key).ok()?, *tag)),
            Verdict::Selected { .. } | Verdict::SameExtract { .. } | Verdict::Dropped(_) => None,
        });
        let mut ranked: Vec<_> = candidates.collect();
        ranked.sort_unstable_by(|left, right| right.cmp(left));
        ranked.into_iter().take(most).map(|(_, tag)| tag).collect()
    }
}

fn verdicts<'t>(
    considered: Vec<Considered<'t>>,
    selected: Option<&'t str>,
) -> Vec<(&'t str, Verdict<'t>)> {
    let kept = kept_of_equal_extracts(&considered);
    considered
        .into_iter()
        .zip(kept)
        .map(|((tag, seen), kept)| {
            let verdict = match seen {
                Err(rule) => Verdict::Dropped(rule),
                Ok(_) if kept != tag => Verdict::SameExtract { kept },
                Ok(key) if selected == Some(tag) => Verdict::Selected { key },
                Ok(key) => Verdict::Candidate { key },
            };
            (tag, verdict)
        })
        .collect()
}

/// For each tag the byte-greatest one of which the policy saw the same text.
fn kept_of_equal_extracts<'t>(considered: &[Considered<'t>]) -> Vec<&'t str> {
    let seen = considered
        .iter()
        .filter_map(|(tag, seen)| Some((seen.as_deref().ok()?, *tag)));
    // The tags come in ascending order, so the last of equal keys is the greatest.
    let kept: HashMap<&str, &'t str> = seen.collect();
    considered
        .iter()
        .map(|(tag, seen)| {
            seen.as_deref()
                .ok()
                .and_then(|text| kept.get(text))
                .copied()
                .unwrap_or(tag)
        })
        .collect()
}

fn count_rules(verdicts: &[(&str, Verdict<'_>)]) -> Vec<(Rule, usize)> {
    let mut counts = BTreeMap::new();
    for rule in verdicts.iter().filter_map(|(_, verdict)| verdict.rule()) {
        *counts.entry(rule).or_default() += 1;
    }
    counts.into_iter().collect()
}

#[cfg(test)]
mod tests;
