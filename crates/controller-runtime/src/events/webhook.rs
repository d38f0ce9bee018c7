//! Events sent to Flux's notification-controller.

use std::collections::BTreeMap;
use std::time::Duration;

use api::Time;
use k8s_openapi::api::core::v1::ObjectReference;
use reqwest::StatusCode;
use serde::Serialize;
use url::Url;

use super::{Deliver, Event, Outcome, Receiver, Reporter};
use crate::conditions::whole_seconds;

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The pauses before each further try.
const RETRIES: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// Posts events as JSON, with Flux's fields.
#[derive(Debug)]
pub(super) struct Poster {
    client: reqwest::Client,
    address: Url,
    reporter: Reporter,
}

/// The body of a request (notification-controller, `event/v1`).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    involved_object: &'a ObjectReference,
    severity: &'static str,
    timestamp: Time,
    message: &'a str,
    reason: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: &'a BTreeMap<String, String>,
    reporting_controller: &'static str,
    reporting_instance: &'a str,
}

/// Why an event did not arrive.
#[derive(Debug, thiserror::Error)]
enum PostError {
    #[error("failed to send the event: {0}")]
    Send(reqwest::Error),
    #[error("failed to send the event: the receiver answered {0}")]
    Status(StatusCode),
}

impl PostError {
    /// Connection errors and errors of the server are tried again; what it refuses is not, and
    /// neither is 429, by which the notification-controller drops repeated events.
    fn is_passing(&self) -> bool {
        match self {
            Self::Send(_) => true,
            Self::Status(status) => {
                status.is_server_error() && *status != StatusCode::NOT_IMPLEMENTED
            }
        }
    }
}

impl Deliver for Poster {
    const RECEIVER: Receiver = Receiver::NotificationController;

    /// With up to four more tries.
    async fn deliver(&mut self, event: &Event) -> Outcome {
        let mut pauses = RETRIES.iter();
        loop {
            let Err(error) = self.try_post(event).await else {
                return Outcome::Delivered;
            };
            let pause = pauses.next().filter(|_| error.is_passing());
            let Some(pause) = pause else {
                let object = event.regarding.name.as_deref().unwrap_or_default();
                tracing::warn!(object, reason = event.reason, "{error}");
                return Outcome::Dropped;
            };
            tokio::time::sleep(*pause).await;
        }
    }
}

impl Poster {
    pub(super) fn new(address: Url, reporter: Reporter) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder().timeout(TIMEOUT).build()?;
        Ok(Self {
            client,
            address,
            reporter,
        })
    }

    async fn try_post(&self, event: &Event) -> Result<(), PostError> {
        let body = Body {
            involved_object: &event.regarding,
            severity: event.severity.word(),
            timestamp: whole_seconds(&Time(event.time)),
            message: &event.message,
            reason: &event.reason,
            metadata: &event.annotations,
            reporting_controller: self.reporter.controller,
            reporting_instance: &self.reporter.instance,
        };
        let request = self.client.post(self.address.clone()).json(&body);
        let response = request
            .send()
            .await
            .map_err(|error| PostError::Send(error.without_url()))?;
        let status = response.status();
        if status.is_success() || status == StatusCode::TOO_MANY_REQUESTS {
            return Ok(());
        }
        Err(PostError::Status(status))
    }
}
