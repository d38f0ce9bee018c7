use futures_util::FutureExt as _;

use super::*;

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let pair = |&(name, value): &(&'static str, &'static str)| {
        (name.parse().unwrap(), value.parse().unwrap())
    };
    pairs.iter().map(pair).collect()
}

fn in_seconds(seconds: u64) -> Deadline {
    Deadline::new(Instant::now() + Duration::from_secs(seconds))
}

fn pause(status: u16, pairs: &[(&'static str, &'static str)]) -> Option<u64> {
    let status = StatusCode::from_u16(status).unwrap();
    pause_after(status, &headers(pairs), SystemTime::now()).map(|pause| pause.as_secs())
}

#[test]
fn pauses_come_from_refusals_and_used_up_limits() {
    assert_eq!(pause(429, &[("retry-after", "7")]), Some(7));
    assert_eq!(pause(503, &[("retry-after", "7")]), Some(7));
    assert_eq!(pause(200, &[("retry-after", "7")]), None);
    assert_eq!(
        pause(
            200,
            &[("ratelimit-remaining", "1"), ("ratelimit-reset", "9")]
        ),
        None
    );
    let used_up = [("ratelimit-remaining", "0"), ("ratelimit-reset", "9")];
    assert_eq!(pause(200, &used_up), Some(9));
    let both = [
        ("retry-after", "7"),
        ("ratelimit-remaining", "0"),
        ("ratelimit-reset", "9"),
    ];
    assert_eq!(pause(429, &both), Some(7));
    assert_eq!(pause(429, &[]), None);
}

#[tokio::test(start_paused = true)]
async fn a_pause_within_the_deadline_is_waited_out() {
    let budget = Budget::new(1);
    budget.observe(
        StatusCode::TOO_MANY_REQUESTS,
        &headers(&[("retry-after", "30")]),
    );
    let start = Instant::now();
    assert!(budget.turn(&in_seconds(60)).await.is_ok());
    assert_eq!(start.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_pause_beyond_the_deadline_fails_at_once() {
    let budget = Budget::new(1);
    budget.observe(
        StatusCode::TOO_MANY_REQUESTS,
        &headers(&[("retry-after", "90")]),
    );
    let refused = budget.turn(&in_seconds(60)).await.map(drop);
    let retry_after = Duration::from_secs(90);
    assert_eq!(refused, Err(Exhausted { retry_after }));
}

#[tokio::test(start_paused = true)]
async fn a_shorter_pause_does_not_cut_a_longer_one() {
    let budget = Budget::new(1);
    for seconds in ["90", "10"] {
        budget.observe(
            StatusCode::TOO_MANY_REQUESTS,
            &headers(&[("retry-after", seconds)]),
        );
    }
    assert_eq!(budget.paused_for(), Some(Duration::from_secs(90)));
}

#[tokio::test(start_paused = true)]
async fn one_who_queued_while_the_pause_began_waits_too() {
    let budget = Budget::new(1);
    let deadline = in_seconds(60);
    let first = budget.turn(&deadline).await.unwrap();
    let mut second = Box::pin(budget.turn(&deadline));
    assert!(second.as_mut().now_or_never().is_none());
    budget.observe(
        StatusCode::TOO_MANY_REQUESTS,
        &headers(&[("retry-after", "20")]),
    );
    drop(first);
    let start = Instant::now();
    assert!(second.await.is_ok());
    assert_eq!(start.elapsed().as_secs(), 20);
}

#[tokio::test]
async fn hosts_without_work_are_forgotten_when_there_are_many() {
    let budgets = Budgets::new(8);
    let kept = budgets.of("kept");
    for i in 0..2 * MANY_HOSTS {
        budgets.of(&format!("host-{i}"));
    }
    assert!(budgets.hosts.lock().len() <= MANY_HOSTS);
    assert!(Arc::ptr_eq(&kept, &budgets.of("kept")));
}
