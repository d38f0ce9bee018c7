//! One new tag, from the request to look to the choice.

use std::time::Instant;

use anyhow::Result;
use kube::Client;

use super::objects;
use super::stage::Stage;
use super::writes::{self, Writes};
use crate::measure::milliseconds;
use crate::report::{self, Unit, progress};

/// How many repositories are made here.
pub(super) const REPOSITORIES: usize = 2;

const LARGE: Subject = Subject {
    name: "large-100000",
    newest: "1.999.99",
    next_minor: "1.1000",
};
const LARGE_RUNS: usize = 9;

const SMALL: Subject = Subject {
    name: "small-10",
    newest: "1.0.9",
    next_minor: "1.1",
};
const SMALL_RUNS: usize = 15;

/// A repository whose name ends in how many tags it has.
struct Subject {
    name: &'static str,
    /// Its newest tag in the beginning.
    newest: &'static str,
    /// What the names of newer tags begin with.
    next_minor: &'static str,
}

/// Measures both repositories, and counts what is written for a new tag of the large one.
pub(super) async fn measure(stage: &mut Stage) -> Result<Writes> {
    let mut writes = Writes::default();
    let mut large = Vec::new();
    LARGE.create(stage).await?;
    for run in 0..LARGE_RUNS {
        let before = Count::now(&stage.client).await?;
        large.push(LARGE.new_tag(stage, run).await?);
        stage.rest().await?;
        let after = Count::now(&stage.client).await?;
        writes.add(after.writes - before.writes, after.slices != before.slices);
    }
    report::result("new_tag_100k_ms", &large, Unit::Milliseconds)?;
    let mut small = Vec::new();
    SMALL.create(stage).await?;
    for run in 0..SMALL_RUNS {
        small.push(SMALL.new_tag(stage, run).await?);
        stage.rest().await?;
    }
    report::result("new_tag_ms", &small, Unit::Milliseconds)?;
    Ok(writes)
}

/// What there is to compare before and after a new tag of the large repository.
struct Count {
    writes: u64,
    slices: usize,
}

impl Count {
    async fn now(client: &Client) -> Result<Self> {
        Ok(Self {
            writes: writes::count(client).await?,
            slices: writes::slices(client, LARGE.name).await?,
        })
    }
}

impl Subject {
    async fn create(&self, stage: &Stage) -> Result<()> {
        progress(format_args!("creating {}", self.name));
        let image = format!("{}/{}", stage.registry.host(), self.repository());
        objects::create(&stage.client, self.name, image).await?;
        stage.choices.until(self.name, self.newest).await?;
        stage.rest().await
    }

    /// The milliseconds from the request until the new tag is known to be chosen.
    async fn new_tag(&self, stage: &mut Stage, run: usize) -> Result<f64> {
        let tag = format!("{}.{run}", self.next_minor);
        stage.registry.push_tag(&self.repository(), &tag)?;
        let started = Instant::now();
        objects::request_scan(&stage.client, self.name, &tag).await?;
        let chosen = stage.choices.until(self.name, &tag).await?;
        Ok(milliseconds(chosen.duration_since(started)))
    }

    fn repository(&self) -> String {
        format!("app/{}", self.name)
    }
}
