//! What one rendering uses up: steps, randomness, dictionaries, compiled expressions.

use std::collections::BTreeMap;
use std::rc::Rc;

use chrono::{DateTime, Utc};
use regex::Regex;

use super::fault::Fault;
use super::value::{Dict, Value};
use crate::limits::{Limit, MAX_STEPS};
use crate::model::Surroundings;

/// The state of one rendering that functions share.
#[derive(Debug)]
pub(crate) struct Run {
    /// The clock.
    pub(crate) now: DateTime<Utc>,
    steps_left: u64,
    random_state: u64,
    /// Every dictionary made, so that those that hold each other are taken apart at the end.
    dicts: Vec<Dict>,
    /// Compiled expressions by source.
    pub(crate) regexes: BTreeMap<Rc<str>, Rc<Regex>>,
}

impl Run {
    pub(crate) fn new(with: &Surroundings) -> Self {
        Self {
            now: with.now,
            steps_left: MAX_STEPS,
            random_state: with.seed,
            dicts: Vec::new(),
            regexes: BTreeMap::new(),
        }
    }

    /// Pays for work.
    pub(crate) fn spend(&mut self, steps: u64) -> Result<(), Fault> {
        self.steps_left = self
            .steps_left
            .checked_sub(steps)
            .ok_or(Fault::Limit(Limit::Steps))?;
        Ok(())
    }

    /// Pays for a value that a function takes: a step per 16 bytes of text.
    pub(crate) fn spend_for_argument(&mut self, value: &Value) -> Result<(), Fault> {
        match value {
            Value::Text(text) => self.spend_items(text.len() / 16),
            _ => Ok(()),
        }
    }

    /// Pays for a value that a function made: its text or its items.
    pub(crate) fn spend_for_result(&mut self, value: &Value) -> Result<(), Fault> {
        match value {
            Value::List(list) => self.spend_items(list.items.len()),
            _ => self.spend_for_argument(value),
        }
    }

    /// Pays for items walked or copied.
    pub(crate) fn spend_items(&mut self, items: usize) -> Result<(), Fault> {
        self.spend(u64::try_from(items).unwrap_or(u64::MAX))
    }

    /// A new dictionary.
    pub(crate) fn dict(&mut self, entries: BTreeMap<Rc<str>, Value>) -> Result<Value, Fault> {
        self.spend_items(8 + entries.len())?;
        let dict = Dict::default();
        *dict.borrow_mut() = entries;
        self.dicts.push(dict.clone());
        Ok(Value::Dict(dict))
    }

    /// The next number of the sequence that the seed starts (SplitMix64).
    pub(crate) fn random(&mut self) -> u64 {
        self.random_state = self.random_state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random_state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not zero.
    pub(crate) fn random_below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.random()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        for dict in &self.dicts {
            dict.borrow_mut().clear();
        }
    }
}
