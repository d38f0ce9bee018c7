//! Trouble at random points. `cargo xtask soak` is the long form.

use e2e::faults::{Dice, Shape, Site, StormPlan, Told, Trouble, storm};

/// Runs a storm whose seed is shown where it fails.
#[expect(clippy::print_stderr, reason = "shown with the failure of the test")]
async fn weather(automations: usize, troubles: &[Trouble]) {
    let seed = Dice::any_seed();
    eprintln!("seed {seed}");
    let shape = Shape {
        automations,
        setter_flags: &["--batch-window=100ms"],
        ..Shape::default()
    };
    let mut site = Site::of(shape).await;
    let plan = StormPlan {
        points: 10,
        troubles,
    };
    let say = |point, trouble| eprintln!("{point}: {trouble:?}");
    let tally = storm(&mut site, &mut Dice::new(seed), plan, say).await;
    assert!(
        tally.violations.is_empty(),
        "seed {seed}: {:#?}",
        tally.violations
    );
    assert!(tally.commits > 0, "seed {seed}");
}

#[tokio::test]
async fn death_at_ten_random_points_loses_and_repeats_nothing() {
    weather(2, &Trouble::KILLS).await;
}

#[tokio::test]
async fn ten_random_troubles_lose_and_repeat_nothing() {
    weather(4, &Trouble::ALL).await;
}

#[tokio::test]
async fn in_peace_each_push_is_told_once() {
    let site = Site::start().await;
    site.release(0).await;
    let report = site.settle(Told::Once).await.is_right();
    assert_eq!((report.commits, report.updates), (1, 1));
}
