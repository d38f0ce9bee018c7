use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use secrecy::ExposeSecret as _;
use tokio::sync::Notify;

use super::*;
use crate::cloud::{Owner, Registry, Service};

fn key(region: &str) -> CacheKey {
    CacheKey {
        wanted: Wanted {
            service: Service::Registry(Registry::Ecr {
                region: region.to_owned(),
            }),
            owner: Owner::Process,
        },
        proxy: None,
    }
}

fn cache(size: usize) -> Cache {
    Cache::new(&Settings {
        token_cache_max_size: size,
        ..Settings::default()
    })
}

fn fetched(password: &str, seconds: u64) -> Fetched {
    Fetched {
        credential: Credential::Basic {
            username: "AWS".to_owned(),
            password: password.into(),
        },
        lifetime: Duration::from_secs(seconds),
    }
}

fn failure() -> IdentityError {
    IdentityError::Timeout {
        after: Duration::ZERO,
    }
}

/// What the cache gives for a region; a miss fetches `password`.
async fn get(cache: &Cache, region: &str, password: &str) -> (CacheEvent, String) {
    let end = Instant::now() + Duration::from_secs(60);
    let fetched = fetched(password, 1000);
    let (event, got) = cache
        .get(key(region), end, || async move { Ok(fetched) })
        .await;
    let Ok(Credential::Basic { password, .. }) = got else {
        unreachable!("the fetch above succeeds");
    };
    (event, password.expose_secret().to_owned())
}

fn hit(password: &str) -> (CacheEvent, String) {
    (CacheEvent::Hit, password.to_owned())
}

fn miss(password: &str) -> (CacheEvent, String) {
    (CacheEvent::Miss, password.to_owned())
}

#[tokio::test(start_paused = true)]
async fn credentials_are_used_for_four_fifths_of_their_life() {
    let cache = cache(10);
    assert_eq!(get(&cache, "a", "1").await, miss("1"));
    tokio::time::advance(Duration::from_secs(799)).await;
    assert_eq!(get(&cache, "a", "2").await, hit("1"));
    assert_eq!(cache.numbers().items, 1);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(cache.numbers().items, 0);
    assert_eq!(get(&cache, "a", "2").await, miss("2"));
}

#[tokio::test(start_paused = true)]
async fn credentials_are_kept_for_an_hour_at_most() {
    for (longest, kept) in [(30, 30), (3600, 3600), (7200, 3600)] {
        let cache = Cache::new(&Settings {
            token_cache_max_duration: Duration::from_secs(longest),
            ..Settings::default()
        });
        cache.keep(key("a"), fetched("1", 12 * 3600), Instant::now());
        tokio::time::advance(Duration::from_secs(kept - 1)).await;
        assert_eq!(cache.numbers().items, 1);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(cache.numbers().items, 0);
    }
}

#[tokio::test]
async fn the_least_recently_used_credentials_go_first() {
    let cache = cache(2);
    assert_eq!(get(&cache, "a", "a1").await, miss("a1"));
    assert_eq!(get(&cache, "b", "b1").await, miss("b1"));
    assert_eq!(get(&cache, "a", "a2").await, hit("a1"));
    assert_eq!(get(&cache, "c", "c1").await, miss("c1"));
    assert_eq!(cache.numbers().evictions, 1);
    assert_eq!(get(&cache, "a", "a2").await, hit("a1"));
    assert_eq!(get(&cache, "b", "b2").await, miss("b2"));
    let numbers = cache.numbers();
    assert_eq!((numbers.items, numbers.evictions), (2, 2));
    assert_eq!((numbers.successes, numbers.failures), (6, 0));
}

#[tokio::test]
async fn a_cache_of_no_size_keeps_nothing() {
    let cache = cache(0);
    assert_eq!(get(&cache, "a", "1").await, miss("1"));
    assert_eq!(get(&cache, "a", "2").await, miss("2"));
    assert_eq!(cache.numbers().items, 0);
}

#[tokio::test]
async fn callers_of_the_same_share_one_fetch_and_its_failure() {
    let cache = cache(10);
    let (starts, land) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let end = Instant::now() + Duration::from_secs(60);
    let mut callers: Vec<_> = (0..3)
        .map(|_| {
            let (starts, land) = (Arc::clone(&starts), Arc::clone(&land));
            Box::pin(cache.get(key("a"), end, || async move {
                starts.fetch_add(1, Ordering::SeqCst);
                land.notified().await;
                Err(failure())
            }))
        })
        .collect();
    for caller in &mut callers {
        assert!(caller.as_mut().now_or_never().is_none());
    }
    land.notify_waiters();
    let results = join_all(callers).await;
    assert!(results.iter().all(|(_, result)| result.is_err()));
    assert_eq!(starts.load(Ordering::SeqCst), 1);
    assert_eq!(cache.numbers().failures, 3);
    // A failure is not kept.
    assert_eq!(get(&cache, "a", "1").await, miss("1"));
}
