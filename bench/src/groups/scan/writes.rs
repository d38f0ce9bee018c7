//! What the controllers write, as the API server counts it.

use anyhow::{Context as _, Result, ensure};
use api::labels;
use api::repin::v1alpha1::ImageTagSlice;
use kube::api::ListParams;
use kube::{Api, Client};

use super::objects::NAMESPACE;
use crate::report::{self, Unit, progress};

const WRITES: [&str; 6] = [
    "POST",
    "PUT",
    "PATCH",
    "APPLY",
    "DELETE",
    "DELETECOLLECTION",
];

/// The writes of each new tag.
#[derive(Debug, Default)]
pub(super) struct Writes {
    whole: Vec<u64>,
    split: Vec<u64>,
}

impl Writes {
    /// Notes one new tag: its writes, and whether the number of slices changed.
    pub(super) fn add(&mut self, writes: u64, split: bool) {
        if split {
            self.split.push(writes);
        } else {
            self.whole.push(writes);
        }
    }

    /// Prints the most of all runs in which no slice was split.
    pub(super) fn report(&self) -> Result<()> {
        progress(format_args!("writes where a slice split: {:?}", self.split));
        let most = self.whole.iter().max();
        let most = most.context("a slice was split in each of the runs")?;
        let most = u32::try_from(*most).context("so many writes cannot be")?;
        progress(format_args!("writes where none did: {:?}", self.whole));
        report::result("tag_writes", &[most.into()], Unit::Writes)
    }
}

/// How many slices a repository has.
pub(super) async fn slices(client: &Client, repository: &str) -> Result<usize> {
    let slices = Api::<ImageTagSlice>::namespaced(client.clone(), NAMESPACE);
    let label = format!("{}={repository}", labels::IMAGE_REPOSITORY);
    let label = ListParams::default().labels(&label);
    let list = slices.list_metadata(&label).await;
    let list = list.context("list the slices")?;
    ensure!(!list.items.is_empty(), "{repository} has no slices");
    Ok(list.items.len())
}

/// How many writes of slices and statuses the API server has had, whatever came of them.
pub(super) async fn count(client: &Client) -> Result<u64> {
    let request = http::Request::get("/metrics").body(Vec::new())?;
    let text = client.request_text(request).await;
    count_in(&text.context("read the metrics of the API server")?)
}

fn count_in(metrics: &str) -> Result<u64> {
    let mut sum = 0;
    for line in metrics.lines() {
        let Some(sample) = line.strip_prefix("apiserver_request_total{") else {
            continue;
        };
        if is_write(sample) {
            let (_, value) = sample.rsplit_once(' ').context("expected a value")?;
            sum += value.parse::<u64>().context("expected a count")?;
        }
    }
    Ok(sum)
}

fn is_write(sample: &str) -> bool {
    let is = |label: &str, value: &str| sample.contains(&format!("{label}=\"{value}\""));
    let status = is("subresource", "status")
        && (is("resource", "imagerepositories") || is("resource", "imagepolicies"));
    let slice = is("resource", "imagetagslices");
    (slice || status) && WRITES.iter().any(|verb| is("verb", verb))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_of_slices_and_statuses_are_counted() {
        let sample = |resource: &str, subresource: &str, verb: &str, value: u64| {
            format!(
                "apiserver_request_total{{code=\"200\",component=\"apiserver\",dry_run=\"\",group=\"x\",\
                 resource=\"{resource}\",scope=\"resource\",subresource=\"{subresource}\",verb=\"{verb}\",version=\"v1\"}} {value}\n"
            )
        };
        let mut text = String::from("# TYPE apiserver_request_total counter\n");
        for (resource, subresource, verb, value) in [
            ("imagetagslices", "", "PUT", 1),
            ("imagetagslices", "", "POST", 2),
            ("imagetagslices", "", "WATCH", 400),
            ("imagerepositories", "status", "APPLY", 4),
            ("imagerepositories", "", "PATCH", 400),
            ("imagepolicies", "status", "PATCH", 8),
            ("imagepolicies", "status", "GET", 400),
            ("leases", "", "PUT", 400),
        ] {
            text.push_str(&sample(resource, subresource, verb, value));
        }
        assert_eq!(count_in(&text).unwrap(), 15);
    }
}
