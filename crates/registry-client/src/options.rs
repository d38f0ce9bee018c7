//! Settings of a client that have a good default.

use std::time::Duration;

/// How a [`Client`](crate::Client) behaves towards every registry.
#[derive(Clone, Debug)]
pub struct Options {
    /// The `User-Agent`. The default is `repin/` and the version of this crate.
    pub user_agent: String,
    /// Requests that may be open at one registry at the same time, for all callers together. At least 1;
    /// the default is 8.
    pub concurrency: usize,
    /// The pauses before the repetitions of a request that failed for a passing reason: one repetition
    /// each. Up to a tenth is added at random. The default is 1 s and 3 s, as in Flux.
    pub retry_delays: Vec<Duration>,
    /// The longest time for a connection to come up, TLS included. The default is 10 s.
    pub connect_timeout: Duration,
    /// The longest time without a byte of an answer. The default is 30 s.
    pub read_timeout: Duration,
    /// Upper bounds of what is read.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            user_agent: concat!("repin/", env!("CARGO_PKG_VERSION")).to_owned(),
            concurrency: 8,
            retry_delays: vec![Duration::from_secs(1), Duration::from_secs(3)],
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            limits: Limits::default(),
        }
    }
}

/// Upper bounds: reaching one is an error that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one page of tags. The default, 16 MiB, holds a million tags of usual length: some
    /// registries put a whole list into one page.
    pub page_bytes: usize,
    /// Pages of one list. The default is 10,000.
    pub pages: usize,
    /// Tags of one list. The default is 1,000,000.
    pub tags: usize,
    /// Bytes of one manifest. The default is 4 MiB, the least that the OCI distribution spec asks
    /// registries to take.
    pub manifest_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            page_bytes: 16 << 20,
            pages: 10_000,
            tags: 1_000_000,
            manifest_bytes: 4 << 20,
        }
    }
}
