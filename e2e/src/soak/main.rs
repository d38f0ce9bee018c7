//! `cargo xtask soak`: one storm after another, each on a site of its own, until the time is over.
//!
//! Progress is on standard error. Standard output has one JSON object per storm and one with the sums. The exit code is 1 where
//! anything was lost, repeated or overwritten.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use e2e::faults::{Dice, Shape, Site, StormPlan, Tally, Trouble, storm};
use serde_json::json;
use tokio::task::{JoinError, JoinSet, LocalSet};

/// How many troubles one storm has.
const POINTS: usize = 30;
/// How many processes are killed at least, however little time there is.
const KILLS: usize = 100;

/// Troubles manifest-setter and git-writer, and counts what is lost, repeated or overwritten.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask soak")]
struct Args {
    /// Begin no further storm after so many minutes, once 100 processes were killed.
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// Seed of the first storm; the next ones follow from it. The clock's where none is given.
    #[arg(long)]
    seed: Option<u64>,
    /// How many automations push to the branch.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=16))]
    automations: u8,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("the machine can start threads");
    let storms = LocalSet::new();
    // With the storm under way go its processes and its namespace.
    runtime.block_on(storms.run_until(async {
        tokio::select! {
            sums = soak(args) => ExitCode::from(u8::from(sums.violations > 0)),
            _ = tokio::signal::ctrl_c() => {
                say("interrupted: the storm under way does not count");
                ExitCode::from(130)
            }
        }
    }))
}

/// The sums over all storms.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    storms: usize,
    kills: usize,
    commits: usize,
    updates: usize,
    violations: usize,
}

async fn soak(args: Args) -> Sums {
    let start = Instant::now();
    let time = Duration::from_secs(args.minutes * 60);
    let first = args.seed.unwrap_or_else(Dice::any_seed);
    say(&format!("seed {first}"));
    let mut sums = Sums::default();
    let mut seed = first;
    while start.elapsed() < time || (sums.kills < KILLS && sums.violations == 0) {
        let began = Instant::now();
        let mut one = JoinSet::new();
        one.spawn_local(weather(seed, usize::from(args.automations)));
        let ended = one.join_next().await;
        let tally = tally(ended.expect("a storm was begun"));
        print(&json!({
            "storm": sums.storms,
            "seed": seed,
            "kills": tally.kills,
            "commits": tally.commits,
            "updates": tally.updates,
            "seconds": seconds(began),
            "violations": tally.violations.len(),
            "found": tally.violations,
        }));
        sums.storms += 1;
        sums.kills += tally.kills;
        sums.commits += tally.commits;
        sums.updates += tally.updates;
        sums.violations += tally.violations.len();
        seed = seed.wrapping_add(1);
    }
    print(&json!({
        "storms": sums.storms,
        "seed": first,
        "kills": sums.kills,
        "commits": sums.commits,
        "updates": sums.updates,
        "seconds": seconds(start),
        "violations": sums.violations,
    }));
    sums
}

async fn weather(seed: u64, automations: usize) -> Tally {
    let shape = Shape {
        automations,
        setter_flags: &["--batch-window=100ms"],
        ..Shape::default()
    };
    let mut site = Box::pin(Site::of(shape)).await;
    let plan = StormPlan {
        points: POINTS,
        troubles: &Trouble::ALL,
    };
    let heard = |point, trouble| say(&format!("seed {seed}, {point}/{POINTS}: {trouble:?}"));
    let tally = Box::pin(storm(&mut site, &mut Dice::new(seed), plan, heard)).await;
    if !tally.violations.is_empty() {
        say(&site.logs());
    }
    tally
}

/// A storm that broke down is a violation, too.
fn tally(ended: Result<Tally, JoinError>) -> Tally {
    ended.unwrap_or_else(|error| Tally {
        violations: vec![format!("the storm broke down: {error}")],
        ..Tally::default()
    })
}

fn seconds(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 10.0).round() / 10.0
}

fn print(result: &serde_json::Value) {
    // Whoever no longer reads has seen enough.
    drop(writeln!(std::io::stdout().lock(), "{result}"));
}

fn say(text: &str) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}
