use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use futures_util::poll;
use tokio::sync::Semaphore;

use super::*;

/// Work that waits for a permit, and says which run it was.
#[derive(Clone)]
struct Work {
    begun: Arc<AtomicUsize>,
    permits: Arc<Semaphore>,
}

impl Work {
    fn new() -> Self {
        Self {
            begun: Arc::default(),
            permits: Arc::new(Semaphore::new(0)),
        }
    }

    fn run(&self) -> impl Future<Output = usize> + Send + 'static {
        let work = self.clone();
        async move {
            let number = work.begun.fetch_add(1, Ordering::SeqCst) + 1;
            work.permits.acquire().await.unwrap().forget();
            number
        }
    }

    async fn has_begun(&self, runs: usize) {
        while self.begun.load(Ordering::SeqCst) < runs {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn who_comes_while_a_run_is_under_way_shares_the_next_one() {
    let (sharing, work) = (Sharing::default(), Work::new());
    let mut first = Box::pin(sharing.next("key", work.run()));
    assert!(poll!(&mut first).is_pending());
    work.has_begun(1).await;
    let mut later = Box::pin(join_all((0..10).map(|_| sharing.next("key", work.run()))));
    assert!(poll!(&mut later).is_pending());

    work.permits.add_permits(1);
    assert_eq!(first.await, Ok(1));
    work.has_begun(2).await;
    assert!(poll!(&mut later).is_pending());
    work.permits.add_permits(1);
    assert_eq!(later.await, vec![Ok(2); 10]);
    assert_eq!(work.begun.load(Ordering::SeqCst), 2);
    assert!(sharing.runs.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_calls_again_at_once_shares_the_next_run_with_all_others() {
    let sharing = Sharing::gathering(Duration::from_millis(3));
    let runs = Arc::new(AtomicUsize::new(0));
    let callers = (0..8).map(|_| async {
        for _ in 0..5 {
            let runs = Arc::clone(&runs);
            let run = async move {
                runs.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(10)).await;
            };
            assert_eq!(sharing.next("key", run).await, Ok(()));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    join_all(callers).await;
    // The first call found nobody to share with.
    assert_eq!(runs.load(Ordering::SeqCst), 1 + 5);
}

#[tokio::test]
async fn one_key_does_not_wait_for_another() {
    let (sharing, work) = (Sharing::default(), Work::new());
    let mut stuck = Box::pin(sharing.next("a", work.run()));
    assert!(poll!(&mut stuck).is_pending());
    assert_eq!(sharing.next("b", async { 7 }).await, Ok(7));
}

#[tokio::test]
async fn a_run_goes_on_when_who_brought_it_is_gone() {
    let (sharing, work) = (Sharing::default(), Work::new());
    let mut first = Box::pin(sharing.next("key", work.run()));
    assert!(poll!(&mut first).is_pending());
    work.has_begun(1).await;
    let mut brings = Box::pin(sharing.next("key", work.run()));
    let mut shares = Box::pin(sharing.next("key", work.run()));
    assert!(poll!(&mut brings).is_pending());
    assert!(poll!(&mut shares).is_pending());
    drop((first, brings));
    work.permits.add_permits(2);
    assert_eq!(shares.await, Ok(2));
}

#[tokio::test]
async fn a_panic_is_told_and_keeps_nothing_from_running() {
    let sharing = Sharing::default();
    let broken = sharing.next("key", async { panic!("as expected") });
    assert_eq!(broken.await, Err::<(), _>(Lost));
    assert_eq!(sharing.next("key", async {}).await, Ok(()));
}
