//! How many webhooks are answered each second: good ones, forged ones, and those that nobody awaits.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use futures_util::future::try_join_all;
use http::StatusCode;
use ring::hmac;
use tokio::runtime::Builder;

use super::client::{Connection, Hook};
use super::fleet::{self, TOKEN};
use super::site::Site;
use crate::report::{self, Unit, progress};
use crate::updates::Objects;

/// How many senders there are; each waits for the answer before it sends the next.
const SENDERS: usize = 8;
/// How long they send before they are counted, how long each count takes, and how many counts there are.
const WARM_UP: Duration = Duration::from_secs(1);
const COUNTED: Duration = Duration::from_secs(5);
const RUNS: usize = 3;

/// All hooks go to one Receiver, which has one image looked at.
pub(super) async fn measure(site: &Site, objects: &Objects) -> Result<()> {
    let receiver = ("signed", "generic-hmac");
    let path = fleet::receive(objects, receiver, &[0]).await?;
    let body = fleet::body(0, "0.1.0");
    let valid = Hook {
        address: site.hooks,
        signature: Some(signature(TOKEN, &body)),
        path,
        body,
        answer: StatusCode::OK,
    };
    valid.until_taken().await?;
    let forged = Hook {
        signature: Some(signature("another token", &valid.body)),
        answer: StatusCode::BAD_REQUEST,
        ..valid.clone()
    };
    let unknown = Hook {
        path: format!("/hook/{}", "0".repeat(64)),
        answer: StatusCode::NOT_FOUND,
        ..forged.clone()
    };
    for (name, hook) in [
        ("hooks_valid_per_s", valid),
        ("hooks_forged_per_s", forged),
        ("hooks_unknown_per_s", unknown),
    ] {
        progress(format_args!("{SENDERS} senders: {name}"));
        let rates = tokio::task::spawn_blocking(move || rates(&hook)).await;
        let rates = rates.context("send webhooks")??;
        report::result(name, &rates, Unit::PerSecond)?;
    }
    Ok(())
}

fn signature(token: &str, body: &Bytes) -> String {
    use std::fmt::Write as _;
    let key = hmac::Key::new(hmac::HMAC_SHA256, token.as_bytes());
    let mut text = "sha256=".to_owned();
    for byte in hmac::sign(&key, body).as_ref() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// How many webhooks were answered each second of each run. The senders share one thread, which leaves the rest of the machine to
/// the server.
fn rates(hook: &Hook) -> Result<Vec<f64>> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("start the runtime")?;
    runtime.block_on(async {
        let opened = (0..SENDERS).map(|_| Connection::open(hook.address));
        let mut senders = try_join_all(opened).await?;
        answered(hook, &mut senders, WARM_UP).await?;
        let mut rates = Vec::new();
        for _ in 0..RUNS {
            rates.push(answered(hook, &mut senders, COUNTED).await?);
        }
        Ok(rates)
    })
}

/// How many webhooks all senders together had answered each second of this time.
async fn answered(hook: &Hook, senders: &mut [Connection], time: Duration) -> Result<f64> {
    let started = Instant::now();
    let sending = senders.iter_mut().map(async |sender| {
        let mut count = 0_u32;
        while started.elapsed() < time {
            sender.send(hook).await?;
            count += 1;
        }
        anyhow::Ok(count)
    });
    let counts = try_join_all(sending).await?;
    let count: u32 = counts.into_iter().sum();
    Ok(f64::from(count) / started.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_rfc_4231() {
        let body = Bytes::from_static(b"what do ya want for nothing?");
        assert_eq!(
            signature("Jefe", &body),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
